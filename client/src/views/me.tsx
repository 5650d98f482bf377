import { useSignal } from "@preact/signals";
import { Button, Choices, Dialog } from "../design/parts";
import type { App } from "../domain/app";
import { words } from "../words";

export type Theme = "system" | "light" | "dark";

const PLACE = "theme";

export function applyTheme(theme: Theme = (localStorage.getItem(PLACE) as Theme | null) ?? "system"): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

const countries = new Intl.DisplayNames(["en"], { type: "region" });

export function MeView({ app }: { app: App }) {
  const theme = useSignal<Theme>((localStorage.getItem(PLACE) as Theme | null) ?? "system");
  const unsent = useSignal(0);
  const me = app.me.value;
  if (me === null) return null;
  const choose = (value: Theme) => {
    theme.value = value;
    localStorage.setItem(PLACE, value);
    applyTheme(value);
  };
  /** What was not sent would be lost: that is asked first. */
  const leave = async () => {
    unsent.value = await app.unsent();
    if (unsent.value === 0) await app.signOut();
  };
  return (
    <div class="page">
      <div class="stack">
        <h1>{me.handle}</h1>
        <p class="soft">
          {me.specialties.map((one) => app.specialty(one)).join(", ")} · {countries.of(me.country)} · {me.role}
        </p>
        <p>{words.mePage.anonymity}</p>
      </div>
      <Choices name="theme" label={words.mePage.theme} value={theme.value} onChange={choose}
        options={(["system", "light", "dark"] as const).map((one) => ({ value: one, label: words.mePage[one] }))} />
      <p class="soft">{app.memory.lasting.value ? words.offline.where : words.offline.nowhere}</p>
      <div class="choices"><Button onClick={() => void leave()}>{words.mePage.signOut}</Button></div>
      {unsent.value > 0 && (
        <Dialog title={words.offline.unsentTitle(unsent.value)} onClose={() => { unsent.value = 0; }}>
          <p>{words.offline.unsent}</p>
          <div class="actions">
            <Button onClick={() => { unsent.value = 0; }}>{words.case.cancel}</Button>
            <Button kind="primary" onClick={() => void app.signOut()}>{words.mePage.signOut}</Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
