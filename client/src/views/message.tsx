import { Button, Icon } from "../design/parts";
import type { Pending } from "../domain/outbox";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import { formats, words } from "../words";
import { Markdown, withoutMarks } from "./markdown";
import { Reactions } from "./reactions";

const HOUR = 3_600_000;

/** What may be done with a message from where it is shown. */
export interface Doing {
  reply: (message: Held) => void;
  more: (message: Held) => void;
  thread: (root: number) => void;
  jump: (seq: number) => void;
  /** What a person is known as, in the reader's language. */
  label: (label: string) => string;
}

export function nameOf(room: RoomModel, n: number): string {
  return n === 0 ? words.room.system : (room.person(n)?.alias ?? words.room.somebody({ n }));
}

function Quote({ room, seq, onJump }: { room: RoomModel; seq: number; onJump?: ((seq: number) => void) | undefined }) {
  const original = room.message(seq);
  const text = original === undefined ? words.room.quoteGone : original.redacted ? words.room.redacted : withoutMarks(original.body).slice(0, 200);
  const inner = <>{original && <b>{nameOf(room, original.by)}: </b>}{text}</>;
  if (onJump === undefined) return <p class="quote" dir="auto">{inner}</p>;
  return <button type="button" class="quote" onClick={() => onJump(seq)}><span class="hidden">{words.room.toOriginal}: </span><span class="words" dir="auto">{inner}</span></button>;
}

interface Props {
  message: Held;
  room: RoomModel;
  now: number;
  doing: Doing;
  /** Where threads are one's business: in the room, not within a thread. */
  threads?: boolean;
}

export function MessageView({ message, room, now, doing, threads = true }: Props) {
  const own = room.owns(message);
  const person = room.person(message.by);
  const elapsed = now - message.at;
  const you = room.you.value;
  const called = you !== null && message.mentions.includes(you);
  const answers = threads ? answersOf(room, message) : 0;
  const name = nameOf(room, message.by);
  const mayChange = room.rights.value.has("read") && !message.redacted;
  return (
    <article class={["message", own && "own", called && "called", message.note && "noted"].filter(Boolean).join(" ")}
      data-seq={message.seq} tabIndex={-1} aria-label={words.room.messageBy({ who: name })}>
      <div class="who">
        <b>{name}</b>
        {own && <span class="small soft">({words.room.you})</span>}
        {person && <span class="small soft">{doing.label(person.label)}</span>}
        <time class="small soft nowrap" dateTime={new Date(message.at).toISOString()} title={formats.moment(message.at)}>
          {elapsed < HOUR ? formats.ago(elapsed) : formats.time(message.at)}
        </time>
        {message.note === "follow-up" && <span class="badge today">{words.room.followUp}</span>}
        {message.pinned && <span class="small soft">{words.room.pinned}</span>}
        {message.editedAt !== null && !message.redacted && <span class="small soft">{words.room.edited}</span>}
      </div>
      {message.replyTo !== null && <Quote room={room} seq={message.replyTo} onJump={doing.jump} />}
      <div class="body" dir="auto">
        {message.redacted ? <p class="soft">{words.room.redacted}</p> : <Markdown text={message.body} calls={callsOf(room, message)} />}
      </div>
      <Reactions message={message} room={room} />
      {answers > 0 && (
        <button type="button" class="link answers" onClick={() => doing.thread(message.seq)}>{words.replies({ n: answers })}</button>
      )}
      {mayChange && (
        <div class="tools">
          {room.mayPost.value && (
            <Button kind="quiet" class="icon hovered" aria-label={words.room.replyTo({ who: name })} onClick={() => doing.reply(message)}><Icon name="reply" size={18} /></Button>
          )}
          <Button kind="quiet" class="icon" aria-label={words.room.moreOf({ who: name })} aria-haspopup="dialog" onClick={() => doing.more(message)}><Icon name="more" size={18} /></Button>
        </div>
      )}
    </article>
  );
}

/** How many answers a message has, directly or not, as far as they are held. */
function answersOf(room: RoomModel, message: Held): number {
  void room.answered.value;
  return room.thread(message.seq).length - 1;
}

function callsOf(room: RoomModel, message: Held): string[] {
  return message.mentions.map((n) => room.person(n)?.alias).filter((alias) => alias !== undefined);
}

export function PendingView({ pending, room }: { pending: Pending; room: RoomModel }) {
  const failed = pending.state === "failed";
  const states = { waiting: words.room.waiting, sent: words.room.sending, stands: words.room.sent, failed: words.room.failed };
  return (
    <article class={failed ? "message own pending failed" : "message own pending"}>
      <div class="who">
        <b>{words.room.you}</b>
        <span class="small soft" role="status">{states[pending.state]}</span>
      </div>
      {pending.replyTo !== null && <Quote room={room} seq={pending.replyTo} />}
      <div class="body" dir="auto"><Markdown text={pending.body} /></div>
      {failed && (
        <div class="actions">
          <span class="small">{pending.problem}</span>
          <Button onClick={() => room.outbox.retry(pending.key)}>{words.room.retry}</Button>
          <Button kind="quiet" onClick={() => void navigator.clipboard.writeText(pending.body)}>{words.room.copyText}</Button>
          <Button kind="quiet" onClick={() => room.outbox.discard(pending.key)}>{words.room.discard}</Button>
        </div>
      )}
    </article>
  );
}
