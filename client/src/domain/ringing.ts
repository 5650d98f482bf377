import { effect, type ReadonlySignal } from "@preact/signals";
import type { Page } from "../protocol/pager";
import type { World } from "../protocol/world";
import type { Signals, Way } from "./alerts";
import type { Pager } from "./pager";

/** Milliseconds between two rings of an emergency, and how often it rings at the most. */
const AGAIN = 10_000;
const TIMES = 5;

const tagOf = (id: string) => `page ${id}`;

/** Rings for each page that comes, in the ways chosen on this device; for an emergency again and again until it was looked at. */
export class Ringing {
  /** Pages that have rung, or were there before: by id, how to stop what rings again. */
  private rung = new Map<string, () => void>();
  private first = true;
  private stop: (() => void) | null = null;

  constructor(
    private readonly world: World,
    private readonly signals: Signals,
    private readonly pager: Pager,
    private readonly ways: ReadonlySignal<ReadonlySet<Way>>,
    /** What is said where anybody may read it: urgency and specialty, and not a word of the case. */
    private readonly text: (page: Page) => string,
    private readonly open: (page: Page) => void,
  ) {}

  begin(): void {
    this.stop?.();
    this.first = true;
    this.stop = effect(() => this.follow(this.pager.phase.value === "loading", this.pager.incoming.value));
  }

  end(): void {
    this.stop?.();
    this.stop = null;
    for (const id of this.rung.keys()) this.hush(id);
  }

  private follow(loading: boolean, incoming: readonly Page[]): void {
    const waiting = new Set(incoming.map((page) => page.id));
    for (const id of this.rung.keys()) if (!waiting.has(id)) this.hush(id);
    // Whoever has just opened the page and looks at it sees what is there.
    const sees = this.first && !loading && this.signals.looking();
    for (const page of incoming) {
      if (page.state === "seen") this.rung.get(page.id)?.();
      if (this.rung.has(page.id)) continue;
      this.rung.set(page.id, () => undefined);
      if (!sees && page.state !== "seen") this.ring(page, 1);
    }
    if (!loading) this.first = false;
  }

  private ring(page: Page, time: number): void {
    const ways = this.ways.peek();
    if (ways.has("sound")) this.signals.sound("page");
    if (ways.has("vibration")) this.signals.vibrate("page");
    if (time === 1 && ways.has("notifications") && !this.signals.looking()) this.signals.show(this.text(page), tagOf(page.id), () => this.open(page), "page");
    if (page.urgency === "emergency" && time < TIMES) this.rung.set(page.id, this.world.clock.after(AGAIN, () => this.ring(page, time + 1)));
  }

  private hush(id: string): void {
    this.rung.get(id)?.();
    this.rung.delete(id);
    this.signals.hide(tagOf(id));
  }
}
