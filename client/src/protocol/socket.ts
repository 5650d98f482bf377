import type { Command, ErrorReply, Push, Reply, Welcome } from "./messages";
import type { Wire, World } from "./world";

/** `offline`: waiting to try again; `ended`: not to be tried again by itself. */
export type Status = "connecting" | "open" | "offline" | "ended";

export type Ask = Command extends infer One ? (One extends Command ? Omit<One, "id"> : never) : never;

/** Why a command has no reply: the server's error, or the connection broke (`lost`): then its fate is unknown. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retry: boolean,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export interface Listener {
  onStatus(status: Status): void;
  onWelcome(welcome: Welcome): void;
  onPush(push: Push): void;
}

/** Codes after which coming back by itself is useless (docs/protocol.md). */
const TERMINAL = new Set([1003, 1007, 1008, 1009, 4001]);
const RESTARTED = 1012;
const CEILING = 30_000;
const FIRST = 500;
const SILENCE = 20_000;
const PATIENCE = 10_000;
const TOO_FAST = "too_fast";

/** How long to wait before attempt `tries`: full jitter over a doubling span, in milliseconds. */
export function backOff(tries: number, random: number): number {
  return random * Math.min(CEILING, FIRST * 2 ** Math.min(tries, 10));
}

interface Waiting {
  text: string;
  resolve: (reply: Reply) => void;
  reject: (error: Refused) => void;
}

/** One connection after another to the same server; commands and their replies, pushes, and whether it lives. */
export class Socket {
  status: Status = "connecting";
  /** What to add to this machine's clock to have the server's, in milliseconds. */
  offset = 0;
  private wire: Wire | null = null;
  private welcomed = false;
  private ids = 0;
  private tries = 0;
  private waiting = new Map<number, Waiting>();
  /** Commands that were refused as too fast, and those given after them: sent anew in their order, at the server's pace. */
  private held: number[] = [];
  private pace = 1000;
  private cancelHeld: (() => void) | null = null;
  private cancelRetry: (() => void) | null = null;
  private cancelCheck: (() => void) | null = null;
  private retryAfter: number | null = null;
  private readonly stopReturn: () => void;

  constructor(
    private readonly world: World,
    private readonly listener: Listener,
  ) {
    this.stopReturn = world.onReturn(() => this.kick());
  }

  start(): void {
    this.open();
  }

  stop(): void {
    this.stopReturn();
    this.end("ended");
    this.wire?.close(1000);
    this.wire = null;
  }

  /** Sends a command and returns its reply; throws Refused. What the server calls too fast is sent again when it may be. */
  ask<R extends Reply>(command: Ask): Promise<R> {
    if (!this.welcomed || this.wire === null) return Promise.reject(lost());
    return this.send<R>(command);
  }

  private send<R extends Reply>(command: Ask): Promise<R> {
    const id = ++this.ids;
    return new Promise<R>((resolve, reject) => {
      const text = JSON.stringify({ ...command, id });
      this.waiting.set(id, { text, resolve: resolve as (reply: Reply) => void, reject });
      if (this.held.length > 0) this.held.push(id);
      else this.wire?.send(text);
    });
  }

  /** Keeps a command that did nothing, since it came too fast, to send it again. */
  private hold(id: number, after: number): void {
    this.held = [...this.held, id].sort((a, b) => a - b);
    this.cancelHeld ??= this.world.clock.after(after, () => this.release());
  }

  /** Sends what was held for the longest, and the next one when the server takes it. */
  private release(): void {
    const id = this.held.shift();
    const text = id === undefined ? undefined : this.waiting.get(id)?.text;
    if (text !== undefined) this.wire?.send(text);
    this.cancelHeld = this.held.length > 0 ? this.world.clock.after(this.pace, () => this.release()) : null;
  }

  private open(): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.tell("connecting");
    const wire = this.world.connect();
    this.wire = wire;
    wire.onopen = () => {
      const sent = this.world.clock.now();
      this.send<Welcome>({ op: "hello", client: "lounge-web" }).then(
        (welcome) => this.greet(welcome, sent),
        () => wire.close(1000),
      );
    };
    wire.onmessage = (event) => {
      if (this.wire === wire && typeof event.data === "string") this.take(JSON.parse(event.data) as Reply | Push);
    };
    wire.onclose = (event) => {
      if (this.wire === wire) this.closed(event.code);
    };
  }

  private greet(welcome: Welcome, sent: number): void {
    this.welcomed = true;
    this.tries = 0;
    this.pace = 1000 / (welcome.limits.commands_per_second || 1);
    this.setOffset(welcome.time, sent);
    this.tell("open");
    this.watch();
    this.listener.onWelcome(welcome);
  }

  private setOffset(serverTime: number, sent: number): void {
    const now = this.world.clock.now();
    this.offset = serverTime - (sent + now) / 2;
  }

  private take(frame: Reply | Push): void {
    this.watch();
    if ("id" in frame && frame.id !== undefined && frame.id !== null) {
      const waiting = this.waiting.get(frame.id);
      if (waiting !== undefined && frame.op === "error" && frame.code === TOO_FAST) {
        this.hold(frame.id, (frame.retry_after ?? 1) * 1000);
        return;
      }
      this.waiting.delete(frame.id);
      if (frame.op === "error") waiting?.reject(refusal(frame));
      else waiting?.resolve(frame as Reply);
      return;
    }
    if (frame.op === "bye") this.retryAfter = frame.retry_after ?? null;
    if (frame.op !== "error") this.listener.onPush(frame as Push);
  }

  /** After a silence asks whether the other end is there; no answer is a broken connection. */
  private watch(): void {
    this.cancelCheck?.();
    this.cancelCheck = this.world.clock.after(SILENCE, () => {
      const sent = this.world.clock.now();
      const wire = this.wire;
      this.send({ op: "ping" }).then(
        (pong) => {
          if (pong.op === "pong") this.setOffset(pong.time, sent);
        },
        () => undefined,
      );
      this.cancelCheck = this.world.clock.after(PATIENCE, () => {
        if (this.wire === wire) {
          wire?.close(1000);
          this.closed(1006);
        }
      });
    });
  }

  private closed(code: number): void {
    this.wire = null;
    const wasWelcomed = this.welcomed;
    this.end(TERMINAL.has(code) ? "ended" : "offline");
    if (this.status === "ended") return;
    const spread = code === RESTARTED && wasWelcomed ? this.world.random() * (this.retryAfter ?? 0.5) * 1000 : null;
    const wait = spread ?? backOff(this.tries++, this.world.random());
    this.cancelRetry = this.world.clock.after(wait, () => this.open());
  }

  private end(status: Status): void {
    this.welcomed = false;
    this.cancelCheck?.();
    this.cancelRetry?.();
    this.cancelHeld?.();
    this.cancelHeld = null;
    this.held = [];
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    this.tell(status);
    for (const one of waiting) one.reject(lost());
  }

  /** The network is back, or somebody looks: do not wait any longer. */
  private kick(): void {
    if (this.wire === null && this.status === "offline") {
      this.tries = 0;
      this.open();
    }
  }

  private tell(status: Status): void {
    if (this.status === status && status !== "connecting") return;
    this.status = status;
    this.listener.onStatus(status);
  }
}

function lost(): Refused {
  return new Refused("lost", "The connection broke.", true);
}

function refusal(error: ErrorReply): Refused {
  return new Refused(error.code, error.message, error.retry, error.retry_after ?? null);
}
