import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSignal, useSignalEffect } from "@preact/signals";
import { Button } from "../design/parts";
import type { Pending } from "../domain/outbox";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/roomlog";
import { ageText } from "../domain/waiting";
import { words } from "../words";
import { Markdown, withoutMarks } from "./markdown";
import { VirtualList, type Visible } from "./virtual";

type Row =
  | { kind: "day"; key: string; text: string }
  | { kind: "start"; key: string; loading: boolean }
  | { kind: "message"; key: number; message: Held }
  | { kind: "pending"; key: string; pending: Pending };

const days = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const times = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });
const NEAR_TOP = 400;

function rowsOf(room: RoomModel): Row[] {
  const rows: Row[] = [];
  if (room.older.value) rows.push({ kind: "start", key: "start", loading: true });
  else rows.push({ kind: "start", key: "start", loading: false });
  let day = "";
  for (const message of room.messages.value) {
    const its = days.format(message.at);
    if (its !== day) rows.push({ kind: "day", key: `day ${its}`, text: its });
    day = its;
    rows.push({ kind: "message", key: message.seq, message });
  }
  for (const pending of room.outbox.pending.value) rows.push({ kind: "pending", key: pending.key, pending });
  return rows;
}

interface Props {
  room: RoomModel;
  now: number;
  onReply: (message: Held) => void;
  /** Told how many messages came below what is being read, and how to go there. */
  onFresh: (count: number, show: () => void) => void;
}

/** The discussion: a window on a list of any length, which stays still under the reader's eyes. */
export function Messages({ room, now, onReply, onFresh }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualList | null>(null);
  const [visible, setVisible] = useState<Visible>({ items: [], total: 0 });
  const rows = useSignal<Row[]>([]);
  const read = useRef(0);

  useLayoutEffect(() => {
    const made = new VirtualList(element.current!, setVisible);
    list.current = made;
    return () => made.stop();
  }, [room]);

  useSignalEffect(() => {
    const fresh = rowsOf(room);
    const made = list.current;
    const wasAtEnd = made === null || read.current === 0 || made.atEnd;
    rows.value = fresh;
    made?.show(fresh.map((row) => row.key));
    const newest = room.messages.value.at(-1)?.seq ?? 0;
    const own = room.messages.value.at(-1)?.by !== undefined && room.yours.peek().has(newest);
    if (wasAtEnd || own) read.current = newest;
    report();
    if (room.outbox.pending.value.length > 0 && own) made?.toEnd();
  });

  const report = () => {
    const count = room.messages.peek().filter((message) => message.seq > read.current).length;
    onFresh(count, () => list.current?.toEnd());
  };

  useEffect(() => {
    const pane = element.current!;
    const scrolled = () => {
      if (pane.scrollTop < NEAR_TOP && room.older.peek()) void room.loadOlder();
      if (list.current?.atEnd) {
        read.current = room.messages.peek().at(-1)?.seq ?? 0;
        report();
      }
    };
    pane.addEventListener("scroll", scrolled, { passive: true });
    return () => pane.removeEventListener("scroll", scrolled);
  }, [room]);

  useEffect(() => {
    if (room.older.value && visible.total > 0 && visible.total < (element.current?.clientHeight ?? 0)) void room.loadOlder();
  }, [visible.total, room.older.value]);

  const measure = (row: HTMLElement | null) => {
    if (row !== null) list.current?.measure(row);
  };
  return (
    <div class="log" ref={element} role="log" aria-label={words.room.log} tabIndex={0}>
      <div class="inner" style={{ height: `${visible.total}px` }}>
        {visible.items.map((item) => {
          const row = rows.value[item.index];
          return row && (
            <div class="item" key={row.key} data-index={item.index} ref={measure} style={{ transform: `translateY(${item.start}px)` }}>
              <RowView row={row} room={room} now={now} onReply={onReply} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function RowView({ row, room, now, onReply }: { row: Row; room: RoomModel; now: number; onReply: (message: Held) => void }) {
  switch (row.kind) {
    case "start":
      return <p class="day">{row.loading ? words.room.loadingOlder : words.room.start}</p>;
    case "day":
      return <h3 class="day">{row.text}</h3>;
    case "message":
      return <MessageView message={row.message} room={room} now={now} onReply={onReply} />;
    case "pending":
      return <PendingView pending={row.pending} room={room} />;
  }
}

function nameOf(room: RoomModel, n: number): string {
  return n === 0 ? words.room.system : (room.person(n)?.alias ?? words.room.somebody(n));
}

function Quote({ room, seq }: { room: RoomModel; seq: number }) {
  const original = room.message(seq);
  if (original === undefined) return <p class="quote">{words.room.quoteGone}</p>;
  const text = original.redacted ? words.room.redacted : withoutMarks(original.body).slice(0, 200);
  return <p class="quote"><b>{nameOf(room, original.by)}:</b> {text}</p>;
}

function MessageView({ message, room, now, onReply }: { message: Held; room: RoomModel; now: number; onReply: (message: Held) => void }) {
  const own = room.yours.value.has(message.seq);
  const person = room.person(message.by);
  const elapsed = now - message.at;
  return (
    <article class={own ? "message own" : "message"} id={`m${message.seq}`}>
      <div class="who">
        <b>{nameOf(room, message.by)}</b>
        {own && <span class="small soft">({words.room.you})</span>}
        {person && <span class="small soft">{person.label}</span>}
        <time class="small soft nowrap" dateTime={new Date(message.at).toISOString()} title={moments.format(message.at)}>
          {elapsed < 3_600_000 ? words.ago(ageText(elapsed)) : times.format(message.at)}
        </time>
        {message.editedAt !== null && !message.redacted && <span class="small soft">{words.room.edited}</span>}
      </div>
      {message.replyTo !== null && <Quote room={room} seq={message.replyTo} />}
      <div class="body">
        {message.redacted ? <p class="soft">{words.room.redacted}</p> : <Markdown text={message.body} />}
      </div>
      {room.mayPost.value && !message.redacted && (
        <Button kind="quiet" class="reply-button" aria-label={`${words.room.reply}: ${nameOf(room, message.by)}`} onClick={() => onReply(message)}>
          {words.room.reply}
        </Button>
      )}
    </article>
  );
}

const STATES = { waiting: words.room.waiting, sent: words.room.sending, stands: words.room.sent, failed: words.room.failed };

function PendingView({ pending, room }: { pending: Pending; room: RoomModel }) {
  const failed = pending.state === "failed";
  return (
    <article class={failed ? "message own pending failed" : "message own pending"}>
      <div class="who">
        <b>{words.room.you}</b>
        <span class="small soft" role="status">{STATES[pending.state]}</span>
      </div>
      {pending.replyTo !== null && <Quote room={room} seq={pending.replyTo} />}
      <div class="body"><Markdown text={pending.body} /></div>
      {failed && (
        <div class="actions">
          <span class="small">{pending.problem}</span>
          <Button onClick={() => room.outbox.retry(pending.key)}>{words.room.retry}</Button>
          <Button kind="quiet" onClick={() => room.outbox.discard(pending.key)}>{words.room.discard}</Button>
        </div>
      )}
    </article>
  );
}
