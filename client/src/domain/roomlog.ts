import type { Followed, LiveEvent, Message, Person, Slice } from "../protocol/messages";

export type State = "open" | "closed";

/** A message as held here: nothing is left out. */
export interface Held {
  seq: number;
  by: number;
  at: number;
  body: string;
  rev: number;
  ref: string;
  replyTo: number | null;
  reactions: Record<string, number[]>;
  mentions: number[];
  editedAt: number | null;
  redacted: boolean;
  pinned: boolean;
  note: string | null;
}

const STATES: Record<string, State> = { resolved: "closed", withdrawn: "closed", reopened: "open" };
const GONE = { body: "", reactions: {}, mentions: [], pinned: false, redacted: true };

/**
 * A window of a room's messages and the position up to which it is told. Pure: no time, no network.
 *
 * The law: this window, plus the events missed, equals a fresh read of it. So an event touches a message only where its
 * number is above the message's rev, and an event on a message that is not held is skipped. A window may end before the
 * newest message, after a jump to an older one: then new posts are counted and not held, until it has been read up to them.
 */
export class RoomLog {
  /** Oldest first. */
  messages: Held[] = [];
  people = new Map<number, Person>();
  /** The numbers of the pinned messages, held or not. */
  pins: number[] = [];
  /** The number of the last event told. */
  position = 0;
  state: State = "open";
  you: number | null = null;
  seen = 0;
  /** Whether there may be older messages than those held, and newer ones. */
  older = true;
  newer = false;
  /** Messages that came while the window did not reach that far. */
  unheld = 0;
  private bySeq = new Map<number, Held>();

  /** Takes the reply to `follow`. */
  followed(reply: Followed): void {
    this.state = reply.state;
    this.seen = Math.max(this.seen, reply.seen ?? 0);
    if (reply.you !== undefined && reply.you !== null) this.you = reply.you;
    if (reply.complete && reply.events !== undefined && reply.events !== null) {
      for (const event of reply.events) this.event(event as LiveEvent);
      this.position = Math.max(this.position, reply.head);
      this.state = reply.state;
      return;
    }
    this.drop();
    this.pins = reply.pins ?? [];
    this.know(reply.people ?? []);
    this.add((reply.messages ?? []).map(held));
    this.position = reply.head;
  }

  /** Takes an event; returns whether it was the next one (false: told before; a gap throws). */
  event(event: LiveEvent): boolean {
    if (event.seq <= this.position) return false;
    if (event.seq !== this.position + 1) throw new Error(`event ${event.seq} after ${this.position}`);
    this.position = event.seq;
    const data = (event.data ?? {}) as Data;
    this.state = STATES[event.kind] ?? this.state;
    if (event.kind === "joined") this.people.set(data.n!, { n: data.n!, alias: data.alias!, label: data.label! });
    else if (event.kind === "posted" && this.newer) this.unheld++;
    else if (event.kind === "posted") this.add([posted(event, data)]);
    else if (event.kind === "expired") this.expire(event.seq, data.after!, data.upto!);
    else if (data.target !== undefined) this.change(event, data);
    return true;
  }

  /** Takes a page of older messages, or of newer ones where the window ends before the newest. */
  page(slice: Slice, direction: "older" | "newer" = "older"): void {
    this.know(slice.people);
    this.add(slice.messages.map(held));
    if (direction === "older") this.older = slice.more;
    else this.newer = slice.more;
    if (!this.newer) this.unheld = 0;
  }

  /** Begins another window, with the messages around a number: both ends may go on. */
  jump(before: Slice, after: Slice): void {
    this.drop();
    this.page(before);
    this.page(after, "newer");
  }

  /** Takes messages of a thread, to look at: the window does not grow by them, what it holds is brought up to date. */
  refresh(messages: Message[]): Held[] {
    return messages.map(held).map((message) => {
      const known = this.bySeq.get(message.seq);
      if (known === undefined || known.rev >= message.rev) return known ?? message;
      this.put(message);
      return message;
    });
  }

  /** Events up to `head` are left out: what is held is worthless. */
  gap(head: number): void {
    this.drop();
    this.position = head;
  }

  know(people: Person[]): void {
    for (const person of people) this.people.set(person.n, person);
  }

  get(seq: number): Held | undefined {
    return this.bySeq.get(seq);
  }

