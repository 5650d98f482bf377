import { computed, signal } from "@preact/signals";
import { Refused, type Ask, type Socket } from "../protocol/socket";
import type { Done, Followed, LiveEvent, Message, PeopleReply, Person, Push, React, Slice, Version, VersionsReply } from "../protocol/messages";
import type { World } from "../protocol/world";
import { Outbox } from "./outbox";
import { PresenceModel } from "./presence";
import { RoomLog, type Held } from "./roomlog";

export type Phase = "loading" | "ready" | "missing" | "broken";
export type Mark = React["mark"];

const PAGE = 50;
const AROUND = 25;
const THREAD = 200;
const ABOUT_THE_CASE = new Set(["resolved", "reopened", "withdrawn", "corrected"]);
/** Milliseconds between two seen marks. */
const SEEN_EVERY = 2000;
const TRIES = 3;
const MENTIONS = 10;

/** A room as the page shows it: what is held of its log, and the own posts on their way into it. */
export class RoomModel {
  readonly phase = signal<Phase>("loading");
  readonly problem = signal("");
  readonly messages = signal<Held[]>([]);
  readonly open = signal(true);
  readonly rights = signal<ReadonlySet<string>>(new Set());
  readonly mayPost = computed(() => this.open.value && this.rights.value.has("read"));
  readonly loadingOlder = signal(false);
  readonly older = signal(true);
  /** Whether the window ends before the newest message, and how many came since. */
  readonly newer = signal(false);
  readonly unheld = signal(0);
  readonly pins = signal<number[]>([]);
  /** The last message read before the room was opened: what comes after it is new. */
  readonly unreadAfter = signal<number | null>(null);
  /** The message to be brought into sight; a new object each time. */
  readonly sought = signal<{ seq: number } | null>(null);
  readonly threadMessages = signal<ReadonlyMap<number, Held>>(new Map());
  /** Grows when the room tells that its case changed. */
  readonly caseChanges = signal(0);
  readonly outbox: Outbox;
  readonly presence: PresenceModel;
  readonly yours = computed(() => new Set(this.messages.value.filter((m) => m.by === this.you.value).map((m) => m.seq)));
  /** For each message that was answered, how many answers it has, directly or not, among those held. */
  readonly answers = computed(() => answersOf(this.messages.value));
  readonly you = signal<number | null>(null);
  readonly names = signal<ReadonlyMap<number, Person>>(new Map());
  private log = new RoomLog();
  private epoch: string | null = null;
  private live = false;
  private told = 0;
  private telling: (() => void) | null = null;
  private keptUnread = false;
  /** Refs of one's own changes: by the first event that bears one, one learns one's number in the room. */
  private readonly ownRefs = new Set<string>();

