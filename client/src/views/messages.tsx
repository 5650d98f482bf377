import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSignal, useSignalEffect } from "@preact/signals";
import type { Pending } from "../domain/outbox";
import type { Place, RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import { formats, words } from "../words";
import { MessageView, PendingView, type Doing } from "./message";
import { VirtualList, type Visible } from "./virtual";

type Row =
  | { kind: "day"; key: string; text: string }
  | { kind: "start"; key: string; loading: boolean }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: number; message: Held }
  | { kind: "pending"; key: string; pending: Pending }
  | { kind: "rest"; key: string };

const NEAR = 400;
/** Milliseconds: every zone's midnight falls on a multiple of it. */
const QUARTER = 900_000;
const SHOWN = 2000;

/** Names of days, kept: of ten thousand messages most are of days that were named before. */
class Days {
  private readonly names = new Map<number, string>();

  of(at: number): string {
    const quarter = Math.floor(at / QUARTER);
    let name = this.names.get(quarter);
    if (name === undefined) this.names.set(quarter, (name = formats.day(at)));
    return name;
  }
}

function rowsOf(room: RoomModel, dayNames: Days): Row[] {
  const rows: Row[] = [{ kind: "start", key: "start", loading: room.older.value }];
  // Who never read here before finds nothing set off: all of it is new.
  const newAfter = room.reading.newAfter.value || Infinity;
  let day = "";
  let divided = false;
  for (const message of room.messages.value) {
    const its = dayNames.of(message.at);
    if (its !== day) rows.push({ kind: "day", key: `day ${its}`, text: its });
    day = its;
    if (!divided && message.seq > newAfter && !room.owns(message)) {
      divided = true;
      rows.push({ kind: "unread", key: "unread" });
    }
    rows.push({ kind: "message", key: message.seq, message });
  }
  if (room.newer.value) rows.push({ kind: "rest", key: "rest" });
  else for (const pending of room.outbox.pending.value) rows.push({ kind: "pending", key: pending.key, pending });
  return rows;
}

interface Props {
  room: RoomModel;
  now: number;
  doing: Doing;
  /** Whether something lies over the discussion: then nothing of it is read. */
  covered: boolean;
  /** Told how many messages came below what is being read, and how to go there. */
  onFresh: (count: number, show: () => void) => void;
}

/** Where one begins to read a room that is opened: where one was, else at what is new; null: at the end. */
function beginning(room: RoomModel, rows: readonly Row[]): Place | "unread" | null {
  const { place } = room;
  if (place !== null && rows.some((row) => row.key === place.key)) return place;
  return rows.some((row) => row.kind === "unread") ? "unread" : null;
}

/** The discussion: a window on a list of any length, which stays still under the reader's eyes. */
export function Messages({ room, now, doing, covered, onFresh }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualList | null>(null);
  const [visible, setVisible] = useState<Visible>({ items: [], total: 0 });
  const rows = useSignal<Row[]>([]);
  const read = useRef(0);
  const hidden = useRef(covered);
  const dayNames = useRef(new Days());
  const marked = useSignal<number | null>(null);

  useLayoutEffect(() => {
    const made = new VirtualList(element.current!, setVisible);
    list.current = made;
    room.reading.opened();
    return () => {
      room.place = made.place();
      made.stop();
    };
  }, [room]);

  const atEnd = () => !room.newer.peek() && (list.current?.atEnd ?? false);
  const readAll = () => {
    read.current = room.messages.peek().at(-1)?.seq ?? 0;
    if (document.visibilityState === "visible" && !hidden.current) room.reading.upTo(read.current);
  };

  useSignalEffect(() => {
    const fresh = rowsOf(room, dayNames.current);
    const made = list.current;
    const first = read.current === 0 && fresh.length > 1;
    const sought = room.sought.peek() !== null;
    const start = first && !sought ? beginning(room, fresh) : null;
    const wasAtEnd = !room.newer.peek() && start === null && (made === null || first || made.atEnd);
    rows.value = fresh;
    made?.show(fresh.map((row) => row.key), !sought && start === null);
    if (start !== null) {
      read.current = room.reading.newAfter.peek() ?? 0;
      if (start === "unread") made?.toKey(start);
      else made?.comeBack(start);
    }
    const last = room.messages.value.at(-1);
    const own = last !== undefined && room.owns(last);
    if (wasAtEnd || own) readAll();
    report();
    if (room.outbox.pending.value.length > 0 && own) made?.toEnd();
  });

  useSignalEffect(() => {
    const sought = room.sought.value;
    if (sought === null) return;
    marked.value = sought.seq;
    list.current?.toKey(sought.seq);
    // Found: who comes back to the room later is not led there again.
    room.sought.value = null;
    setTimeout(() => {
      if (marked.peek() === sought.seq) marked.value = null;
    }, SHOWN);
  });

  const report = () => {
    const count = room.messages.peek().filter((message) => message.seq > read.current).length + room.unheld.peek();
    onFresh(room.newer.peek() ? Math.max(count, 1) : count, () => {
      void room.toNewest().then(() => list.current?.toEnd());
    });
  };

  useEffect(() => {
    const pane = element.current!;
    const readOn = () => {
      if (pane.scrollTop < NEAR && room.older.peek()) void room.loadOlder();
      if (room.newer.peek() && pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR) void room.loadNewer();
    };
    const scrolled = () => {
      readOn();
      if (atEnd()) {
        readAll();
        report();
      }
    };
    // Who scrolled on while messages were read stands at the edge still, and no scrolling says so: looked at once they are shown.
    let loading = false;
    let frame = 0;
    const stop = room.loadingOlder.subscribe((now) => {
      cancelAnimationFrame(frame);
      if (loading && !now) frame = requestAnimationFrame(() => { frame = requestAnimationFrame(readOn); });
      loading = now;
    });
    pane.addEventListener("scroll", scrolled, { passive: true });
    document.addEventListener("visibilitychange", scrolled);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      pane.removeEventListener("scroll", scrolled);
      document.removeEventListener("visibilitychange", scrolled);
    };
  }, [room]);

  useEffect(() => {
    if (room.older.value && visible.total > 0 && visible.total < (element.current?.clientHeight ?? 0)) void room.loadOlder();
  }, [visible.total, room.older.value]);

  useEffect(() => {
    hidden.current = covered;
    if (!covered && atEnd()) readAll();
  }, [covered]);

  const measure = (row: HTMLElement | null) => {
    if (row !== null) list.current?.measure(row);
  };
  return (
    <div class="log" ref={element} role="log" aria-label={words.room.log} tabIndex={0}>
      <div class="inner" style={{ height: `${visible.total}px` }}>
        {visible.items.map((item) => {
          const row = rows.value[item.index];
          return row && (
            <div class={row.key === marked.value ? "item sought" : "item"} key={row.key} data-index={item.index} ref={measure}
              style={{ transform: `translateY(${item.start}px)` }}>
              <RowView row={row} room={room} now={now} doing={doing} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function RowView({ row, room, now, doing }: { row: Row; room: RoomModel; now: number; doing: Doing }) {
  switch (row.kind) {
    case "start":
      return <p class="day">{row.loading ? words.room.loadingOlder : words.room.start}</p>;
    case "day":
      return <h2 class="day">{row.text}</h2>;
    case "unread":
      return <p class="day unread">{words.room.unreadFrom}</p>;
    case "rest":
      return <p class="day">{words.room.loadingNewer}</p>;
    case "message":
      return <MessageView message={row.message} room={room} now={now} doing={doing} />;
    case "pending":
      return <PendingView pending={row.pending} room={room} />;
  }
}
