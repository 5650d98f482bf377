import { signal } from "@preact/signals";
import type { Socket } from "../protocol/socket";
import type { World } from "../protocol/world";

/** Milliseconds between two marks: one for every line would be too many. */
const EVERY = 2000;

/** How far one has read in a room, and from where on messages are new. A number never runs backwards but by `unread`. */
export class Reading {
  /** What comes after this number was new when the room was opened; null: not known yet, 0: never read before. */
  readonly newAfter = signal<number | null>(null);
  /** How far the server knows, or will know as soon as the next mark is sent. */
  private seen = 0;
  private wanted = 0;
  private saidAt = -EVERY;
  private saying: (() => void) | null = null;
  /** Marked as unread here: until the room is opened anew, looking at it is not reading it. */
  private held = false;

  constructor(
    private readonly stream: string,
    private readonly world: World,
    private readonly socket: Socket,
    private readonly onRead: () => void,
  ) {}

  /** The room is followed; what was read and never said, because the connection broke, is said now. */
  followed(seen: number): void {
    this.seen = seen;
    this.newAfter.value ??= seen;
    if (this.wanted > seen && !this.held) this.soon();
  }

  /** Another device has said how far. */
  pushed(seq: number): void {
    const backwards = seq < this.seen;
    this.seen = seq;
    if (backwards) this.wanted = seq;
    if (!this.held && (backwards || (this.newAfter.peek() ?? 0) < seq)) this.newAfter.value = seq;
    if (backwards) this.held = true;
  }

  /** The room is shown anew. */
  opened(): void {
    if (this.newAfter.peek() !== null) this.newAfter.value = Math.max(this.seen, this.held ? 0 : this.wanted);
    this.held = false;
  }

  /** Everything up to this message is in sight, or was. */
  upTo(seq: number): void {
    if (this.held || seq <= Math.max(this.seen, this.wanted)) return;
    this.wanted = seq;
    this.onRead();
    this.soon();
  }

  /** Takes back that this message and those after it were read; throws Refused. */
  async unreadFrom(seq: number): Promise<void> {
    this.saying?.();
    this.saying = null;
    this.held = true;
    this.seen = this.wanted = this.newAfter.value = seq - 1;
    await this.socket.ask({ op: "seen", stream: this.stream, seq: seq - 1, unread: true });
  }

  private soon(): void {
    const wait = Math.max(0, this.saidAt + EVERY - this.world.clock.now());
    this.saying ??= this.world.clock.after(wait, () => {
      this.saying = null;
      this.saidAt = this.world.clock.now();
      const seq = this.wanted;
      this.socket.ask({ op: "seen", stream: this.stream, seq }).then(
        () => { if (!this.held) this.seen = Math.max(this.seen, seq); },
        () => undefined,
      );
    });
  }
}
