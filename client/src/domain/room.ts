import { batch, computed, signal } from "@preact/signals";
import { Refused, type Ask, type Socket } from "../protocol/socket";
import type { Done, Followed, LiveEvent, PeopleReply, Person, Push, React, Slice, Version, VersionsReply } from "../protocol/messages";
import type { World } from "../protocol/world";
import { calledIn } from "./mentions";
import type { Held } from "./message";
import { Outbox } from "./outbox";
import { PresenceModel } from "./presence";
import { Reading } from "./reading";
import type { Memory } from "./memory";
import { RoomLog, type Snapshot } from "./roomlog";

export type Phase = "loading" | "ready" | "missing" | "broken";
export type Mark = React["mark"];

const PAGE = 50;
const AROUND = 25;
const THREAD = 200;
/** As many participants as one command may ask for. */
const PEOPLE = 100;
const ABOUT_THE_CASE = new Set(["resolved", "reopened", "withdrawn", "corrected"]);
const TRIES = 3;
const SAVE_EVERY = 1000;

interface Kept {
  log: Snapshot;
  epoch: string;
  rights: string[];
}

const MENTIONS = 10;

/** Milliseconds between two views of a room into which much is written: as often as a slow phone can draw one. */
const FRAME = 50;

/** A row of the discussion, and how many pixels below the upper edge it begins. */
export interface Place {
  key: string | number;
  below: number;
}

/** A room as the page shows it: what is held of its log, and the own posts on their way into it. */
export class RoomModel {
  readonly phase = signal<Phase>("loading");
  readonly problem = signal("");
  /** Where the reader was when the room was left, as the view that shows it tells; null: at the end. */
  place: Place | null = null;
  readonly messages = signal<Held[]>([]);
  readonly open = signal(true);
  readonly rights = signal<ReadonlySet<string>>(new Set());
  /** The right to post comes and goes with the room's state, of which events tell: who reads an open room may write in it. */
  readonly mayPost = computed(() => this.open.value && this.rights.value.has("read"));
  readonly loadingOlder = signal(false);
  readonly older = signal(true);
  /** Whether the window ends before the newest message, and how many came since it does. */
  readonly newer = signal(false);
  readonly unheld = signal(0);
  readonly pins = signal<number[]>([]);
  /** The message to be brought into sight: null again once it is. */
  readonly sought = signal<{ seq: number } | null>(null);
  /** Another object when messages that are held beside the window changed, and when it changed what answers what. */
  readonly beside = signal({});
  readonly answered = signal({});
  /** Grows when the room tells that its case changed. */
  readonly caseChanges = signal(0);
  readonly you = signal<number | null>(null);
  readonly names = signal<ReadonlyMap<number, Person>>(new Map());
  readonly outbox: Outbox;
  readonly presence: PresenceModel;
  readonly reading: Reading;
  private log = new RoomLog();
  private epoch: string | null = null;
  private live = false;
  /** Refs of one's own changes: by the first event that bears one, one learns one's number in the room. */
  private readonly ownRefs = new Set<string>();
  private showing: (() => void) | null = null;
  private shownAt = -Infinity;
  private saving: (() => void) | null = null;
  private metAll = false;
  private asked = new Set<number>();

  constructor(
    readonly stream: string,
    private readonly world: World,
    private readonly socket: Socket,
    private readonly memory: Memory,
    /** Told when all was read. */
    onRead: () => void = () => undefined,
  ) {
    this.outbox = new Outbox(stream, world, memory, (post) => this.socket.ask<Done>({ op: "post", stream, ...post }));
    this.presence = new PresenceModel(stream, world, socket);
    this.reading = new Reading(stream, world, socket, onRead);
  }

  /** Shows what the device kept of the room, if that comes before anything newer. */
  async restore(): Promise<void> {
    const [kept] = await Promise.all([this.memory.get<Kept>("rooms", this.stream), this.outbox.reload()]);
    if (kept === undefined || this.phase.peek() !== "loading") return;
    this.log.restore(kept.log);
    this.epoch = kept.epoch;
    this.rights.value = new Set(kept.rights);
    this.phase.value = "ready";
    this.show();
  }

  /** Follows from the start, or from where it was: after every welcome. */
  async follow(epoch: string): Promise<void> {
    if (this.epoch !== null && this.epoch !== epoch) this.log = new RoomLog();
    const since = this.epoch === epoch ? this.log.position : null;
    this.epoch = epoch;
    try {
      const reply = await this.socket.ask<Followed>({ op: "follow", stream: this.stream, since, epoch });
      this.log.followed(reply);
      this.live = true;
      this.rights.value = new Set(reply.rights);
      this.reading.followed(reply.seen ?? 0);
      this.phase.value = "ready";
      this.show();
      this.presence.followed();
      void this.outbox.flush();
    } catch (error) {
      this.stumble(error, epoch);
    }
  }

  /** The member leaves: nothing of the room is kept any more. */
  end(): void {
    this.saving?.();
    this.phase.value = "loading";
  }

