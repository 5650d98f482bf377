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
  editedAt: number | null;
  redacted: boolean;
}

/**
 * A window of a room's messages and the position up to which it is told. Pure: no time, no network.
 *
 * The law: this window, plus the events missed, equals a fresh read of it. So an event touches a message only where its
 * number is above the message's rev, and an event on a message that is not held is skipped.
 */
export class RoomLog {
  /** Oldest first. */
  messages: Held[] = [];
  people = new Map<number, Person>();
  /** The number of the last event told. */
  position = 0;
  state: State = "open";
  you: number | null = null;
  /** Whether there may be older messages than those held. */
  older = true;
  private bySeq = new Map<number, Held>();

  /** Takes the reply to `follow`. */
  followed(reply: Followed): void {
    this.state = reply.state;
    if (reply.you !== undefined && reply.you !== null) this.you = reply.you;
    if (reply.complete && reply.events !== undefined && reply.events !== null) {
      for (const event of reply.events) this.event(event as LiveEvent);
      this.position = Math.max(this.position, reply.head);
      return;
    }
    this.drop();
    this.know(reply.people ?? []);
    this.add((reply.messages ?? []).map(held));
    this.position = reply.head;
  }

  /** Takes an event; returns whether it was the next one (false: told before; a gap throws). */
  event(event: LiveEvent): boolean {
    if (event.seq <= this.position) return false;
    if (event.seq !== this.position + 1) throw new Error(`event ${event.seq} after ${this.position}`);
    this.position = event.seq;
    const data = event.data as Data;
    if (event.kind === "joined") this.people.set(data.n!, { n: data.n!, alias: data.alias!, label: data.label! });
    else if (event.kind === "posted") this.add([posted(event, data)]);
    else if (data.target !== undefined) this.change(event, data);
    return true;
  }

  /** Takes a page of older messages. */
  page(slice: Slice): void {
    this.know(slice.people);
    this.add(slice.messages.map(held));
    this.older = slice.more;
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

  /** The participants whose messages are held and whose names are not. */
  strangers(): number[] {
    const numbers = new Set(this.messages.map((message) => message.by));
    return [...numbers].filter((n) => n > 0 && !this.people.has(n));
  }

  private drop(): void {
    this.messages = [];
    this.bySeq = new Map();
    this.older = true;
  }

  private add(fresh: Held[]): void {
    const unknown = fresh.filter((message) => {
      const known = this.bySeq.get(message.seq);
      if (known === undefined) return true;
      if (message.rev > known.rev) Object.assign(known, message);
      return false;
    });
    if (unknown.length === 0) return;
    for (const message of unknown) this.bySeq.set(message.seq, message);
    const last = this.messages.at(-1);
    const first = unknown[0]!;
    this.messages =
      last === undefined || first.seq > last.seq
        ? [...this.messages, ...unknown]
        : [...this.messages, ...unknown].sort((a, b) => a.seq - b.seq);
  }

  private change(event: LiveEvent, data: Data): void {
    const known = this.bySeq.get(data.target!);
    if (known === undefined || event.seq <= known.rev) return;
    const message: Held = { ...known, rev: event.seq };
    if (event.kind === "edited") {
      message.body = data.body ?? "";
      message.editedAt = event.at;
    } else if (event.kind === "redacted") {
      Object.assign(message, { body: "", reactions: {}, redacted: true });
    } else if (event.kind === "reacted" && !message.redacted) {
      message.reactions = toggled(message.reactions, data.mark!, event.by, data.set ?? true);
    }
    this.bySeq.set(message.seq, message);
    this.messages = this.messages.map((one) => (one.seq === message.seq ? message : one));
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
    editedAt: null,
    redacted: data.redacted ?? false,
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
    editedAt: message.edited_at ?? null,
    redacted: message.redacted ?? false,
  };
}

/** A participant leaves the mark's list, and joins its end where it is set; an empty list goes. */
function toggled(reactions: Record<string, number[]>, mark: string, by: number, set: boolean): Record<string, number[]> {
  const list = (reactions[mark] ?? []).filter((n) => n !== by);
  if (set) list.push(by);
  const { [mark]: _, ...others } = reactions;
  return list.length > 0 ? { ...others, [mark]: list } : others;
}
