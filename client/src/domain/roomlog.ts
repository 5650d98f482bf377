import type { Followed, LiveEvent, Message, Person, Slice } from "../protocol/messages";
import { changed, emptied, held, posted, type Data, type Held } from "./message";

export type State = "open" | "closed";

/** A room as a device keeps it. */
export interface Snapshot {
  messages: Held[];
  people: Person[];
  position: number;
  state: State;
  you: number | null;
  pins: number[];
  older: boolean;
}

const KEPT = 200;

const STATES: Record<string, State> = { resolved: "closed", withdrawn: "closed", reopened: "open" };

/**
 * A window of a room's messages and the position up to which it is told. Pure: no time, no network.
 *
 * The law: this window, plus the events missed, equals a fresh read of it. So an event touches a message only where its
 * number is above the message's rev, and an event on a message that is not held is skipped. A window may end before the
 * newest message, after a jump to an older one: then new posts are counted and not held, until it has been read up to them.
 * Beside the window single messages may be held, of an open thread or the list of pins: the law is theirs as well.
 */
export class RoomLog {
  /** The window, oldest first; a new array with each change. */
  messages: Held[] = [];
  people = new Map<number, Person>();
  /** The numbers of the pinned messages, held or not. */
  pins: number[] = [];
  /** The number of the last event told. */
  position = 0;
  state: State = "open";
  you: number | null = null;
  /** Whether there may be older messages than those held, and newer ones. */
  older = true;
  newer = false;
  /** Messages that came while the window did not reach that far. */
  unheld = 0;
  /** Which window this is: a page that was asked for under another one is worthless. */
  window = 0;
  /** Another object whenever it may be that a message has other answers than before. */
  answered = {};
  /** Another object with each change of what is held beside the window. */
  beside = {};
  private bySeq = new Map<number, Held>();
  private byRef = new Map<string, number>();
  private aside = new Map<number, Held>();
  private answers = new Map<number, Set<number>>();
  private unmet = new Set<number>();

  /** What is kept of it on the device: the newest messages, and where it stands. Null while the window lies elsewhere. */
  snapshot(): Snapshot | null {
    if (this.newer || this.position === 0) return null;
    const messages = this.messages.slice(-KEPT);
    const older = this.older || messages.length < this.messages.length;
    const { position, state, you, pins } = this;
    return { messages, people: [...this.people.values()], position, state, you, pins, older };
  }

  /** Begins as it was when it was kept. */
  restore(kept: Snapshot): void {
    this.know(kept.people);
    this.add(kept.messages);
    Object.assign(this, { position: kept.position, state: kept.state, you: kept.you, pins: kept.pins, older: kept.older });
  }

