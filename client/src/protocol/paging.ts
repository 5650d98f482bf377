// Written by `python -m tools.protocol_types` from lounge/paging: change it there.

export interface Page {
  id: string;
  case: string;
  room: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  language: string;
  label: string;
  state: "acknowledged" | "answered" | "declined" | "delivered" | "expired" | "handed_over" | "queued" | "seen" | "sent" | "superseded";
  why: string[];
  others: string[];
  holder: string | null;
  reason: "busy" | "conflict_of_interest" | "not_my_field" | "other" | "resting" | null;
  opened_at: number;
  paged_at: number;
  next_at: number | null;
  reopens_at: number | null;
  ended_at: number | null;
}

export interface Asked {
  label: string;
  state: "acknowledged" | "answered" | "declined" | "delivered" | "expired" | "handed_over" | "queued" | "seen" | "sent" | "superseded";
  at: number;
}

export interface Search {
  case: string;
  state: "answered" | "ended" | "exhausted" | "held" | "searching" | "stood_down";
  paged: number;
  open: number;
  acknowledged: number;
  declined: number;
  next_at: number | null;
  next_people: number | null;
  opened_at: number;
  first_paged_at: number | null;
  acknowledged_at: number | null;
  people: Asked[];
  may: ("call-more" | "stand-down" | "widen")[];
}

export interface Span {
  day: number;
  from: string;
  to: string;
}

export interface Now {
  on_call: boolean;
  awake: boolean;
  local: string;
  pages_today: number;
}

export interface Duty {
  zone: string;
  hours: Span[];
  quiet: Span[];
  awake_too: boolean;
  on_call_until: number | null;
  undisturbed_until: number | null;
  stand_in: string | null;
  stands_in: boolean;
  budget: number;
  paged_for: string[];
  now: Now;
  version: number;
}

export interface Spread {
  p50: number;
  p95: number;
}

export interface Stages {
  paged: Spread | null;
  delivered: Spread | null;
  acknowledged: Spread | null;
  replied: Spread | null;
  resolved: Spread | null;
}

export interface Group {
  of: string;
  cases: number;
  times: Stages;
}

export interface Objective {
  percent: number;
  seconds: number;
  urgencies: ("emergency" | "routine" | "today" | "urgent")[];
  met: number;
  missed: number;
  allowed: number;
}

export interface Load {
  pages: number;
  acknowledged: number;
}

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
  coverage: (number | null)[];
  load: Load[] | null;
}

export interface DutyChange {
  version: number;
  zone?: string;
  hours?: Span[];
  quiet?: Span[];
  awake_too?: boolean;
  on_call_until?: number | null;
  undisturbed_until?: number | null;
  stand_in?: string | null;
  stands_in?: boolean;
  budget?: number;
  paged_for?: string[];
}