  constructor(
    readonly stream: string,
    private readonly world: World,
    private readonly socket: Socket,
    /** Told when all was read. */
    private readonly onRead: () => void = () => undefined,
  ) {
    this.outbox = new Outbox(world, (post) => this.socket.ask<Done>({ op: "post", stream, ...post, mentions: this.called(post.body) }));
    this.presence = new PresenceModel(stream, world, socket);
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
      this.unreadAfter.value ??= this.log.seen;
      this.phase.value = "ready";
      this.show();
      this.presence.followed();
      void this.outbox.flush();
    } catch (error) {
      this.stumble(error, epoch);
    }
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
        this.live = false;
        this.phase.value = "missing";
        return;
      case "seen":
        this.log.seen = push.seq;
        if (!this.keptUnread && (this.unreadAfter.peek() ?? 0) < push.seq) this.unreadAfter.value = push.seq;
        return;
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
    this.show();
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
    await this.load(async (log) => log.page(await this.read({ before, limit: PAGE })));
  }

  async loadNewer(): Promise<void> {
    const after = this.log.messages.at(-1)?.seq;
    if (this.loadingOlder.value || !this.log.newer || after === undefined) return;
    await this.load(async (log) => log.page(await this.read({ after, limit: PAGE }), "newer"));
  }

  /** Brings a message into sight, and reads what is around it where it is not held; false where there is none. */
  async jumpTo(seq: number): Promise<boolean> {
    if (this.log.get(seq) === undefined) {
      const found = await this.load(async (log) => {
        const before = await this.read({ before: seq + 1, limit: AROUND });
        const after = await this.read({ after: seq, limit: AROUND });
        if (before.messages.at(-1)?.seq === seq) log.jump(before, after);
      });
      if (!found || this.log.get(seq) === undefined) return false;
    }
    this.sought.value = { seq };
    return true;
  }

  /** Back to the newest messages. */
  toNewest(): void {
    if (this.log.newer) this.startAfresh();
  }

  /** Reads a thread: its root and all that answers it; what is held of it as well is brought up to date. */
  async loadThread(root: number): Promise<void> {
    const found = new Map<number, Held>();
    let after = 0;
    let more = true;
    while (more && found.size < THREAD) {
      const slice = await this.socket.ask<Slice>({ op: "read", stream: this.stream, thread: root, after, limit: THREAD });
      this.log.know(slice.people);
      for (const message of this.log.refresh(slice.messages)) found.set(message.seq, message);
      after = slice.messages.at(-1)?.seq ?? 0;
      more = slice.more && slice.messages.length > 0;
    }
    this.threadMessages.value = found;
    this.show();
  }

  async versions(target: number): Promise<Version[]> {
    return (await this.socket.ask<VersionsReply>({ op: "versions", stream: this.stream, target })).versions;
  }

  private read(part: { before: number; limit: number } | { after: number; limit: number }): Promise<Slice> {
    return this.socket.ask<Slice>({ op: "read", stream: this.stream, ...part });
  }

  /** Runs a read that changes the window; what it says of another window than it was asked for is dropped. */
  private async load(work: (log: RoomLog) => Promise<void>): Promise<boolean> {
    this.loadingOlder.value = true;
    const log = this.log;
    try {
      await work(log);
      if (log === this.log) this.show();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return false;
    } finally {
      this.loadingOlder.value = false;
    }
  }

  person(n: number): Person | undefined {
    return this.names.value.get(n);
  }

  message(seq: number): Held | undefined {
    return this.log.get(seq) ?? this.threadMessages.value.get(seq);
  }

  /** The messages of a thread as they now stand, those that came since it was read among them. */
  thread(root: number): Held[] {
    const found = new Map([...this.threadMessages.value].map(([seq, message]) => [seq, this.log.get(seq) ?? message]));
    const known = new Set([root, ...found.keys()]);
    for (const message of this.messages.value) {
      if (!known.has(message.seq) && (message.replyTo === null || !known.has(message.replyTo))) continue;
      known.add(message.seq);
      found.set(message.seq, message);
    }
    return [...found.values()].sort((a, b) => a.seq - b.seq);
  }

  // Writing

  post(body: string, replyTo: number | null, at: number): void {
    void this.outbox.post(body, replyTo, at);
  }

  /** Changes an own message; throws Refused, `stale` where it was changed meanwhile. */
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

  /** The participants whom a text calls by "@" and their alias. */
  private called(body: string): number[] {
    return [...this.names.peek().values()].filter((one) => body.includes(`@${one.alias}`)).map((one) => one.n).slice(0, MENTIONS);
  }

  // What was read

  /** Keeps that all up to this message was read, soon: a mark for every line would be too many. */
  markSeen(seq: number): void {
    if (this.keptUnread || seq <= Math.max(this.log.seen, this.told)) return;
    this.told = seq;
    this.onRead();
    this.telling ??= this.world.clock.after(SEEN_EVERY, () => {
      this.telling = null;
      this.log.seen = Math.max(this.log.seen, this.told);
      this.socket.ask({ op: "seen", stream: this.stream, seq: this.told }).catch(() => undefined);
    });
  }

  /** Takes back that this message and those after it were read; until the room is opened again, nothing counts as read. */
  async markUnread(from: number): Promise<void> {
    this.telling?.();
    this.telling = null;
    this.keptUnread = true;
    this.log.seen = this.told = from - 1;
    this.unreadAfter.value = from - 1;
    await this.socket.ask({ op: "seen", stream: this.stream, seq: from - 1, unread: true });
  }

  /** The room is opened anew: what was read is no longer marked as new. */
  opened(): void {
    if (this.phase.peek() === "ready") this.unreadAfter.value = this.log.seen;
    this.keptUnread = false;
  }

  private show(): void {
    const refs = new Set(this.log.messages.map((message) => message.ref));
    const own = this.outbox.pending.value.find((one) => refs.has(one.ref));
    if (own !== undefined) this.you.value = this.log.messages.find((m) => m.ref === own.ref)?.by ?? this.you.value;
    if (this.log.you !== null) this.you.value = this.log.you;
    this.messages.value = this.log.messages;
    this.names.value = new Map(this.log.people);
    this.older.value = this.log.older;
    this.newer.value = this.log.newer;
    this.unheld.value = this.log.unheld;
    this.pins.value = this.log.pins;
    this.open.value = this.log.state === "open";
    this.outbox.seen(refs);
    void this.meetStrangers();
  }

  private asking = false;

  private async meetStrangers(): Promise<void> {
    const numbers = this.log.strangers().slice(0, 100);
    if (numbers.length === 0 || this.asking) return;
    this.asking = true;
    try {
      const reply = await this.socket.ask<PeopleReply>({ op: "people", stream: this.stream, numbers });
      this.log.know(reply.people);
      this.names.value = new Map(this.log.people);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      this.asking = false;
    }
  }

  private stumble(error: unknown, epoch: string): void {
    if (!(error instanceof Refused)) throw error;
    if (error.code === "not_found") this.phase.value = "missing";
    else if (error.code === "since_ahead" || error.code === "wrong_epoch") {
      this.log = new RoomLog();
      this.epoch = null;
      if (error.code === "since_ahead") void this.follow(epoch);
    } else if (!error.retry) {
      this.problem.value = error.message;
      this.phase.value = "broken";
    }
  }
}

function answersOf(messages: readonly (Held | Message)[]): ReadonlyMap<number, number> {
  const roots = new Map<number, number>();
  const counts = new Map<number, number>();
  for (const message of messages as Held[]) {
    if (message.replyTo === null) continue;
    const root = roots.get(message.replyTo) ?? message.replyTo;
    roots.set(message.seq, root);
    counts.set(root, (counts.get(root) ?? 0) + 1);
  }
  return counts;
}
