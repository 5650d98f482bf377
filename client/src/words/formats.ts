import type { Words } from "./shape";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const A_MONDAY = Date.UTC(2024, 0, 1);

type Unit = "second" | "minute" | "hour" | "day";

/** Numbers, times and names in one language. Times and spans in milliseconds. */
export class Formats {
  private readonly numbers: Intl.NumberFormat;
  private readonly ages: Intl.RelativeTimeFormat;
  private readonly times: Intl.DateTimeFormat;
  private readonly moments: Intl.DateTimeFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly regions: Intl.DisplayNames;
  private readonly languages: Intl.DisplayNames;
  private readonly lists: Intl.ListFormat;
  private readonly percents: Intl.NumberFormat;
  private readonly soons: Intl.DateTimeFormat;
  private readonly weekdays: Record<"long" | "short", Intl.DateTimeFormat>;
  private readonly spans = new Map<string, Intl.NumberFormat>();

  constructor(private readonly locale: string, private readonly words: Words) {
    this.numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
    this.ages = new Intl.RelativeTimeFormat(locale, { style: "short" });
    this.times = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
    this.moments = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
    this.days = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
    this.percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    this.soons = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit" });
    this.weekdays = {
      long: new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }), short: new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }),
    };
    this.regions = new Intl.DisplayNames([locale], { type: "region" });
    this.languages = new Intl.DisplayNames([locale], { type: "language" });
    this.lists = new Intl.ListFormat(locale, { type: "conjunction" });
  }

  number(value: number): string {
    return this.numbers.format(value);
  }

  time(at: number): string {
    return this.times.format(at);
  }

  moment(at: number): string {
    return this.moments.format(at);
  }

  day(at: number): string {
    return this.days.format(at);
  }

  /** A moment to come: "18:00", with the day of the week where it is not today. */
  soon(at: number, now: number): string {
    return (this.day(at) === this.day(now) ? this.times : this.soons).format(at);
  }

  /** The name of a day of the week; 0 is Monday. */
  weekday(day: number, width: "long" | "short" = "long"): string {
    return this.weekdays[width].format(A_MONDAY + day * DAY);
  }

  /** A share from 0 to 1: "90%". */
  percent(share: number): string {
    return this.percents.format(share);
  }

  region(code: string): string {
    return this.regions.of(code) ?? code;
  }

  /** A country by its English name; where it is none, the name. */
  regionNamed(english: string): string {
    const code = this.locale.startsWith("en") ? undefined : codeOf(english);
    return code === undefined ? english : this.region(code);
  }

  language(code: string): string {
    return this.languages.of(code) ?? code;
  }

  list(items: readonly string[]): string {
    return this.lists.format(items);
  }

  /** "52 years", "7 months". */
  age(value: number, unit: "years" | "months" | "weeks" | "days"): string {
    return new Intl.NumberFormat(this.locale, { style: "unit", unit: unit.slice(0, -1), unitDisplay: "long" }).format(value);
  }

  /** "just now", "4 min ago", "2 days ago": as short as a list needs. */
  ago(elapsed: number): string {
    const span = Math.max(0, elapsed);
    if (span < MINUTE) return this.words.justNow;
    if (span < HOUR) return this.ages.format(-Math.floor(span / MINUTE), "minute");
    if (span < DAY) return this.ages.format(-Math.floor(span / HOUR), "hour");
    return this.ages.format(-Math.floor(span / DAY), "day");
  }

  /** "40 sec", "6 min", "2 hrs", "3 days": how long something took. */
  span(elapsed: number): string {
    const span = Math.max(0, elapsed);
    if (span < MINUTE) return this.unit(Math.floor(span / SECOND), "second", "short");
    if (span < HOUR) return this.unit(Math.floor(span / MINUTE), "minute", "short");
    if (span < DAY) return this.unit(Math.floor(span / HOUR), "hour", "short");
    return this.unit(Math.floor(span / DAY), "day", "short");
  }

  /** A clock that runs: "00:12" (minutes and seconds) below an hour, "3h 5m" below a day, "2d 4h" above. */
  clock(elapsed: number): string {
    const span = Math.max(0, elapsed);
    if (span < HOUR) return `${two(span / MINUTE)}:${two((span % MINUTE) / SECOND)}`;
    const units: [Unit, number, Unit, number] = span < DAY ? ["hour", HOUR, "minute", MINUTE] : ["day", DAY, "hour", HOUR];
    const rest = Math.floor((span % units[1]) / units[3]);
    return `${this.unit(Math.floor(span / units[1]), units[0], "narrow")} ${this.unit(rest, units[2], "narrow")}`;
  }

  private unit(value: number, unit: Unit, unitDisplay: "short" | "narrow"): string {
    const key = `${unit} ${unitDisplay}`;
    let format = this.spans.get(key);
    if (format === undefined) this.spans.set(key, (format = new Intl.NumberFormat(this.locale, { style: "unit", unit, unitDisplay })));
    return format.format(value);
  }
}

/** Lists differ in how they call some: "United States of America" and "United States", "Viet Nam" and "Vietnam". */
function codeOf(english: string): string | undefined {
  const exact = codes().get(english);
  if (exact !== undefined) return exact;
  const plain = (name: string) => name.replace(/[^a-z]/gi, "").toLowerCase();
  const wanted = plain(english);
  for (const [name, code] of codes()) if (plain(name) === wanted || (name.length > 5 && wanted.startsWith(plain(name)))) return code;
  return undefined;
}

let known: Map<string, string> | null = null;

/** Codes of countries by their English names. */
function codes(): Map<string, string> {
  if (known !== null) return known;
  known = new Map();
  const english = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
  for (let first = 65; first <= 90; first++) {
    for (let second = 65; second <= 90; second++) {
      const code = String.fromCharCode(first, second);
      const name = english.of(code);
      if (name !== undefined && !known.has(name)) known.set(name, code);
    }
  }
  return known;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