  /** Takes the reply to `follow`. */
  followed(reply: Followed): void {
    if (reply.you !== undefined && reply.you !== null) this.you = reply.you;
    if (reply.complete && reply.events !== undefined && reply.events !== null) {
      for (const event of reply.events) this.event(event as LiveEvent);
      this.position = Math.max(this.position, reply.head);
      this.state = reply.state;
      return;
    }
    this.drop();
    this.aside.clear();
    this.answers.clear();
    this.state = reply.state;
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
    if (event.kind === "joined") this.know([{ n: data.n!, alias: data.alias!, label: data.label! }]);
    else if (event.kind === "posted") this.post(posted(event, data));
    else if (event.kind === "expired") this.expire(event.seq, data.after!, data.upto!);
    else if (data.target !== undefined) this.change(event, data.target, data);
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

  /** Begins another window: these messages, which end before the newest; what comes after them is read next. */
  jump(slice: Slice): void {
    this.drop();
    this.newer = true;
    this.page(slice);
  }

  /** Begins another window: the newest messages. */
  renew(slice: Slice): void {
    this.drop();
    this.page(slice);
  }

  /** Holds messages beside the window; what the window has of them is brought up to date. */
  keep(messages: Message[]): void {
    for (const message of messages.map(held)) {
      const known = this.get(message.seq);
      if (known === undefined || known.rev < message.rev) this.put(message);
    }
  }

  /** Events up to `head` are left out: what is held is worthless. */
  gap(head: number): void {
    this.drop();
    this.aside.clear();
    this.answers.clear();
    this.position = head;
  }

  know(people: readonly Person[]): void {
    for (const person of people) {
      this.people.set(person.n, person);
      this.unmet.delete(person.n);
    }
  }

  /** A message that is held, in the window or beside it. */
  get(seq: number): Held | undefined {
    return this.bySeq.get(seq) ?? this.aside.get(seq);
  }

  /** Whether a message is in the window. */
  shows(seq: number): boolean {
    return this.bySeq.has(seq);
  }

  /** The message that was posted under the key with this reference. */
  withRef(ref: string): Held | undefined {
    const seq = this.byRef.get(ref);
    return seq === undefined ? undefined : this.bySeq.get(seq);
  }

  /** The message at the beginning of what a message answers, as far as that is held. */
  rootOf(seq: number): number {
    let root = seq;
    for (let above = this.get(seq)?.replyTo; above !== null && above !== undefined; above = this.get(above)?.replyTo) root = above;
    return root;
  }

  /** A message and all that answers it, directly or not, as far as they are held; oldest first. */
  thread(root: number): Held[] {
    const numbers = [root];
    for (let at = 0; at < numbers.length; at++) numbers.push(...(this.answers.get(numbers[at]!) ?? []));
    return numbers
      .map((seq) => this.get(seq))
      .filter((message) => message !== undefined)
      .sort((a, b) => a.seq - b.seq);
  }

  /** Participants who wrote, marked or are called in what is held, and whose names are not known: each is told once. */
  strangers(): number[] {
    const numbers = [...this.unmet];
    this.unmet.clear();
    return numbers;
  }

  private drop(): void {
    this.messages = [];
    this.bySeq.clear();
    this.byRef.clear();
    this.older = true;
    this.newer = false;
    this.unheld = 0;
    this.window++;
    this.answered = {};
  }

  private post(message: Held): void {
    if (!this.newer) this.add([message]);
    else {
      this.unheld++;
      // Whoever looks at a thread sees it grow, wherever the window is.
      if (message.replyTo !== null && this.get(message.replyTo) !== undefined) this.put(message);
    }
  }

  private add(fresh: Held[]): void {
    const unknown: Held[] = [];
    for (const message of fresh) {
      if (!this.bySeq.has(message.seq)) unknown.push(this.newest(message));
      else if (message.rev > this.bySeq.get(message.seq)!.rev) this.put(message);
    }
    if (unknown.length === 0) return;
    for (const message of unknown) {
      this.bySeq.set(message.seq, message);
      this.byRef.set(message.ref, message.seq);
      this.aside.delete(message.seq);
      this.meet(message);
    }
    const last = this.messages.at(-1);
    const inOrder = last === undefined || unknown[0]!.seq > last.seq;
    this.messages = inOrder ? [...this.messages, ...unknown] : [...unknown, ...this.messages].sort((a, b) => a.seq - b.seq);
  }

  /** What was held of a message beside the window may have been told more than a page that brings it into the window. */
  private newest(message: Held): Held {
    const known = this.aside.get(message.seq);
    return known !== undefined && known.rev > message.rev ? known : message;
  }

  private expire(rev: number, after: number, upto: number): void {
    const over = (seq: number) => seq > after && seq <= upto;
    const left = (message: Held) => (over(message.seq) && message.rev < rev ? emptied(message, rev) : message);
    this.pins = this.pins.filter((seq) => !over(seq));
    for (const [seq, message] of this.aside) this.aside.set(seq, left(message));
    this.beside = {};
    this.messages = this.messages.map(left);
    for (const message of this.messages) this.bySeq.set(message.seq, message);
  }

  private change(event: LiveEvent, target: number, data: Data): void {
    if (event.kind === "pinned" || event.kind === "redacted") {
      const others = this.pins.filter((seq) => seq !== target);
      this.pins = event.kind === "pinned" && data.set ? [...others, target].sort((a, b) => a - b) : others;
    }
    const known = this.get(target);
    if (known === undefined) return;
    const message = changed(known, event, data);
    if (message !== known) this.put(message);
  }

  /** Puts a message in the place of the one held under its number, or beside the window. */
  private put(message: Held): void {
    this.meet(message);
    if (!this.bySeq.has(message.seq)) {
      this.aside.set(message.seq, message);
      this.beside = {};
      return;
    }
    this.bySeq.set(message.seq, message);
    const messages = [...this.messages];
    messages[indexOf(messages, message.seq)] = message;
    this.messages = messages;
  }

  /** Notes whom a message concerns, and what it answers. */
  private meet(message: Held): void {
    for (const n of [message.by, ...message.mentions, ...Object.values(message.reactions).flat()]) {
      if (n > 0 && !this.people.has(n)) this.unmet.add(n);
    }
    if (message.replyTo === null) return;
    const answers = this.answers.get(message.replyTo) ?? new Set();
    if (answers.has(message.seq)) return;
    this.answers.set(message.replyTo, answers.add(message.seq));
    this.answered = {};
  }
}

/** Where a number stands, or would stand, among messages in order. */
export function indexOf(messages: readonly Held[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
