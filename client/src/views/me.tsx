import { useSignal } from "@preact/signals";
import { Button, Choices, Dialog, Field, Icon } from "../design/parts";
import type { Way } from "../domain/alerts";
import type { App } from "../domain/app";
import { choose as chooseLanguage, formats, LANGUAGES, locale, words } from "../words";
import { applyLook, CONTRAST, kept, THEME, type Contrast, type Theme } from "./look";
import { Link } from "./router";

export function MeView({ app }: { app: App }) {
  const theme = useSignal<Theme>(kept<Theme>(THEME));
  const contrast = useSignal<Contrast>(kept<Contrast>(CONTRAST));
  const unsent = useSignal(0);
  const me = app.me.value;
  if (me === null) return null;
  const look = (place: string, value: string) => {
    localStorage.setItem(place, value);
    applyLook();
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
          {me.specialties.map((one) => app.specialty(one)).join(", ")} · {formats.region(me.country)} · {words.mePage.roles[me.role]}
        </p>
        <p>{words.mePage.anonymity}</p>
      </div>
      <Choices name="theme" label={words.mePage.theme} value={theme.value} onChange={(value) => { theme.value = value; look(THEME, value); }}
        options={(["system", "light", "dark"] as const).map((one) => ({ value: one, label: words.mePage[one] }))} />
      <Choices name="contrast" label={words.mePage.contrast} value={contrast.value} onChange={(value) => { contrast.value = value; look(CONTRAST, value); }}
        options={[{ value: "system", label: words.mePage.system }, { value: "more", label: words.mePage.contrastMore }]} />
      <Field label={words.mePage.language}>
        {(its) => (
          <select {...its} class="input" value={locale.value} onChange={(event) => void chooseLanguage(event.currentTarget.value)}>
            {Object.entries(LANGUAGES).map(([tag, name]) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
          </select>
        )}
      </Field>
      <AlertChoices app={app} />
      <nav class="ways" aria-label={words.pager.title}>
        <Link class="way" to="/pager/duty">{words.pager.duty}<Icon name="next" /></Link>
        <Link class="way" to="/pulse">{words.pager.pulse}<Icon name="next" /></Link>
      </nav>
      {app.about.value?.demo && <div class="choices"><Link class="button" to="/design">{words.mePage.design}</Link></div>}
      <p class="soft">{app.memory.lasting.value ? words.offline.where : words.offline.nowhere}</p>
      <div class="choices"><Button onClick={() => void leave()}>{words.mePage.signOut}</Button></div>
      {unsent.value > 0 && (
        <Dialog title={words.offline.unsentTitle({ n: unsent.value })} onClose={() => { unsent.value = 0; }}>
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

/** How one is told of what is for one; what the browser forbids is said, not hidden. */
function AlertChoices({ app }: { app: App }) {
  const alerts = app.alerts;
  const permission = alerts.permission;
  const ways: { way: Way; label: string }[] = [
    { way: "sound", label: words.alerts.sound },
    { way: "vibration", label: words.alerts.vibration },
    { way: "notifications", label: words.alerts.notifications },
  ];
  const cannot = permission === "denied" ? words.alerts.blocked : permission === "unsupported" ? words.alerts.unsupported : undefined;
  return (
    <section class="stack" aria-labelledby="alerts">
      <h2 id="alerts">{words.alerts.title}</h2>
      <ul class="stack">
        {ways.map(({ way, label }) => {
          const on = alerts.ways.value.has(way);
          return (
            <li key={way}>
              <button type="button" class="switch" role="switch" aria-checked={on} disabled={way === "notifications" && cannot !== undefined}
                onClick={() => void alerts.set(way, !on)}>
                <span>{label}</span><span class="small soft" aria-hidden="true">{on ? words.alerts.on : words.alerts.off}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p class="small soft">{cannot ?? words.alerts.privacy}</p>
    </section>
  );
}
