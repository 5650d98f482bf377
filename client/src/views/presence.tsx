import { useSignal } from "@preact/signals";
import { Button, Dialog } from "../design/parts";
import type { App } from "../domain/app";
import type { PresenceModel } from "../domain/presence";
import { formats, words } from "../words";

/** Who is there: by name in a lounge, elsewhere how many were there lately. */
export function Presence({ app, presence, lounge }: { app: App; presence: PresenceModel; lounge: boolean }) {
  const open = useSignal(false);
  const count = presence.count.value;
  const here = presence.here.value;
  if (count === 0) return null;
  if (!lounge) return <span class="nowrap">{words.presence.lately({ n: count })}</span>;
  if (here === null) return <span class="nowrap">{words.presence.here({ n: count })}</span>;
  return (
    <>
      <button type="button" class="link" aria-haspopup="dialog" onClick={() => { open.value = true; }}>{words.presence.here({ n: count })}</button>
      {open.value && (
        <Dialog title={words.presence.here({ n: count })} onClose={() => { open.value = false; }}>
          <ul class="stack">{here.map((one) => <li key={one.alias}><b>{one.alias}</b> <span class="soft">{app.label(one.label)}</span></li>)}</ul>
          <div class="actions"><Button onClick={() => { open.value = false; }}>{words.room.close}</Button></div>
        </Dialog>
      )}
    </>
  );
}

export function Writing({ presence }: { presence: PresenceModel }) {
  const names = presence.writing.value;
  return <p class="writing small soft" role="status">{names.length > 0 && words.presence.writing({ n: names.length, names: formats.list(names) })}</p>;
}
