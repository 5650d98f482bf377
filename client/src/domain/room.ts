import { computed, signal } from "@preact/signals";
import { Refused, type Socket } from "../protocol/socket";
import type { Done, Followed, LiveEvent, PeopleReply, Person, Push, Slice } from "../protocol/messages";
import type { World } from "../protocol/world";
import { Outbox } from "./outbox";
import { RoomLog, type Held } from "./roomlog";

export type Phase = "loading" | "ready" | "missing" | "broken";

const PAGE = 50;
const ABOUT_THE_CASE = new Set(["resolved", "reopened", "withdrawn", "corrected"]);

/** A room as the page shows it: what is held of its log, and the own posts on their way into it. */
export class RoomModel {
  readonly phase = signal<Phase>("loading");
  readonly problem = signal("");
  readonly messages = signal<Held[]>([]);
  readonly open = signal(true);
  readonly mayPost = signal(true);
  readonly loadingOlder = signal(false);
  readonly older = signal(true);
  /** Grows when the room tells that its case changed. */
  readonly caseChanges = signal(0);
  readonly outbox: Outbox;
  readonly yours = computed(() => new Set(this.messages.value.filter((m) => m.by === this.you.value).map((m) => m.seq)));
  private readonly you = signal<number | null>(null);
  private readonly names = signal<ReadonlyMap<number, Person>>(new Map());
  private log = new RoomLog();
  private epoch: string | null = null;
  private live = false;

  constructor(
    readonly stream: string,
    world: World,
    private readonly socket: Socket,
  ) {
    this.outbox = new Outbox(world, (post) => this.socket.ask<Done>({ op: "post", stream, ...post }));
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
      this.mayPost.value = reply.rights.includes("post");
      this.phase.value = "ready";
      this.show();
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
    if (push.op === "event") this.event(push);
    else if (push.op === "gap") {
      this.log.gap(push.head);
      void this.loadOlder();
    } else if (push.op === "evicted") {
      this.live = false;
      this.phase.value = "missing";
    }
  }

  private event(event: LiveEvent): void {
    try {
      if (!this.log.event(event)) return;
      this.show();
      if (ABOUT_THE_CASE.has(event.kind)) this.caseChanges.value++;
    } catch {
      // Out of order cannot be; if it is, what is held is not to be trusted.
      const epoch = this.epoch;
      this.log = new RoomLog();
      this.epoch = null;
      if (epoch !== null) void this.follow(epoch);
    }
  }

  async loadOlder(): Promise<void> {
    if (this.loadingOlder.value || !this.log.older) return;
    this.loadingOlder.value = true;
    const before = this.log.messages[0]?.seq ?? this.log.position + 1;
    try {
      this.log.page(await this.socket.ask<Slice>({ op: "read", stream: this.stream, before, limit: PAGE }));
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

  post(body: string, replyTo: number | null, at: number): void {
    void this.outbox.post(body, replyTo, at);
  }

  private show(): void {
    const refs = new Set(this.log.messages.map((message) => message.ref));
    const own = this.outbox.pending.value.find((one) => refs.has(one.ref));
    if (own !== undefined) this.you.value = this.log.messages.find((m) => m.ref === own.ref)?.by ?? this.you.value;
    if (this.log.you !== null) this.you.value = this.log.you;
    this.messages.value = this.log.messages;
    this.names.value = new Map(this.log.people);
    this.older.value = this.log.older;
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
