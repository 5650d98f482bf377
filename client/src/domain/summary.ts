import type { Investigation, Patient } from "../protocol/messages";

export type Flag = "high" | "low" | null;

/** Years from which on an age is told as "or older". */
export const OLDEST = 90;
/** The most of each unit that the server takes. */
export const AGES: Record<Patient["unit"], number> = { years: OLDEST, months: 36, weeks: 52, days: 90 };

/** What is a number in one country and another one elsewhere: "1,180" is 1.18 or 1180. */
const AMBIGUOUS = /^\s*[<>≤≥~]?\s*\d{1,3}(?:,\d{3})+(?!\d)/;

/** The number that a result begins with: "7.1", "< 0.01", "12,5 (haemolysed)"; null where it is a word, or could be two numbers. */
export function numberOf(value: string): number | null {
  if (AMBIGUOUS.test(value)) return null;
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

/** A row that is kept as it was written: its result stands in its name. */
const NO_VALUE = "–";
const NAME = 80;
const VALUE = 60;
const NUMBER = String.raw`-?\d+(?:[.,]\d+)*`;
const RANGE = String.raw`[([]?\s*(?:ref(?:erence)?\.?:?\s*)?(?:(?<low>${NUMBER})\s*(?:-|–|to|bis|à|a)\s*(?<high>${NUMBER})|[<≤]\s*(?<most>${NUMBER})|[>≥]\s*(?<least>${NUMBER}))[^)\]\d]*[)\]]?`;
const UNIT = String.raw`(?!(?:HH?|LL?)\s*$)(?:[×x]?\s?10\s?\^?\s?\d{1,2}\s?/\s?[\p{L}]+|[\p{L}%‰µμ°][\p{L}\d%µμ°^²³.*·]*(?:\s?/\s?[\p{L}\d.²³^]+(?:\s?m[²2])?)*)`;
const FLAGS = String.raw`(?:\s*(?:HH?|LL?|[↑↓*!]+))?`;
const RESULT = new RegExp(String.raw`^(?<name>\p{L}[^:=\t]*?)(?:\s*[:=\t]\s*|\s+)(?<value>[<>≤≥~]?\s*${NUMBER})(?:\s*(?<unit>${UNIT}))?(?:[\s,;]*${RANGE})?${FLAGS}\s*$`, "iu");
const SAID = /^(?<name>[^:=\t]{1,80})\s*[:=\t]\s*(?<value>.{1,60})$/u;
const WORD = /^(?<name>.{1,80}?)\s+(?<value>(?:not |non-?)?(?:negativ[eo]?|positiv[eo]?|normale?|pending|raised|detected|reactive|trace|nil|absent|present|négatif|positif|unauffällig|ausstehend|pendiente))$/iu;
/** A number on its own within a name: there the line tells of two things. */
const SECOND = /(?:^|\s)\d+(?:[.,]\d+)?(?=[\s,;]|$)/;
/** Characters of a line that can be a result: what is longer belongs into a text. */
const LONGEST = NAME + VALUE;

/** A line such as "Potassium 7.1 mmol/L (3.5-5.3)" or "Blood cultures: negative" as a result; null where it is none, or too long for one. */
export function resultOf(line: string): Investigation | null {
  const text = line.trim();
  if (!text || [...text].length > LONGEST) return null;
  const found = RESULT.exec(text)?.groups;
  if (found !== undefined && !SECOND.test(found["name"]!) && found["name"]!.length <= NAME) {
    const low = bound(found["low"] ?? found["least"]);
    const high = bound(found["high"] ?? found["most"]);
    if (low === null || high === null || low <= high) {
      const value = found["value"]!.replace(/^([<>≤≥~])\s*/, "$1 ").trim();
      return { name: found["name"]!.trim(), value, unit: (found["unit"] ?? "").slice(0, 30), low, high };
    }
  }
  const said = (SAID.exec(text) ?? WORD.exec(text))?.groups;
  const name = said?.["name"]?.trim();
  const value = said?.["value"]?.trim();
  if (name && value) return { name, value, unit: "", low: null, high: null };
  const characters = [...text];
  return { name: characters.slice(0, NAME).join(""), value: characters.slice(NAME).join("") || NO_VALUE, unit: "", low: null, high: null };
}

function bound(text: string | undefined): number | null {
  return text === undefined ? null : numberOf(text);
}

/** All lines as results, and those that are too long for one. */
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
  if (value === NO_VALUE) return name;
  const range = low !== null && high !== null ? ` (${low}-${high})` : high !== null ? ` (<${high})` : low !== null ? ` (>${low})` : "";
  return numberOf(value) === null && !AMBIGUOUS.test(value) ? `${name}: ${value}` : `${name}: ${value}${unit && ` ${unit}`}${range}`;
}
