import type { Duty, DutyChange, Page, Search } from "./paging";

export type { Asked, Duty, DutyChange, Page, Search, Span } from "./paging";
export type PageState = Page["state"];
export type SearchState = Search["state"];
export type Urgency = Page["urgency"];

/** Why a page is declined. */
export const REASONS = ["busy", "resting", "not_my_field", "conflict_of_interest", "other"] as const;
export type Reason = (typeof REASONS)[number];
/** What an author may ask of a search. */
export type Steering = Search["may"][number];

export interface PageList { pages: Page[]; next: string | null; time: number }

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