  unfollow(): void {
    if (this.live) this.socket.ask({ op: "unfollow", stream: this.stream }).catch(() => undefined);
    this.live = false;
  }

  take(push: Push): void {
    if (!("stream" in push) || push.stream !== this.stream || !this.live) return;
    switch (push.op) {
      case "event":
        return this.event(push);
      case "gap":
        return this.startAfresh();
      case "evicted":
        void this.memory.delete("rooms", this.stream);
        this.live = false;
        this.phase.value = "missing";
        return;
      case "seen":
        return this.reading.pushed(push.seq);
      default:
        this.presence.take(push);
    }
  }

  private event(event: LiveEvent): void {
    try {
      if (!this.log.event(event)) return;
    } catch {
      // Out of order cannot be; if it is, what is held is not to be trusted.
      return this.startAfresh();
    }
    if (event.ref !== undefined && this.ownRefs.delete(event.ref)) this.log.you = event.by;
    if (event.kind === "posted") this.presence.wrote(this.names.peek().get(event.by)?.alias);
    const own = this.outbox.pending.peek().some((one) => one.ref === event.ref);
    if (own) this.show();
    else this.showSoon();
    if (ABOUT_THE_CASE.has(event.kind)) this.caseChanges.value++;
  }

  private startAfresh(): void {
    const epoch = this.epoch;
    this.log = new RoomLog();
    this.epoch = null;
    if (epoch !== null) void this.follow(epoch);
  }

  // Reading

  async loadOlder(): Promise<void> {
    if (this.loadingOlder.value || !this.log.older) return;
    const before = this.log.messages[0]?.seq ?? this.log.position + 1;
    await this.load({ before, limit: PAGE }, (log, slice) => log.page(slice));
  }

  async loadNewer(): Promise<void> {
    const after = this.log.messages.at(-1)?.seq;
    if (this.loadingOlder.value || !this.log.newer || after === undefined) return;
    await this.load({ after, limit: PAGE }, (log, slice) => log.page(slice, "newer"));
  }

  /**
   * Brings a message into sight, and reads what is around it where it is not held; false where it is not to be had.
   *
   * What comes before it is the window as soon as it is read: events that are told before the other half arrives find it.
   */
  async jumpTo(seq: number): Promise<boolean> {
    if (!this.log.shows(seq)) {
      await this.load({ before: seq + 1, limit: AROUND }, (log, slice) => {
        if (slice.messages.at(-1)?.seq === seq) log.jump(slice);
      });
      if (!this.log.shows(seq)) return false;
      await this.load({ after: seq, limit: AROUND }, (log, slice) => log.page(slice, "newer"));
    }
    this.sought.value = { seq };
    return true;
  }

  /** Back to the newest messages; false where they are not to be had. */
  async toNewest(): Promise<boolean> {
    if (!this.log.newer) return true;
    await this.load({ limit: PAGE }, (log, slice) => log.renew(slice));
    return !this.log.newer;
  }

  /** Reads a thread, to be held beside the window; throws Refused. */
  async loadThread(root: number): Promise<void> {
    let after = 0;
    for (let pages = 0; pages < THREAD; pages++) {
      const log = this.log;
      const slice = await this.socket.ask<Slice>({ op: "read", stream: this.stream, thread: root, after, limit: THREAD });
      if (log !== this.log) return;
      log.know(slice.people);
      log.keep(slice.messages);
      this.show();
      if (!slice.more || slice.messages.length === 0) return;
      after = slice.messages.at(-1)!.seq;
    }
  }

  /** Reads a single message that a quote or a pin is about, once. */
  async lookUp(seq: number): Promise<void> {
    if (this.log.get(seq) !== undefined || this.asked.has(seq)) return;
    this.asked.add(seq);
    const log = this.log;
    try {
      const slice = await this.socket.ask<Slice>({ op: "read", stream: this.stream, before: seq + 1, limit: 1 });
      if (log !== this.log) return;
      log.know(slice.people);
      log.keep(slice.messages.filter((one) => one.seq === seq));
      this.show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.asked.delete(seq);
    }
  }

  async versions(target: number): Promise<Version[]> {
    return (await this.socket.ask<VersionsReply>({ op: "versions", stream: this.stream, target })).versions;
  }

  /** Runs a read that changes the window; what it says of another window than it was asked for is dropped. */
  private async load(part: { before?: number; after?: number; limit: number }, take: (log: RoomLog, slice: Slice) => void): Promise<void> {
    this.loadingOlder.value = true;
    const { log } = this;
    const { window } = log;
    try {
      const slice = await this.socket.ask<Slice>({ op: "read", stream: this.stream, ...part });
      if (log !== this.log || window !== log.window) return;
      take(log, slice);
      this.show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      this.loadingOlder.value = false;
    }
  }

  person(n: number): Person | undefined {
    return this.names.value.get(n);
  }

