import type { Investigation, Patient } from "../protocol/messages";

export type Flag = "high" | "low" | null;

/** Years from which on an age is told as "or older". */
export const OLDEST = 90;
/** The most of each unit that the server takes. */
export const AGES: Record<Patient["unit"], number> = { years: OLDEST, months: 36, weeks: 52, days: 90 };

/** The number that a result begins with: "7.1", "< 0.01", "12,5 (haemolysed)"; null where it is a word. */
export function numberOf(value: string): number | null {
  const found = /^\s*[<>≤≥~]?\s*(-?\d+(?:[.,]\d+)?)(?![\d/:.])/.exec(value);
  return found === null ? null : Number(found[1]!.replace(",", "."));
}

/** Where a result lies beside its range; null within it, or where that can't be said. */
export function flagOf({ value, low, high }: Investigation): Flag {
  const number = numberOf(value);
  if (number === null) return null;
  if (high !== null && number > high) return "high";
  return low !== null && number < low ? "low" : null;
}

const NUMBER = String.raw`-?\d+(?:[.,]\d+)?`;
const RANGE = new RegExp(String.raw`[([]\s*(?:ref(?:erence)?\.?:?\s*)?(?:(?<low>${NUMBER})\s*(?:-|–|to)\s*(?<high>${NUMBER})|[<≤]\s*(?<most>${NUMBER})|[>≥]\s*(?<least>${NUMBER}))[^)\]]*[)\]]\s*$`, "i");
const RESULT = /^(?<name>[^:=\t]*?[\p{L}\d)%+-])(?:\s*[:=\t]\s*|\s+)(?<value>[<>≤≥~]?\s*-?\d+(?:[.,]\d+)?)(?:\s*(?<unit>[\p{L}%µμ°/][\p{L}\d%µμ°/^²³.*·-]*(?:\s?\/\s?[\p{L}\d.²³^]+)*))?\s*$/u;
const WORDS = /^(?<name>[^:=\t]{1,80})\s*[:=\t]\s*(?<value>.{1,60})$/;

/** Characters of a line that can be a result: what is longer is not looked at. */
const LONGEST = 300;

/** A line such as "Potassium 7.1 mmol/L (3.5-5.3)" or "Blood cultures: negative" as a result; null where it is none. */
export function resultOf(line: string): Investigation | null {
  if (line.length > LONGEST) return null;
  const range = RANGE.exec(line);
  const rest = (range === null ? line : line.slice(0, range.index)).trim();
  const parts = RESULT.exec(rest)?.groups ?? WORDS.exec(rest)?.groups;
  const name = parts?.["name"]?.trim();
  const value = parts?.["value"]?.replace(/^([<>≤≥~])\s*/, "$1 ").trim();
  if (!name || !value || name.length > 80) return null;
  const bound = (text: string | undefined) => (text === undefined ? null : Number(text.replace(",", ".")));
  const low = bound(range?.groups?.["low"] ?? range?.groups?.["least"]);
  const high = bound(range?.groups?.["high"] ?? range?.groups?.["most"]);
  if (low !== null && high !== null && low > high) return null;
  return { name, value, unit: (parts?.["unit"] ?? "").slice(0, 30), low, high };
}

/** All lines as results, and those that are none. */
export function resultsOf(text: string): { results: Investigation[]; unread: string[] } {
  const lines = text.split("\n").map((line) => line.replace(/^[\s•*-]+/, "").trim()).filter(Boolean);
  const results: Investigation[] = [];
  const unread: string[] = [];
  for (const line of lines) {
    const found = resultOf(line);
    if (found === null) unread.push(line);
    else results.push(found);
  }
  return { results, unread };
}

/** A result as a line that `resultOf` reads as the same result. */
export function lineOf({ name, value, unit, low, high }: Investigation): string {
  const range = low !== null && high !== null ? ` (${low}-${high})` : high !== null ? ` (<${high})` : low !== null ? ` (>${low})` : "";
  return numberOf(value) === null ? `${name}: ${value}${range}` : `${name}: ${value}${unit && ` ${unit}`}${range}`;
}
