import { effect, signal, type ReadonlySignal } from "@preact/signals";
import type { World } from "../protocol/world";
import type { Notice, Notices } from "./notices";

/** How somebody is told of what is for them, each by their own choice on this device. */
export type Way = "sound" | "vibration" | "notifications";

/** What calls: a page is louder and longer than a notice. */
export type Call = "notice" | "page";

/** What the device can do, and was allowed to: injected, as it is the browser's. */
export interface Signals {
  sound(call: Call): void;
  vibrate(call: Call): void;
  /** `unsupported`, or what the reader has said so far. */
  permission(): "unsupported" | "default" | "granted" | "denied";
  ask(): Promise<boolean>;
  /** Shows a notification; `open` is called where it is pressed. A page's stays until it is pressed or hidden. */
  show(text: string, tag: string, open: () => void, call: Call): void;
  /** Takes the notification with this tag away. */
  hide(tag: string): void;
  /** How many things are unread: in the title, and on the application's icon where there is one. */
  badge(count: number): void;
  /** Whether the page is looked at right now. */
  looking(): boolean;
}

const PLACE = "alerts";
const OFFERED = "alerts offered";
const ENGAGED = "alerts for pages";
/** Milliseconds: what came before the page was opened, or long ago, rings no bell. */
const RECENT = 60_000;

/** Tells of new notices by sound, vibration and notification, and counts the unread ones. */
export class Alerts {
  readonly ways = signal<ReadonlySet<Way>>(new Set());
  /** Whether it is being asked, where it makes sense, if notifications are wanted. */
  readonly offered = signal(false);
  private told = Infinity;
  private stop: (() => void) | null = null;

  constructor(
    private readonly world: World,
    private readonly signals: Signals,
    private readonly notices: Notices,
    /** Pages that are open: counted with what is unread. */
    private readonly pages: ReadonlySignal<number>,
    /** What a notice is told as, without a word of a case: a locked screen may show it. */
    private readonly text: (notice: Notice) => string,
    private readonly open: (notice: Notice) => void,
    /** The server's time: a device's own clock may be wrong by more than what is recent. */
    private readonly now: () => number,
  ) {}

  get permission(): ReturnType<Signals["permission"]> {
    return this.signals.permission();
  }

  /** Begins for whoever has come in: what their feed has told already is no news. */
  begin(): void {
    const kept = (this.world.local.getItem(PLACE) ?? "").split(" ").filter(Boolean) as Way[];
    this.ways.value = new Set(kept);
    this.told = Infinity;
    this.stop?.();
    const badge = effect(() => this.signals.badge(this.notices.unread.value + this.pages.value));
    const ring = effect(() => this.ring(this.notices.all.value));
    this.stop = () => {
      badge();
      ring();
      this.signals.badge(0);
    };
  }

  /** The feed was read up to here: what comes above it is news. */
  caughtUp(seq: number): void {
    this.told = this.told === Infinity ? seq : Math.max(this.told, seq);
  }

  end(): void {
    this.stop?.();
    this.stop = null;
    this.offered.value = false;
  }

  /** Takes one on or off; notifications need the browser's leave, which is asked for now. */
  async set(way: Way, on: boolean): Promise<void> {
    if (way === "notifications" && on && this.signals.permission() !== "granted" && !(await this.signals.ask())) return;
    const ways = new Set(this.ways.value);
    if (on) ways.add(way);
    else ways.delete(way);
    this.ways.value = ways;
    this.world.local.setItem(PLACE, [...ways].join(" "));
    if (on && way === "sound") this.signals.sound("notice");
    if (on && way === "vibration") this.signals.vibrate("notice");
  }

  /** Asks once, where there is a reason: somebody waits for an answer. */
  offer(): void {
    if (this.signals.permission() !== "default" || this.world.local.getItem(OFFERED) !== null) return;
    this.offered.value = true;
  }

  async answer(yes: boolean): Promise<void> {
    this.offered.value = false;
    this.world.local.setItem(OFFERED, "yes");
    if (yes) await this.set("notifications", true);
  }

  /** Whoever goes on call for the first time on this device, or says so, wants to be woken by it: all ways that the browser allows. */
  async engage(again = false): Promise<void> {
    if (!again && this.world.local.getItem(ENGAGED) !== null) return;
    this.world.local.setItem(ENGAGED, "yes");
    this.world.local.setItem(OFFERED, "yes");
    this.offered.value = false;
    for (const way of ["sound", "vibration"] as const) await this.set(way, true);
    if (this.signals.permission() !== "unsupported") await this.set("notifications", true);
  }

  /** What a page will sound and feel like. */
  rehearse(): void {
    if (this.ways.value.has("sound")) this.signals.sound("page");
    if (this.ways.value.has("vibration")) this.signals.vibrate("page");
  }

  private ring(all: readonly Notice[]): void {
    const now = this.now();
    const news = all.filter((one) => one.seq > this.told && Math.abs(now - one.at) < RECENT);
    if (this.told !== Infinity) this.told = Math.max(this.told, all[0]?.seq ?? 0);
    const newest = news[0];
    if (newest === undefined) return;
    const ways = this.ways.peek();
    if (ways.has("sound")) this.signals.sound("notice");
    if (ways.has("vibration")) this.signals.vibrate("notice");
    if (ways.has("notifications") && !this.signals.looking()) this.signals.show(this.text(newest), `notice ${newest.kind}`, () => this.open(newest), "notice");
  }
}
