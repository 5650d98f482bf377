/** The first-response clock and ages, from times of the server. All in milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "00:12" (minutes and seconds) below an hour, "3:05 h" below a day, "2 d 4 h" above. */
export function clockText(elapsed: number): string {
  const span = Math.max(0, elapsed);
  if (span < HOUR) return `${two(span / MINUTE)}:${two((span % MINUTE) / SECOND)}`;
  if (span < DAY) return `${Math.floor(span / HOUR)}:${two((span % HOUR) / MINUTE)} h`;
  return `${Math.floor(span / DAY)} d ${Math.floor((span % DAY) / HOUR)} h`;
}

/** "now", "4 min", "3 h", "2 d": as short as a list needs. */
export function ageText(elapsed: number): string {
  const span = Math.max(0, elapsed);
  if (span < MINUTE) return "now";
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} d`;
}

/** How long after `openedAt` somebody else wrote: "40 s", "6 min", "2 h". */
export function responseText(openedAt: number, firstReplyAt: number): string {
  const span = Math.max(0, firstReplyAt - openedAt);
  return span < MINUTE ? `${Math.floor(span / SECOND)} s` : ageText(span);
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
