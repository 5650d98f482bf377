import { signal } from "@preact/signals";
import type { Push, Present, WhoReply } from "../protocol/messages";
import type { Socket } from "../protocol/socket";
import type { World } from "../protocol/world";

/** Milliseconds for which somebody is taken to be writing, and between two words that one writes oneself. */
const WRITING = 6000;
const TYPING_EVERY = 3000;

/** Who is in a room, and who writes: names in lounges, a number elsewhere. */
export class PresenceModel {
  readonly count = signal(0);
  /** Null where names are not told: in case rooms, and among many. */
  readonly here = signal<Present[] | null>(null);
  readonly writing = signal<string[]>([]);
  private version = 0;
  private looking = false;
  private asking = false;
  private typedAt = -TYPING_EVERY;
  private timers = new Map<string, () => void>();

  constructor(
    private readonly stream: string,
    private readonly world: World,
    private readonly socket: Socket,
  ) {}

  /** Says that the room is looked at, or no longer. */
  look(looking: boolean): void {
    if (this.looking === looking) return;
    this.looking = looking;
    this.say();
  }

  /** The room is followed on a new connection, which knows nothing yet. */
  followed(): void {
    this.version = 0;
    if (this.looking) this.say();
  }

  /** Says that one writes, no more often than needed. */
  typing(): void {
    const now = this.world.clock.now();
    if (now - this.typedAt < TYPING_EVERY) return;
    this.typedAt = now;
    this.socket.ask({ op: "typing", stream: this.stream }).catch(() => undefined);
  }

  /** Who has posted no longer writes. */
  wrote(alias: string | undefined): void {
    if (alias !== undefined) this.stop(alias);
  }

  take(push: Push): void {
    if (push.op === "typing") this.start(push.alias);
    if (push.op !== "presence") return;
    if (push.base !== 0 && push.base !== this.version) {
      void this.ask();
      return;
    }
    if (push.base === 0) this.here.value = push.here;
    else if (this.here.value !== null) this.here.value = changed(this.here.value, push.came, push.went);
    this.count.value = push.count;
    this.version = push.version;
  }

  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const reply = await this.socket.ask<WhoReply>({ op: "who", stream: this.stream });
      this.version = reply.version;
      this.count.value = reply.count;
      this.here.value = reply.here;
    } catch {
      // The next push is asked about again.
    } finally {
      this.asking = false;
    }
  }

  private say(): void {
    this.socket.ask({ op: "here", stream: this.stream, here: this.looking }).catch(() => undefined);
  }

  private start(alias: string): void {
    this.timers.get(alias)?.();
    this.timers.set(alias, this.world.clock.after(WRITING, () => this.stop(alias)));
    if (!this.writing.value.includes(alias)) this.writing.value = [...this.writing.value, alias];
  }

  private stop(alias: string): void {
    this.timers.get(alias)?.();
    this.timers.delete(alias);
    if (this.writing.value.includes(alias)) this.writing.value = this.writing.value.filter((one) => one !== alias);
  }
}

function changed(here: Present[], came: Present[], went: string[]): Present[] {
  const gone = new Set([...went, ...came.map((one) => one.alias)]);
  return [...here.filter((one) => !gone.has(one.alias)), ...came].sort((a, b) => (a.alias < b.alias ? -1 : 1));
}
