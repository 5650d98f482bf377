// Written by `python -m tools.protocol_types` from lounge/live/messages.py: change it there.

export * from "./resources";

export interface Hello {
  op: "hello";
  client?: string;
  token?: string | null;
  id: number;
}

export interface Follow {
  op: "follow";
  stream: string;
  since?: number | null;
  epoch?: string | null;
  id: number;
}

export interface Unfollow {
  op: "unfollow";
  stream: string;
  id: number;
}

export interface Post {
  op: "post";
  stream: string;
  key: string;
  body: string;
  reply_to?: number | null;
  mentions?: number[];
  id: number;
}

export interface Edit {
  op: "edit";
  stream: string;
  key: string;
  target: number;
  rev: number;
  body: string;
  id: number;
}

export interface Redact {
  op: "redact";
  stream: string;
  key: string;
  target: number;
  id: number;
}

export interface React {
  op: "react";
  stream: string;
  key: string;
  target: number;
  mark: "agree" | "disagree" | "heart" | "important" | "laugh" | "question" | "seen-this" | "thanks";
  set?: boolean;
  id: number;
}

export interface Pin {
  op: "pin";
  stream: string;
  key: string;
  target: number;
  set?: boolean;
  id: number;
}

export interface Versions {
  op: "versions";
  stream: string;
  target: number;
  id: number;
}

export interface Read {
  op: "read";
  stream: string;
  before?: number | null;
  after?: number | null;
  thread?: number | null;
  limit?: number;
  id: number;
}

export interface People {
  op: "people";
  stream: string;
  numbers: number[];
  id: number;
}

export interface Seen {
  op: "seen";
  stream: string;
  seq: number;
  unread?: boolean;
  id: number;
}

export interface Here {
  op: "here";
  stream: string;
  here?: boolean;
  id: number;
}

export interface Who {
  op: "who";
  stream: string;
  id: number;
}

export interface Typing {
  op: "typing";
  stream: string;
  id: number;
}

export interface Ping {
  op: "ping";
  id: number;
}

export interface Person {
  n: number;
  alias: string;
  label: string;
}

export interface Message {
  seq: number;
  by: number;
  at: number;
  body: string;
  rev: number;
  ref?: string;
  reply_to?: number | null;
  reactions?: Record<string, number[]>;
  mentions?: number[];
  edited_at?: number | null;
  redacted?: boolean;
  pinned?: boolean;
  note?: string | null;
}

export interface Version {
  body: string;
  at: number;
}

export interface Present {
  alias: string;
  label: string;
}

export interface Limits {
  body: number;
  frame: number;
  follows: number;
  commands_per_second: number;
  resume: number;
  slice: number;
}

export interface Account {
  handle: string;
  role: string;
  specialties: string[];
  country: string;
  feed: string;
}

export interface Welcome {
  op: "welcome";
  member: Account;
  epoch: string;
  time: number;
  limits: Limits;
  id: number;
}

export interface Followed {
  op: "followed";
  stream: string;
  head: number;
  complete: boolean;
  rights: ("moderate" | "pin" | "post" | "read")[];
  state: "closed" | "open";
  events?: unknown[] | null;
  messages?: Message[] | null;
  people?: Person[];
  you?: number | null;
  seen?: number;
  pins?: number[];
  id: number;
}

export interface Done {
  op: "done";
  seq?: number | null;
  at?: number | null;
  status?: "known" | "new";
  id: number;
}

export interface Slice {
  op: "slice";
  stream: string;
  messages: Message[];
  people: Person[];
  head: number;
  more: boolean;
  id: number;
}

export interface PeopleReply {
  op: "people";
  stream: string;
  people: Person[];
  id: number;
}

export interface VersionsReply {
  op: "versions";
  stream: string;
  target: number;
  versions: Version[];
  id: number;
}

export interface WhoReply {
  op: "who";
  stream: string;
  version: number;
  count: number;
  here: Present[] | null;
  id: number;
}

export interface Pong {
  op: "pong";
  time: number;
  id: number;
}

export interface ErrorReply {
  op: "error";
  code: string;
  message: string;
  retry: boolean;
  id?: number | null;
  retry_after?: number | null;
}

export interface LiveEvent {
  op: "event";
  stream: string;
  seq: number;
  kind: string;
  at: number;
  by: number;
  data: unknown;
  ref?: string;
}

export interface Gap {
  op: "gap";
  stream: string;
  from: number;
  head: number;
}

export interface Bye {
  op: "bye";
  reason: string;
  retry_after: number | null;
}

export interface Evicted {
  op: "evicted";
  stream: string;
}

export interface SeenMark {
  op: "seen";
  stream: string;
  seq: number;
}

export interface TypingNow {
  op: "typing";
  stream: string;
  alias: string;
}

export interface Presence {
  op: "presence";
  stream: string;
  base: number;
  version: number;
  count: number;
  here: Present[] | null;
  came: Present[];
  went: string[];
}

export type Command = Hello | Follow | Unfollow | Post | Edit | Redact | React | Pin | Versions | Read | People | Seen | Here | Who | Typing | Ping;
export type Reply = Welcome | Followed | Done | Slice | PeopleReply | VersionsReply | WhoReply | Pong | ErrorReply;
export type Push = LiveEvent | Gap | Bye | Evicted | SeenMark | TypingNow | Presence;
