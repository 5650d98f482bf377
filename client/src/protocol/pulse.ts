import type { Urgency } from "./pager";

/** Milliseconds within which half of the cases, and 95 % of them, came through a stage. */
export interface Spread { p50: number; p95: number }

export interface Stages {
  paged: Spread | null;
  delivered: Spread | null;
  acknowledged: Spread | null;
  replied: Spread | null;
  resolved: Spread | null;
}

export interface Group { of: string; cases: number; times: Stages }

export interface Objective { percent: number; seconds: number; urgencies: Urgency[]; met: number; missed: number; allowed: number }

export interface Load { pages: number; acknowledged: number }

/** How soon cases are answered; of groups of `k` members and more. */
export interface Figures {
  days: number;
  since: number;
  time: number;
  k: number;
  cases: number;
  waiting: number;
  unanswered: number;
  times: Stages | null;
  specialties: Group[];
  countries: Group[];
  urgencies: Group[];
  objective: Objective | null;
  /** Members on call in each hour of the week in UTC, Monday 00:00 first; null where they are fewer than `k`. */
  coverage: (number | null)[];
  load: Load[] | null;
}
