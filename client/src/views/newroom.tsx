import { useSignal } from "@preact/signals";
import { Button, Choices, Dialog, Field } from "../design/parts";
import type { App } from "../domain/app";
import type { Begin } from "../protocol/messages";
import { Refused } from "../protocol/socket";
import { words } from "../words";
import { said } from "../words/said";
import { LanguageField, ownLanguage } from "./language";
import { go } from "./router";

const KEPT = ["7", "30", "90", "365", ""] as const;

/** Opens a room with one colleague, or with a few. */
export function NewRoom({ app, onClose }: { app: App; onClose: () => void }) {
  const kind = useSignal<"direct" | "consult">("direct");
  const title = useSignal("");
  const members = useSignal("");
  const kept = useSignal<(typeof KEPT)[number]>("30");
  const language = useSignal(ownLanguage(app));
  const problem = useSignal("");
  const key = useSignal({ content: "", key: "" });
  const handles = () => [...new Set(members.value.toLowerCase().split(/[\s,;]+/).filter(Boolean))];

  const open = async () => {
    if (handles().length === 0) {
      problem.value = words.newRoom.needed;
      return;
    }
    const wanted: Begin = {
      kind: kind.value, members: handles(), title: kind.value === "consult" ? title.value.trim() : "",
      retention_days: kept.value ? Number(kept.value) : null, language: language.value,
    };
    const content = JSON.stringify(wanted);
    if (key.value.content !== content) key.value = { content, key: app.world.uuid() };
    try {
      const stream = await app.api.begin(wanted, key.value.key);
      await app.loadRooms().catch(() => undefined);
      onClose();
      go(`/rooms/${stream}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = said(error);
    }
  };
  return (
    <Dialog title={words.newRoom.title} onClose={onClose}>
      <form class="stack" noValidate onSubmit={(event) => { event.preventDefault(); void open(); }}>
        <Choices name="kind" label={words.newRoom.kind} value={kind.value} onChange={(value) => { kind.value = value; }}
          options={[{ value: "direct", label: words.newRoom.direct }, { value: "consult", label: words.newRoom.consult }]} />
        {kind.value === "consult" && (
          <Field label={words.newRoom.name}>
            {(its) => <input {...its} class="input" maxLength={200} value={title.value} onInput={(event) => { title.value = event.currentTarget.value; }} />}
          </Field>
        )}
        <Field label={kind.value === "direct" ? words.newRoom.handle : words.newRoom.handles} wrong={problem.value || undefined}>
          {(its) => <input {...its} class="input" autocapitalize="off" value={members.value} onInput={(event) => { members.value = event.currentTarget.value; }} />}
        </Field>
        <Field label={words.newRoom.kept} hint={words.newRoom.keptHint}>
          {(its) => (
            <select {...its} class="input" value={kept.value} onChange={(event) => { kept.value = event.currentTarget.value as (typeof KEPT)[number]; }}>
              {KEPT.map((days) => <option key={days} value={days}>{days ? words.newRoom.days({ n: Number(days) }) : words.newRoom.always}</option>)}
            </select>
          )}
        </Field>
        <LanguageField app={app} value={language.value} onChange={(value) => { language.value = value; }} />
        <p class="small soft">{words.newRoom.note}</p>
        <div class="actions">
          <Button kind="quiet" onClick={onClose}>{words.case.cancel}</Button>
          <Button type="submit" kind="primary">{words.newRoom.open}</Button>
        </div>
      </form>
    </Dialog>
  );
}