  message(seq: number): Held | undefined {
    return this.log.get(seq);
  }

  owns(message: Held): boolean {
    return message.by === this.you.value;
  }

  rootOf(seq: number): number {
    return this.log.rootOf(seq);
  }

  /** A message and all that answers it, as far as they are held; to be asked again when `answered`, `messages` or `beside` change. */
  thread(root: number): Held[] {
    return this.log.thread(root);
  }

  // Writing

  /** Takes a post: when this returns the device keeps it, and it will be sent. */
  post(body: string, replyTo: number | null, at: number): Promise<void> {
    return this.outbox.post(body, replyTo, at, calledIn(body, this.names.peek().values()).slice(0, MENTIONS));
  }

  /** Changes an own message as it was seen; throws Refused, `stale` where it was changed meanwhile. */
  edit(message: Held, body: string): Promise<Done> {
    return this.change({ op: "edit", target: message.seq, rev: message.rev, body });
  }

  redact(target: number): Promise<Done> {
    return this.change({ op: "redact", target });
  }

  react(target: number, mark: Mark, set: boolean): Promise<Done> {
    return this.change({ op: "react", target, mark, set });
  }

  pin(target: number, set: boolean): Promise<Done> {
    return this.change({ op: "pin", target, set });
  }

  /** Asks for a change under one key, again where its fate is unknown; throws Refused. */
  private async change(command: Record<string, unknown>): Promise<Done> {
    const key = this.world.uuid();
    this.ownRefs.add((await this.world.sha256(key)).slice(0, 16));
    for (let tries = 1; ; tries++) {
      try {
        return await this.socket.ask<Done>({ ...command, stream: this.stream, key } as Ask);
      } catch (error) {
        if (!(error instanceof Refused) || !error.retry || error.code === "lost" || tries === TRIES) throw error;
        await new Promise<void>((resolve) => this.world.clock.after((error.retryAfter ?? 1) * 1000, resolve));
      }
    }
  }

  // Who is here

  /** Learns the names of all participants, so that each of them can be called; once. */
  async meetAll(): Promise<void> {
    if (this.metAll) return;
    this.metAll = true;
    await this.meet(Array.from({ length: PEOPLE }, (_, index) => index + 1)).catch(() => { this.metAll = false; });
  }

  private async meet(numbers: number[]): Promise<void> {
    const reply = await this.socket.ask<PeopleReply>({ op: "people", stream: this.stream, numbers });
    this.log.know(reply.people);
    this.names.value = new Map(this.log.people);
  }

  /** Shows an event at once, and those that follow on its heels together: a burst costs as many views as frames, not as events. */
  private showSoon(): void {
    if (this.showing !== null) return;
    const wait = this.shownAt + FRAME - this.world.clock.now();
    if (wait <= 0) this.show();
    else this.showing = this.world.clock.after(wait, () => this.show());
  }

  private show(): void {
    const { log } = this;
    this.showing?.();
    this.showing = null;
    this.shownAt = this.world.clock.now();
    const pending = this.outbox.pending.peek();
    const own = pending.find((one) => log.withRef(one.ref) !== undefined);
    batch(() => {
      this.you.value = log.you ?? (own === undefined ? this.you.peek() : log.withRef(own.ref)!.by);
      this.messages.value = log.messages;
      if (this.names.peek().size !== log.people.size) this.names.value = new Map(log.people);
      this.older.value = log.older;
      this.newer.value = log.newer;
      this.unheld.value = log.unheld;
      this.pins.value = log.pins;
      this.open.value = log.state === "open";
      this.beside.value = log.beside;
      this.answered.value = log.answered;
      if (own !== undefined) this.outbox.seen(new Set(pending.map((one) => one.ref).filter((ref) => log.withRef(ref) !== undefined)));
    });
    this.saving ??= this.world.clock.after(SAVE_EVERY, () => {
      this.saving = null;
      this.save();
    });
    const strangers = log.strangers();
    for (let at = 0; at < strangers.length; at += PEOPLE) void this.meet(strangers.slice(at, at + PEOPLE)).catch(() => undefined);
  }

  private save(): void {
    const log = this.log.snapshot();
    if (log === null || this.epoch === null || this.phase.peek() !== "ready") return;
    const kept: Kept = { log, epoch: this.epoch, rights: [...this.rights.peek()] };
    void this.memory.put("rooms", this.stream, kept);
  }

  private stumble(error: unknown, epoch: string): void {
    if (!(error instanceof Refused)) throw error;
    if (error.code === "not_found") {
      this.phase.value = "missing";
      this.outbox.refuse(error.message);
      void this.memory.delete("rooms", this.stream);
    } else if (error.code === "since_ahead" || error.code === "wrong_epoch") {
      this.log = new RoomLog();
      this.epoch = null;
      if (error.code === "since_ahead") void this.follow(epoch);
    } else if (!error.retry) {
      this.problem.value = error.message;
      this.phase.value = "broken";
    }
  }
}
