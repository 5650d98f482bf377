import { signal } from "@preact/signals";
import type { Duty, DutyChange, PagerApi, Span } from "../protocol/pager";
import { Refused } from "../protocol/socket";

export const DAYS = [0, 1, 2, 3, 4, 5, 6] as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Minutes of the clock: a day has no more, and hours are told in quarters. */
const WHOLE = 24 * 60;
const QUARTER = 15;

/** When the member can be paged: as the server has it, and how it is changed. */
export class DutyModel {
  readonly duty = signal<Duty | null>(null);
  readonly problem = signal<Refused | null>(null);

  /** Whose duty it is: an answer to who has left is nobody's. */
  private generation = 0;

  constructor(private readonly api: PagerApi) {}

  async load(): Promise<void> {
    const { generation } = this;
    try {
      await this.take(this.api.duty());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (generation === this.generation) this.problem.value = error;
    }
  }

  /** The switch: on call until then (milliseconds), or no longer by the switch. Throws Refused. */
  async onCall(until: number | null): Promise<void> {
    // The server's time is known to half a millisecond, and it takes whole ones.
    await this.take(this.api.onCall(until === null ? null : Math.round(until)));
  }

  /** Changes what is given; throws Refused, `stale` where it was changed meanwhile: then it is read anew. */
  async change(change: Omit<DutyChange, "version">): Promise<void> {
    const { generation } = this;
    const duty = this.duty.value;
    if (duty === null) return;
    try {
      await this.take(this.api.change({ ...change, version: duty.version }));
    } catch (error) {
      if (error instanceof Refused && error.code === "stale" && generation === this.generation) await this.load();
      throw error;
    }
  }

  clear(): void {
    this.generation++;
    this.duty.value = null;
    this.problem.value = null;
  }

  private async take(answer: Promise<Duty>): Promise<void> {
    const { generation } = this;
    const duty = await answer;
    if (generation !== this.generation) return;
    this.duty.value = duty;
    this.problem.value = null;
  }
}

/** Until when the switch is on, or null: what was to end has ended. */
export function switchedUntil(duty: Duty, now: number): number | null {
  return duty.on_call_until !== null && duty.on_call_until > now ? duty.on_call_until : null;
}

/** Until when the member is not to be disturbed, or null. */
export function undisturbedUntil(duty: Duty, now: number): number | null {
  return duty.undisturbed_until !== null && duty.undisturbed_until > now ? duty.undisturbed_until : null;
}

/** The next time at which the device's clock shows "HH:MM", or null where that is no time. */
export function nextAt(text: string, now: number): number | null {
  const minutes = minutesOf(text);
  if (minutes === null || minutes === WHOLE) return null;
  const at = new Date(now);
  at.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
  return at.getTime() > now ? at.getTime() : at.getTime() + DAY;
}

/** "HH:MM" as minutes of the day; "24:00" is its end. */
export function minutesOf(text: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (found === null) return null;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return minutes <= WHOLE && Number(found[2]) < 60 ? minutes : null;
}

export type WrongHours = "days" | "from" | "to" | "quarter";

/** The same hours on several days; what does not end after it began ends on the day after. */
export function spansOf(days: readonly number[], from: string, to: string): Span[] | WrongHours {
  const begin = minutesOf(from);
  const end = minutesOf(to);
  if (days.length === 0) return "days";
  if (begin === null || begin === WHOLE) return "from";
  if (end === null) return "to";
  if (begin % QUARTER > 0 || end % QUARTER > 0) return "quarter";
  // Midnight as an end is the end of the same day.
  return days.map((day) => ({ day, from, to: end === 0 ? "24:00" : to }));
}

/** Whether a span ends on the day after. */
export const overnight = (span: Span): boolean => minutesOf(span.to)! <= minutesOf(span.from)!;

/** Spans in order, each once. */
export function ordered(spans: readonly Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => a.day - b.day || a.from.localeCompare(b.from) || a.to.localeCompare(b.to));
  return sorted.filter((span, index) => index === 0 || !same(span, sorted[index - 1]!));
}

const same = (one: Span, other: Span): boolean => one.day === other.day && one.from === other.from && one.to === other.to;
