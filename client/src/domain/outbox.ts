import { signal, type Signal } from "@preact/signals";
import { Refused } from "../protocol/socket";
import type { Done } from "../protocol/messages";
import type { World } from "../protocol/world";

/**
 * `waiting` for a connection, `sent` without an answer yet, `stands` in the log (it leaves the outbox once its event or
 * message is seen), or `failed` for good: the text is kept until its author retries or discards it.
 */
export type PendingState = "waiting" | "sent" | "stands" | "failed";

export interface Pending {
  key: string;
  ref: string;
  body: string;
  replyTo: number | null;
  /** Participants whom it calls: fixed when it is written, since the same key must come with the same content. */
  mentions: number[];
  at: number;
  state: PendingState;
  problem: string;
}

/** Sends one post; throws Refused. */
export type Send = (post: { key: string; body: string; reply_to: number | null; mentions: number[] }) => Promise<Done>;

const AGAIN = 1000;

/** The own posts of one room that are not yet seen in its log, in the order in which they were written. */
export class Outbox {
  readonly pending: Signal<Pending[]> = signal([]);
  private sending = false;

  constructor(
    private readonly world: World,
    private readonly send: Send,
  ) {}

  async post(body: string, replyTo: number | null, at: number, mentions: number[] = []): Promise<void> {
    const key = this.world.uuid();
    const ref = (await this.world.sha256(key)).slice(0, 16);
    this.pending.value = [...this.pending.value, { key, ref, body, replyTo, mentions, at, state: "waiting", problem: "" }];
    void this.flush();
  }

  /** Sends what waits, one after the other: also after a reconnect, with the same keys. */
  async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      let next: Pending | undefined;
      while ((next = this.pending.value.find((one) => one.state === "waiting")) !== undefined) {
        if (!(await this.deliver(next))) break;
      }
    } finally {
      this.sending = false;
    }
  }

  /** The log shows these refs: what stands need not be shown twice, whether its answer came or not. */
  seen(refs: ReadonlySet<string>): void {
    const left = this.pending.value.filter((one) => !refs.has(one.ref));
    if (left.length !== this.pending.value.length) this.pending.value = left;
  }

  retry(key: string): void {
    this.update(key, { state: "waiting", problem: "" });
    void this.flush();
  }

  discard(key: string): void {
    this.pending.value = this.pending.value.filter((one) => one.key !== key);
  }

  /** Whether anything would be lost if the page were closed now. */
  get unsent(): boolean {
    return this.pending.value.some((one) => one.state !== "stands");
  }

  private async deliver(pending: Pending): Promise<boolean> {
    this.update(pending.key, { state: "sent" });
    try {
      await this.send({ key: pending.key, body: pending.body, reply_to: pending.replyTo, mentions: pending.mentions });
      this.update(pending.key, { state: "stands" });
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!error.retry) {
        this.update(pending.key, { state: "failed", problem: error.message });
        return true;
      }
      this.update(pending.key, { state: "waiting" });
      if (error.code !== "lost") this.world.clock.after((error.retryAfter ?? AGAIN / 1000) * 1000, () => void this.flush());
      return false;
    }
  }

  private update(key: string, change: Partial<Pending>): void {
    this.pending.value = this.pending.value.map((one) => (one.key === key ? { ...one, ...change } : one));
  }
}
