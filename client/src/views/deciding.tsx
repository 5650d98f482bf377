import { useSignal } from "@preact/signals";
import { Button, Dialog, Field, say } from "../design/parts";
import type { App } from "../domain/app";
import { REASONS, type Page } from "../protocol/pager";
import { words } from "../words";
import { said } from "../words/said";
import { go } from "./router";

type Asked = "decline" | "hand over" | null;

/** What may be said to a page: under the thumb on a phone. Acknowledging opens the case. */
export function Deciding({ app, page }: { app: App; page: Page }) {
  const asked = useSignal<Asked>(null);
  const busy = useSignal(false);
  const close = () => { asked.value = null; };
  const acknowledge = async () => {
    busy.value = true;
    try {
      await app.pager.acknowledge(page.id);
      // Whoever has left meanwhile is led nowhere.
      if (app.pager.page(page.id) !== undefined) go(`/cases/${page.case}`);
    } catch (error) {
      say(said(error));
    } finally {
      busy.value = false;
    }
  };
  return (
    <div class="deciding">
      <Button kind="primary" class="take" disabled={busy.value} onClick={() => void acknowledge()}>{busy.value ? words.pager.acknowledging : words.pager.acknowledge}</Button>
      <Button onClick={() => { asked.value = "decline"; }}>{words.pager.decline}</Button>
      <Button onClick={() => { asked.value = "hand over"; }}>{words.pager.handOver}</Button>
      {asked.value === "decline" && <Declining app={app} page={page} onClose={close} />}
      {asked.value === "hand over" && <HandingOver app={app} page={page} onClose={close} />}
    </div>
  );
}

interface Props { app: App; page: Page; onClose: () => void }

/** One press says why, and is all: who is woken is not asked twice. */
function Declining({ app, page, onClose }: Props) {
  const decline = (reason: (typeof REASONS)[number]) => {
    onClose();
    app.pager.decline(page.id, reason).then(() => say(words.pager.declined), (error: unknown) => say(said(error)));
  };
  return (
    <Dialog title={words.pager.declineTitle} onClose={onClose} sheet>
      <p class="small soft">{words.pager.declineNote}</p>
      <div class="menu spaced">
        {REASONS.map((reason) => <Button key={reason} onClick={() => decline(reason)}>{words.pager.reasons[reason]}</Button>)}
      </div>
      <Button kind="quiet" onClick={onClose}>{words.case.cancel}</Button>
    </Dialog>
  );
}

function HandingOver({ app, page, onClose }: Props) {
  const handle = useSignal("");
  const wrong = useSignal("");
  const give = async (to: string | null) => {
    try {
      await app.pager.handOver(page.id, to);
      onClose();
      say(words.pager.handedOver);
    } catch (error) {
      wrong.value = said(error);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const to = handle.value.trim().toLowerCase();
    if (to === "") wrong.value = words.pager.handOverNeeded;
    else void give(to);
  };
  return (
    <Dialog title={words.pager.handOverTitle} onClose={onClose} sheet>
      <Button kind="primary" onClick={() => void give(null)}>{words.pager.handOverNext}</Button>
      <form class="stack" onSubmit={submit} noValidate>
        <Field label={words.pager.handOverHandle} hint={words.pager.handOverHint} wrong={wrong.value || undefined}>
          {(its) => <input {...its} class="input" autocapitalize="none" autocomplete="off" spellcheck={false} value={handle.value} onInput={(event) => { handle.value = event.currentTarget.value; }} />}
        </Field>
        <Button type="submit">{words.pager.handOver}</Button>
      </form>
      <Button kind="quiet" onClick={onClose}>{words.case.cancel}</Button>
    </Dialog>
  );
}
