import type { Load } from "../protocol/paging";

const WEEK = 168;
const DAY = 24;
/** Shades of the map of hours, the lightest 0. */
const SHADES = 4;

/** Hours of the week in UTC, turned to a clock that is so many minutes ahead of it; as they are where those are no whole hours. */
export function localWeek<T>(hours: readonly T[], minutesAhead: number): { hours: T[]; local: boolean } {
  const local = minutesAhead % 60 === 0;
  const ahead = local ? minutesAhead / 60 : 0;
  return { hours: hours.map((_, hour) => hours[(hour - ahead + WEEK) % WEEK]!), local };
}

/** Who is on call at an hour of the day, Monday first. */
export function acrossDays<T>(hours: readonly T[], hour: number): T[] {
  return Array.from({ length: WEEK / DAY }, (_, day) => hours[day * DAY + hour]!);
}

/** How dark an hour is shown: 0 where nobody, or too few to be told, is on call. */
export function shadeOf(members: number | null, most: number): number {
  return members === null || members === 0 || most === 0 ? 0 : Math.max(1, Math.ceil((SHADES * members) / most));
}

/** Responders who bore the same, counted together. */
export function alike(load: readonly Load[]): (Load & { people: number })[] {
  const found = new Map<string, Load & { people: number }>();
  for (const one of load) {
    const key = `${one.pages} ${one.acknowledged}`;
    found.set(key, { ...one, people: (found.get(key)?.people ?? 0) + 1 });
  }
  return [...found.values()];
}
