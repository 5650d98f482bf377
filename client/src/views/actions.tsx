import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Dialog, Icon, say } from "../design/parts";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import type { Version } from "../protocol/messages";
import { formats, words } from "../words";
import { said } from "../words/said";
import { Markdown } from "./markdown";
import { nameOf } from "./message";
import { holds, MARKS, toggle } from "./reactions";

interface Props {
  room: RoomModel;
  message: Held;
  onClose: () => void;
  onReply: (message: Held) => void;
  onEdit: (message: Held) => void;
  onThread: (root: number) => void;
  /** Puts a text into the composer again. */
  onAgain: (text: string) => void;
  onVersions: (message: Held) => void;
  /** Opens a room with the author alone. */
  onDirect: (message: Held) => void;
}

function report(error: unknown): void {
  say(said(error));
}

/** All that may be done with one message. */
export function MessageActions({ room, message, onClose, onReply, onEdit, onThread, onAgain, onVersions, onDirect }: Props) {
  const sure = useSignal(false);
  const rights = room.rights.value;
  const own = room.owns(message);
  const open = room.open.value;
  const does = (work: () => void) => () => {
    onClose();
    work();
  };
  // An own text goes at once, as it may be urgent that it does; what was a slip can be written again. Others' is asked for.
  const redact = () => {
    if (!own) {
      sure.value = true;
      return;
    }
    onClose();
    room.redact(message.seq).then(() => say(words.room.redactDone, { label: words.room.writeAgain, act: () => onAgain(message.body) }), report);
  };
  const link = () => {
    const url = new URL(location.href);
    url.search = `?m=${message.seq}`;
    navigator.clipboard.writeText(url.href).then(() => say(words.room.linkCopied), () => say(url.href));
  };
  if (sure.value) {
    return (
      <Dialog title={words.room.redactTitle} onClose={onClose}>
        <p>{words.room.redactNote}</p>
        <div class="actions">
          <Button kind="quiet" onClick={onClose}>{words.case.cancel}</Button>
          <Button kind="primary" onClick={does(() => void room.redact(message.seq).catch(report))}>{words.room.redact}</Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.room.messageBy({ who: nameOf(room, message.by) })} onClose={onClose} sheet>
      {open && (
        <div class="marks" role="group" aria-label={words.room.react}>
          {MARKS.map(({ mark, icon }) => (
            <button type="button" key={mark} class="mark" aria-pressed={holds(room, message, mark)} onClick={does(() => toggle(room, message, mark))}>
              <Icon name={icon} />{words.marks[mark]}
            </button>
          ))}
        </div>
      )}
      <div class="menu">
        {open && <Button kind="quiet" onClick={does(() => onReply(message))}>{words.room.reply}</Button>}
        <Button kind="quiet" onClick={does(() => onThread(message.seq))}>{words.room.openThread}</Button>
        {own && open && <Button kind="quiet" onClick={does(() => onEdit(message))}>{words.room.edit}</Button>}
        {rights.has("pin") && open && (
          <Button kind="quiet" onClick={does(() => void room.pin(message.seq, !message.pinned).catch(report))}>
            {message.pinned ? words.room.unpin : words.room.pin}
          </Button>
        )}
        {!own && message.by > 0 && room.you.value !== null && (
          <Button kind="quiet" onClick={does(() => onDirect(message))}>{words.room.direct}</Button>
        )}
        <Button kind="quiet" onClick={does(link)}>{words.room.copyLink}</Button>
        <Button kind="quiet" onClick={does(() => void room.reading.unreadFrom(message.seq).then(() => say(words.room.unreadMarked), report))}>{words.room.markUnread}</Button>
        {message.editedAt !== null && (own || rights.has("moderate")) && (
          <Button kind="quiet" onClick={does(() => onVersions(message))}>{words.room.versions}</Button>
        )}
        {(own || rights.has("moderate")) && <Button kind="quiet" class="grave" onClick={redact}>{words.room.redact}</Button>}
      </div>
    </Dialog>
  );
}

/** What a message said before it was edited: for its author and moderators. */
export function EarlierVersions({ room, message, onClose }: { room: RoomModel; message: Held; onClose: () => void }) {
  const versions = useSignal<Version[] | null>(null);
  const problem = useSignal("");
  useEffect(() => {
    room.versions(message.seq).then(
      (found) => { versions.value = found; },
      (error: unknown) => { problem.value = said(error); },
    );
  }, [message.seq]);
  return (
    <Dialog title={words.room.versions} onClose={onClose}>
      {problem.value && <p class="wrong" role="alert">{problem.value}</p>}
      <ol class="stack">
        {versions.value?.map((version) => (
          <li key={version.at}><p class="small soft">{formats.moment(version.at)}</p><div class="body"><Markdown text={version.body} /></div></li>
        ))}
      </ol>
      <p class="small soft">{words.room.versionsNote}</p>
      <div class="actions"><Button onClick={onClose}>{words.room.close}</Button></div>
    </Dialog>
  );
}
