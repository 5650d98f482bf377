import { browserKeeping, type Keeping } from "./keep";

/** What the protocol and domain layers need of the outside: injected, so that tests move time and cut wires. */
export interface Clock {
  /** Milliseconds since 1970, by this machine's clock. */
  now(): number;
  /** Calls back once after so many milliseconds; returns how to prevent it. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** As much of a browser's WebSocket as the socket uses. */
export interface Wire {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

/** As much of a browser's small storages as is used. */
export interface Small {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  clear(): void;
}

export interface World {
  clock: Clock;
  random: () => number;
  uuid: () => string;
  connect: () => Wire;
  fetch: typeof fetch;
  /** SHA-256 of some ASCII characters, as hexadecimal digits. */
  sha256: (text: string) => Promise<string>;
  /** Tells when the network is back or the page is looked at again; returns how to stop. */
  onReturn: (callback: () => void) => () => void;
  keeping: Keeping;
  local: Small;
  session: Small;
  /** Does some work while no other tab does work of this name. */
  alone: (name: string, work: () => Promise<void>) => Promise<void>;
  /** A channel to the other tabs of this origin. */
  channel: (name: string, onMessage: (message: unknown) => void) => { post(message: unknown): void; close(): void };
}

export function browserWorld(): World {
  return {
    clock: {
      now: () => Date.now(),
      after: (milliseconds, callback) => {
        const timer = setTimeout(callback, milliseconds);
        return () => clearTimeout(timer);
      },
    },
    random: () => Math.random(),
    uuid: () => crypto.randomUUID(),
    connect: () => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      return new WebSocket(`${scheme}://${location.host}/live`, "lounge.v1+json") as unknown as Wire;
    },
    fetch: (input, init) => fetch(input, init),
    sha256: async (text) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
    onReturn: (callback) => {
      const seen = () => {
        if (document.visibilityState === "visible") callback();
      };
      addEventListener("online", callback);
      document.addEventListener("visibilitychange", seen);
      return () => {
        removeEventListener("online", callback);
        document.removeEventListener("visibilitychange", seen);
      };
    },
    keeping: browserKeeping(),
    local: localStorage,
    session: sessionStorage,
    alone: async (name, work) => {
      // Without locks two tabs may send the same: its key makes that harmless.
      await ("locks" in navigator ? navigator.locks.request(name, work) : work());
    },
    channel: (name, onMessage) => {
      const channel = new BroadcastChannel(name);
      channel.onmessage = (event) => onMessage(event.data);
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
  };
}