  /** The participants whose messages are held, or who are called in them, and whose names are not known. */
  strangers(): number[] {
    const numbers = new Set(this.messages.flatMap((message) => [message.by, ...message.mentions]));
    return [...numbers].filter((n) => n > 0 && !this.people.has(n));
  }

  private drop(): void {
    this.messages = [];
    this.bySeq = new Map();
    this.older = true;
    this.newer = false;
    this.unheld = 0;
  }

  private add(fresh: Held[]): void {
    const unknown: Held[] = [];
    for (const message of fresh) {
      const known = this.bySeq.get(message.seq);
      if (known === undefined) unknown.push(message);
      else if (message.rev > known.rev) this.put(message);
    }
    if (unknown.length === 0) return;
    for (const message of unknown) this.bySeq.set(message.seq, message);
    const last = this.messages.at(-1);
    const first = unknown[0]!;
    this.messages =
      last === undefined || first.seq > last.seq
        ? [...this.messages, ...unknown]
        : [...this.messages, ...unknown].sort((a, b) => a.seq - b.seq);
  }

  private expire(rev: number, after: number, upto: number): void {
    this.pins = this.pins.filter((seq) => seq <= after || seq > upto);
    for (const message of this.messages) {
      if (message.seq > after && message.seq <= upto && message.rev < rev) this.put({ ...message, ...GONE, rev });
    }
  }

  private change(event: LiveEvent, data: Data): void {
    const target = data.target!;
    if (event.kind === "pinned" || event.kind === "redacted") {
      const others = this.pins.filter((seq) => seq !== target);
      this.pins = event.kind === "pinned" && data.set ? [...others, target].sort((a, b) => a - b) : others;
    }
    const known = this.bySeq.get(target);
    if (known === undefined || event.seq <= known.rev) return;
    const message: Held = { ...known, rev: event.seq };
    if (event.kind === "edited") {
      message.body = data.body ?? "";
      message.editedAt = event.at;
    } else if (event.kind === "redacted") {
      Object.assign(message, GONE);
    } else if (event.kind === "reacted" && !message.redacted) {
      message.reactions = toggled(message.reactions, data.mark!, event.by, data.set ?? true);
    } else if (event.kind === "pinned") {
      message.pinned = (data.set ?? false) && !message.redacted;
    }
    this.put(message);
  }

  /** Puts a message in the place of the one held under its number: a page of ten thousand is not walked for one. */
  private put(message: Held): void {
    this.bySeq.set(message.seq, message);
    const messages = [...this.messages];
    messages[this.indexOf(message.seq)] = message;
    this.messages = messages;
  }

  private indexOf(seq: number): number {
    let low = 0;
    let high = this.messages.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.messages[middle]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Data {
  body?: string;
  reply_to?: number | null;
  redacted?: boolean;
  target?: number;
  mark?: string;
  set?: boolean;
  n?: number;
  alias?: string;
  label?: string;
  mentions?: number[];
  note?: string | null;
  after?: number;
  upto?: number;
}

function posted(event: LiveEvent, data: Data): Held {
  return {
    seq: event.seq,
    by: event.by,
    at: event.at,
    body: data.body ?? "",
    rev: event.seq,
    ref: event.ref ?? "",
    replyTo: data.reply_to ?? null,
    reactions: {},
    mentions: data.mentions ?? [],
    editedAt: null,
    redacted: data.redacted ?? false,
    pinned: false,
    note: data.note ?? null,
  };
}

function held(message: Message): Held {
  return {
    seq: message.seq,
    by: message.by,
    at: message.at,
    body: message.body,
    rev: message.rev,
    ref: message.ref ?? "",
    replyTo: message.reply_to ?? null,
    reactions: message.reactions ?? {},
    mentions: message.mentions ?? [],
    editedAt: message.edited_at ?? null,
    redacted: message.redacted ?? false,
    pinned: message.pinned ?? false,
    note: message.note ?? null,
  };
}

/** A participant leaves the mark's list, and joins its end where it is set; an empty list goes. */
function toggled(reactions: Record<string, number[]>, mark: string, by: number, set: boolean): Record<string, number[]> {
  const list = (reactions[mark] ?? []).filter((n) => n !== by);
  if (set) list.push(by);
  const { [mark]: _, ...others } = reactions;
  return list.length > 0 ? { ...others, [mark]: list } : others;
}
