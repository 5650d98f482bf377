// Written by `python -m tools.protocol_types` from lounge/live/events.py, lounge/rooms.py, lounge/cases.py and lounge/endings.py: change it there.

export interface Opened {
  case?: string | null;
}

export interface Joined {
  n: number;
  alias: string;
  label: string;
}

export interface Posted {
  body: string;
  reply_to?: number | null;
  mentions?: number[];
  note?: string | null;
  redacted?: boolean;
  superseded?: boolean;
}

export interface Edited {
  target: number;
  body: string;
  redacted?: boolean;
  superseded?: boolean;
}

export interface Redacted {
  target: number;
}

export interface Reacted {
  target: number;
  mark: string;
  set: boolean;
}

export interface Pinned {
  target: number;
  set: boolean;
}

export interface Expired {
  after: number;
  upto: number;
}

export interface Resolved {
  outcome: "confirmed" | "probable" | "referred" | "unresolved";
  accepted: number | null;
}

export interface Reopened {
}

export interface Withdrawn {
}

export interface Corrected {
  rev: number;
  fields: string[];
}

export interface Mentioned {
  stream: string;
  seq: number;
  case?: string | null;
}

export interface Invited {
  stream: string;
  room: "consult" | "direct";
}

export interface FollowUpAsked {
  case: string;
  days: number;
}

export interface CaseLine {
  id: string;
  room: string;
  title: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  audience: "all" | "members" | "specialties";
  state: "answered" | "open" | "reopened" | "resolved" | "withdrawn";
  label: string;
  opened_at: number;
  last_at: number;
  replies: number;
  first_reply_at: number | null;
  rev: number;
  outcome: "confirmed" | "probable" | "referred" | "unresolved" | null;
  language: string;
}

export interface CaseChanged {
  case: string;
  rev: number;
  state: "answered" | "open" | "reopened" | "resolved" | "withdrawn";
  urgency: "emergency" | "routine" | "today" | "urgent";
  outcome: "confirmed" | "probable" | "referred" | "unresolved" | null;
  last_at: number;
  replies: number;
  first_reply_at: number | null;
}

export interface CaseRetitled {
  case: string;
  rev: number;
  title: string;
}

export interface Paged {
  page: string;
  case: string;
  room: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  language: string;
  label: string;
  opened_at: number;
  why: string[];
  others: string[];
  next_at: number | null;
}

export interface PageChanged {
  page: string;
  case: string;
  state: "acknowledged" | "answered" | "declined" | "delivered" | "expired" | "handed_over" | "queued" | "seen" | "sent" | "superseded";
  holder: string | null;
}

export interface PageReminded {
  page: string;
  case: string;
  reopens_at: number;
}

export interface SearchChanged {
  case: string;
  state: "answered" | "ended" | "exhausted" | "held" | "searching" | "stood_down";
  paged: number;
  open: number;
  acknowledged: number;
  declined: number;
  next_at: number | null;
  next_people: number | null;
}

export interface PagerAlarm {
  case: string;
  reason: "overdue" | "unanswered" | "unreached";
}

export interface OwnLine {
  id: string;
  room: string;
  title: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  audience: "all" | "members" | "specialties";
  state: "answered" | "open" | "reopened" | "resolved" | "withdrawn";
  label: string;
  opened_at: number;
  last_at: number;
  replies: number;
  first_reply_at: number | null;
  rev: number;
  outcome: "confirmed" | "probable" | "referred" | "unresolved" | null;
  language: string;
  mine: boolean;
  notify: "follow" | "mute" | "normal";
}

export interface Case {
  id: string;
  room: string;
  title: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  audience: "all" | "members" | "specialties";
  state: "answered" | "open" | "reopened" | "resolved" | "withdrawn";
  label: string;
  opened_at: number;
  last_at: number;
  replies: number;
  first_reply_at: number | null;
  rev: number;
  outcome: "confirmed" | "probable" | "referred" | "unresolved" | null;
  language: string;
  mine: boolean;
  notify: "follow" | "mute" | "normal";
  presentation: string;
  question: string;
  summary: Summary;
  licence: string | null;
  views: number;
  diagnosis: string;
  learned: string;
  accepted: number | null;
  resolved_at: number | null;
  may: ("correct" | "follow-up" | "reopen" | "resolve" | "withdraw")[];
  follow_up: number | null;
}

export interface Room {
  stream: string;
  kind: "case" | "consult" | "direct" | "lounge";
  group: string;
  title: string;
  state: "closed" | "open";
  head: number;
  last_at: number;
  posts: number;
  case: string | null;
  you: number | null;
  seen: number;
  unread: number;
  notify: "follow" | "mute" | "normal";
  retention_days: number | null;
  language: string;
}

export interface Summary {
  patient: Patient | null;
  history: string;
  examination: string;
  investigations: Investigation[];
}

export interface Patient {
  age: number;
  unit: "days" | "months" | "weeks" | "years";
  sex: "female" | "male" | "other";
}

export interface Investigation {
  name: string;
  value: string;
  unit: string;
  low: number | null;
  high: number | null;
}

export interface Draft {
  title: string;
  specialty: string;
  urgency: "emergency" | "routine" | "today" | "urgent";
  presentation: string;
  question: string;
  summary?: Summary;
  audience?: Audience;
  language?: string;
  licence?: string | null;
  drill?: boolean;
}

export interface Audience {
  kind?: "all" | "members" | "specialties";
  specialties?: string[];
  members?: string[];
}

export interface Resolution {
  outcome: "confirmed" | "probable" | "referred" | "unresolved";
  diagnosis?: string;
  learned?: string;
  accepted?: number | null;
}

export interface Correction {
  rev: number;
  title?: string | null;
  urgency?: "emergency" | "routine" | "today" | "urgent" | null;
  presentation?: string | null;
  question?: string | null;
  diagnosis?: string | null;
  learned?: string | null;
  summary?: Summary | null;
}

export interface FollowUp {
  body: string;
}

export interface Begin {
  kind: "consult" | "direct";
  title?: string;
  members?: string[];
  participants?: Whom[];
  retention_days?: number | null;
  language?: string;
}

export interface Whom {
  stream: string;
  n: number;
}
