import { signal, type Signal } from "@preact/signals";
import { Refused } from "../protocol/socket";
import type { Done } from "../protocol/messages";
import type { World } from "../protocol/world";
import type { Memory } from "./memory";

/**
 * `waiting` for a connection, `sent` without an answer yet, `stands` in the log (it leaves the outbox once its event or
 * message is seen), or `failed` for good: the text is kept until its author retries or discards it.
 */
export type PendingState = "waiting" | "sent" | "stands" | "failed";

export interface Pending {
  key: string;
  ref: string;
  stream: string;
  body: string;
  replyTo: number | null;
  /** Participants whom it calls: fixed when it is written, since the same key must come with the same content. */
  mentions: number[];
  at: number;
  /** Grows with every post, over all tabs and reloads. */
  order: number;
  state: PendingState;
  problem: string;
}

/** Sends one post; throws Refused. */
export type Send = (post: { key: string; body: string; reply_to: number | null; mentions: number[] }) => Promise<Done>;

const AGAIN = 1000;
const ORDER_DIGITS = 17;

/**
 * The own posts of one room that are not yet seen in its log, in the order in which they were written. They are kept on the
 * device before they are shown, so that no reload loses one; of several tabs one at a time sends them.
 */
export class Outbox {
  readonly pending: Signal<Pending[]> = signal([]);
  private sending = false;
  private again = false;
  private last = 0;

  constructor(
    private readonly stream: string,
    private readonly world: World,
    private readonly memory: Memory,
    private readonly send: Send,
  ) {}

  /** Takes a post: when this returns it is kept, and will be sent. */
  async post(body: string, replyTo: number | null, at: number, mentions: number[] = []): Promise<void> {
    const key = this.world.uuid();
    const order = (this.last = Math.max(this.last + 1, this.world.clock.now() * 1000));
    const ref = (await this.world.sha256(key)).slice(0, 16);
    await this.keep({ key, ref, stream: this.stream, body, replyTo, mentions, at, order, state: "waiting", problem: "" });
    void this.flush();
  }

  /** Sends what waits, one after the other: also after a reconnect, with the same keys. */
  async flush(): Promise<void> {
    this.again = true;
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.again) {
        this.again = false;
        await this.memory.alone(`outbox ${this.stream}`, () => this.sendAll());
      }
    } finally {
      this.sending = false;
    }
  }

  /** Reads what is kept: another tab may have added posts, or sent them. */
  async reload(): Promise<void> {
    const kept = (await this.memory.all<Pending>("outbox")).filter((one) => one.stream === this.stream);
    const known = new Map(this.pending.peek().map((one) => [one.key, one]));
    const merged = kept.map((one) => (known.get(one.key)?.state === "sent" ? known.get(one.key)! : one));
    const standing = this.pending.peek().filter((one) => one.state === "stands" && !kept.some((other) => other.key === one.key));
    this.show([...merged, ...standing]);
  }

  /** The log shows these refs: what stands need not be shown twice, whether its answer came or not. */
  seen(refs: ReadonlySet<string>): void {
    const stand = this.pending.value.filter((one) => refs.has(one.ref));
    if (stand.length === 0) return;
    this.show(this.pending.value.filter((one) => !refs.has(one.ref)));
    for (const one of stand) void this.forget(one);
  }

  retry(key: string): void {
    const failed = this.pending.peek().find((one) => one.key === key);
    if (failed !== undefined) void this.keep({ ...failed, state: "waiting", problem: "" }).then(() => this.flush());
  }

  discard(key: string): void {
    const gone = this.pending.peek().find((one) => one.key === key);
    this.show(this.pending.peek().filter((one) => one.key !== key));
    if (gone !== undefined) void this.forget(gone);
  }

  /** What waits cannot be sent, for this reason: the room is gone. Its words stay until their author lets them go. */
  refuse(problem: string): void {
    for (const one of this.pending.peek()) if (one.state === "waiting") void this.keep({ ...one, state: "failed", problem });
  }

  /** Whether anything is on its way. */
  get unsent(): boolean {
    return this.pending.value.some((one) => one.state !== "stands");
  }

  private async sendAll(): Promise<void> {
    await this.reload();
    let next: Pending | undefined;
    while ((next = this.pending.value.find((one) => one.state === "waiting")) !== undefined) {
      if (!(await this.deliver(next))) return;
    }
  }

  private async deliver(pending: Pending): Promise<boolean> {
    this.update(pending.key, { state: "sent" });
    try {
      await this.send({ key: pending.key, body: pending.body, reply_to: pending.replyTo, mentions: pending.mentions });
      this.update(pending.key, { state: "stands" });
      await this.forget(pending);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!error.retry) {
        await this.keep({ ...pending, state: "failed", problem: error.message });
        return true;
      }
      this.update(pending.key, { state: "waiting" });
      if (error.code !== "lost") this.world.clock.after((error.retryAfter ?? AGAIN / 1000) * 1000, () => void this.flush());
      return false;
    }
  }

  private place(pending: Pending): string {
    return `${this.stream} ${String(pending.order).padStart(ORDER_DIGITS, "0")} ${pending.key}`;
  }

  private async keep(pending: Pending): Promise<void> {
    await this.memory.put("outbox", this.place(pending), pending);
    this.show([...this.pending.peek().filter((one) => one.key !== pending.key), pending]);
    this.memory.tell({ kind: "outbox", stream: this.stream });
  }

  private async forget(pending: Pending): Promise<void> {
    await this.memory.delete("outbox", this.place(pending));
    this.memory.tell({ kind: "outbox", stream: this.stream });
  }

  private update(key: string, change: Partial<Pending>): void {
    this.pending.value = this.pending.value.map((one) => (one.key === key ? { ...one, ...change } : one));
  }

  private show(pending: Pending[]): void {
    this.pending.value = pending.sort((a, b) => a.order - b.order);
  }
}
