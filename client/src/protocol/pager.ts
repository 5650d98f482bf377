import type { PageChanged, SearchChanged } from "./messages";
import type { OwnLine } from "./messages";

export type PageState = PageChanged["state"];
export type SearchState = SearchChanged["state"];
export type Urgency = OwnLine["urgency"];

/** Why a page is declined. */
export const REASONS = ["busy", "resting", "not_my_field", "conflict_of_interest", "other"] as const;
export type Reason = (typeof REASONS)[number];

/** One case asked of the member. Times in milliseconds; labels, never handles. */
export interface Page {
  id: string;
  case: string;
  room: string;
  specialty: string;
  urgency: Urgency;
  language: string;
  /** Its author's. */
  label: string;
  state: PageState;
  /** Codes, with what they speak of behind a colon: `specialty:cardiology`, `on_call`, `local:14:20`, `today:1`. */
  why: string[];
  others: string[];
  holder: string | null;
  reason: string | null;
  paged_at: number;
  opened_at: number;
  next_at: number | null;
  reopens_at: number | null;
  ended_at: number | null;
}

export interface PageList { pages: Page[]; next: string | null; time: number }

/** Somebody who was asked, as the author learns of them. */
export interface Asked { label: string; state: PageState; at: number }

/** The search for responders to a case, for its author and moderators. */
export interface Search extends SearchChanged {
  opened_at: number;
  first_paged_at: number | null;
  acknowledged_at: number | null;
  people: Asked[];
  /** What may be asked of it now. */
  may: Steering[];
}

/** A part of each week in the member's own zone; `day` 0 is Monday, times are quarters of hours; where `to` is not after `from` it ends on the next day. */
export interface Span { day: number; from: string; to: string }

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
  now: { on_call: boolean; awake: boolean; local: string; pages_today: number };
  version: number;
}

export type DutyChange = Partial<Omit<Duty, "now" | "on_call_until">> & { version: number };

/** How the pager speaks with the server: never from what the device kept, since a page of an hour ago is none. */
interface Asking {
  ask<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<T>;
}

/** The pager's part of the server. Every method throws Refused. */
export class PagerApi {
  constructor(private readonly asking: Asking) {}

  pages(open: boolean | null, cursor: string | null = null): Promise<PageList> {
    const query = new URLSearchParams();
    if (open !== null) query.set("open", String(open));
    if (cursor !== null) query.set("cursor", cursor);
    return this.asking.ask(`/api/v1/pager/pages${query.size > 0 ? `?${query}` : ""}`);
  }

  acknowledge = (id: string): Promise<Page> => this.does(id, "acknowledge", undefined);
  decline = (id: string, reason: Reason): Promise<Page> => this.does(id, "decline", { reason });
  /** To the member with this handle, or to whoever is next where it is null. */
  handOver = (id: string, handle: string | null): Promise<Page> => this.does(id, "hand-over", { handle });
  received = (id: string, state: "delivered" | "seen"): Promise<unknown> => this.asking.post(`/api/v1/pager/pages/${id}/received`, { state });

  duty = (): Promise<Duty> => this.asking.ask("/api/v1/pager/duty");
  change = (change: DutyChange): Promise<Duty> => this.asking.post("/api/v1/pager/duty", change);
  onCall = (until: number | null): Promise<Duty> => this.asking.post("/api/v1/pager/on-call", { until });

  search = async (id: string): Promise<Search> => (await this.asking.ask<{ search: Search }>(`/api/v1/cases/${id}/paging`)).search;
  async steer(id: string, what: Steering, key: string): Promise<Search> {
    return (await this.asking.post<{ search: Search }>(`/api/v1/cases/${id}/paging/${what}`, undefined, { "Idempotency-Key": key })).search;
  }

  private async does(id: string, what: string, body: unknown): Promise<Page> {
    return (await this.asking.post<{ page: Page }>(`/api/v1/pager/pages/${id}/${what}`, body)).page;
  }
}

/** What an author may ask of a search. */
export type Steering = "call-more" | "widen" | "stand-down";
