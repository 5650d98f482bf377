import { createHash } from "node:crypto";
import type { Entry, Keep, Keeping, Store } from "../src/protocol/keep";
import type { Small, Wire, World } from "../src/protocol/world";

/** A small storage in memory. */
class TestStorage implements Small {
  readonly held = new Map<string, string>();
  getItem = (key: string) => this.held.get(key) ?? null;
  setItem = (key: string, value: string) => void this.held.set(key, value);
  removeItem = (key: string) => void this.held.delete(key);
  clear = () => this.held.clear();
}

/** Storages in memory, which outlive the objects that use them. */
export class TestKeeping implements Keeping {
  readonly held = new Map<string, Map<string, Entry<unknown>>>();
  full = false;

  open(name: string): Promise<Keep> {
    const held = this.held.get(name) ?? new Map<string, Entry<unknown>>();
    this.held.set(name, held);
    const keys = (store: Store) => [...held.keys()].filter((key) => key.startsWith(`${store}/`)).sort();
    return Promise.resolve({
      get: <T,>(store: Store, key: string) => Promise.resolve(held.get(`${store}/${key}`) as Entry<T> | undefined),
      all: <T,>(store: Store) =>
        Promise.resolve(keys(store).map((key): [string, Entry<T>] => [key.slice(store.length + 1), held.get(key) as Entry<T>])),
      put: (store, key, entry) => {
        if (this.full) return Promise.reject(new Error("no room left"));
        held.set(`${store}/${key}`, structuredClone(entry));
        return Promise.resolve();
      },
      delete: (store, key) => Promise.resolve(void held.delete(`${store}/${key}`)),
      close: () => undefined,
    });
  }

  wipe(): Promise<void> {
    this.held.clear();
    return Promise.resolve();
  }
}

interface Timer { at: number; callback: () => void }

/** A wire whose other end is the test. */
export class TestWire implements Wire {
  sent: Record<string, unknown>[] = [];
  open = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code = 1000): void {
    this.onclose?.({ code });
  }

  accept(): void {
    this.open = true;
    this.onopen?.();
  }

  say(frame: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Answers the newest command with this op. */
  answer(op: string, frame: Record<string, unknown>): void {
    const command = this.sent.findLast((one) => one["op"] === op);
    if (command === undefined) throw new Error(`no ${op} was sent`);
    this.say({ ...frame, id: command["id"] });
  }

  welcome(epoch = "e1", time = 0): void {
    this.accept();
    const member = { handle: "a", role: "member", specialties: [], country: "DE", feed: "f" };
    this.answer("hello", { op: "welcome", member, epoch, time, limits: {} });
  }
}

/** A world in which the test moves time, opens wires and draws the random numbers. */
export class TestWorld implements World {
  time = 0;
  chance = 0.5;
  wires: TestWire[] = [];
  private timers: Timer[] = [];
  private returned: (() => void)[] = [];
  private keys = 0;

  clock = {
    now: () => this.time,
    after: (milliseconds: number, callback: () => void) => {
      const timer = { at: this.time + milliseconds, callback };
      this.timers.push(timer);
      return () => { this.timers = this.timers.filter((one) => one !== timer); };
    },
  };
  random = () => this.chance;
  uuid = () => `key-${++this.keys}`;
  connect = () => {
    const wire = new TestWire();
    this.wires.push(wire);
    return wire;
  };
  fetch: typeof fetch = () => Promise.reject(new Error("no network"));
  sha256 = async (text: string) => createHash("sha256").update(text).digest("hex");
  onReturn = (callback: () => void) => {
    this.returned.push(callback);
    return () => { this.returned = this.returned.filter((one) => one !== callback); };
  };

  get wire(): TestWire {
    return this.wires.at(-1)!;
  }

  pass(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.time = next.at;
      next.callback();
    }
    this.time = until;
  }

  keeping: Keeping = new TestKeeping();
  local = new TestStorage();
  session = new TestStorage();
  private works = Promise.resolve();

  alone = (_name: string, work: () => Promise<void>) => {
    const mine = this.works.then(work);
    this.works = mine.catch(() => undefined);
    return mine;
  };

  private channels = new Set<(message: unknown) => void>();

  channel = (_name: string, onMessage: (message: unknown) => void) => {
    this.channels.add(onMessage);
    return {
      post: (message: unknown) => { for (const other of this.channels) if (other !== onMessage) other(message); },
      close: () => { this.channels.delete(onMessage); },
    };
  };

  comeBack(): void {
    for (const callback of this.returned) callback();
  }
}

/** Lets promises that are settled call back. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
}
