import { batch, computed, signal } from "@preact/signals";
import type { LiveEvent, PageChanged, Paged, PageReminded } from "../protocol/messages";
import type { Page, PagerApi, PageState, Reason } from "../protocol/pager";
import { Refused } from "../protocol/socket";

/** How far each state has come. Only `paged`, told anew, begins again: who had taken the case did not write. */
const RANK: Record<PageState, number> = {
  queued: 0, sent: 1, delivered: 2, seen: 3, acknowledged: 4, declined: 5, handed_over: 5, expired: 5, superseded: 5, answered: 5,
};
const URGENCY: Record<Page["urgency"], number> = { emergency: 0, urgent: 1, today: 2, routine: 3 };

/** Whether the page waits for what the member says to it. */
export const waits = (page: Page): boolean => RANK[page.state] < RANK.acknowledged;
export const isOpen = (page: Page): boolean => RANK[page.state] <= RANK.acknowledged;

export type Phase = "loading" | "ready" | "broken";

/** The member's pages by id: read when the feed cannot tell all of them, and kept current by what it tells. */
export class Pager {
  readonly phase = signal<Phase>("loading");
  readonly problem = signal<Refused | null>(null);
  /** The page that ended last while it waited, through no doing of the member: somebody else has the case, or nobody needs to. */
  readonly passed = signal<Page | null>(null);
  readonly more = signal(false);
  /** Pages that wait for an answer: the most urgent first, of those the one that waits longest. */
  readonly incoming = computed(() =>
    [...this.byId.value.values()].filter(waits).sort((a, b) => URGENCY[a.urgency] - URGENCY[b.urgency] || a.paged_at - b.paged_at));
  /** Pages that the member has acknowledged and not answered. */
  readonly held = computed(() => [...this.byId.value.values()].filter((page) => page.state === "acknowledged").sort((a, b) => a.paged_at - b.paged_at));
  readonly over = computed(() => [...this.byId.value.values()].filter((page) => !isOpen(page)).sort((a, b) => (a.id < b.id ? 1 : -1)));
  readonly open = computed(() => this.incoming.value.length + this.held.value.length);
  private readonly byId = signal<ReadonlyMap<string, Page>>(new Map());
  private cursor: string | null = null;
  private asked = 0;
  /** Pages that an event told of since they were last read: newer than what is on its way. */
  private told = new Set<string>();
  /** What the server was told of the receipt of each page. */
  private receipts = new Map<string, number>();
  /** Pages that the member is deciding on: their end is no news. */
  private deciding = new Set<string>();

  constructor(private readonly api: PagerApi) {}

  page(id: string): Page | undefined {
    return this.byId.value.get(id);
  }

  /** The page by which this case was asked of the member. */
  ofCase(id: string): Page | undefined {
    return [...this.byId.value.values()].find((page) => page.case === id);
  }

  /** Reads what is open, and the newest of what is over. */
  async load(): Promise<void> {
    const turn = ++this.asked;
    this.told.clear();
    try {
      const [open, all] = await Promise.all([this.api.pages(true), this.api.pages(null)]);
      if (turn !== this.asked) return;
      const read = new Map([...all.pages, ...open.pages].map((page) => [page.id, page]));
      for (const page of this.byId.value.values()) {
        // What was told meanwhile may be newer; what was open and is not read any more has ended long ago.
        if (this.told.has(page.id) || (!read.has(page.id) && !isOpen(page))) read.set(page.id, page);
      }
      this.cursor = all.next;
      batch(() => {
        this.byId.value = read;
        this.more.value = all.next !== null;
        this.problem.value = null;
        this.phase.value = "ready";
      });
      for (const page of read.values()) this.confirm(page, "delivered");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (turn !== this.asked) return;
      this.problem.value = error;
      if (this.phase.value === "loading") this.phase.value = "broken";
    }
  }

  /** Reads further back. Throws Refused. */
  async loadMore(): Promise<void> {
    if (this.cursor === null) return;
    const read = await this.api.pages(null, this.cursor);
    this.cursor = read.next;
    this.more.value = read.next !== null;
    this.byId.value = new Map([...read.pages.map((page) => [page.id, page] as const), ...this.byId.value]);
  }

  /** Takes an event of the own feed: again and again is the same as once. */
  event(event: LiveEvent): void {
    if (event.kind === "paged") this.paged(event.data as Paged, event.at);
    else if (event.kind === "page.changed") this.changed(event.data as PageChanged, event.at);
    else if (event.kind === "page.reminded") this.reminded(event.data as PageReminded);
  }

  /** Throws Refused, as the two below. */
  acknowledge = (id: string): Promise<void> => this.decide(id, this.api.acknowledge(id));
  decline = (id: string, reason: Reason): Promise<void> => this.decide(id, this.api.decline(id, reason));
  handOver = (id: string, handle: string | null): Promise<void> => this.decide(id, this.api.handOver(id, handle));

  /** The card is on a screen that somebody looks at. */
  seen(id: string): void {
    const page = this.page(id);
    if (page === undefined || !waits(page) || page.state === "seen") return;
    this.told.add(id);
    this.put({ ...page, state: "seen" });
    this.confirm(page, "seen");
  }

  /** The line that says what became of a page was read. */
  dismiss(): void {
    this.passed.value = null;
  }

  clear(): void {
    this.asked++;
    this.byId.value = new Map();
    this.receipts.clear();
    this.passed.value = null;
    this.more.value = false;
    this.phase.value = "loading";
  }

  private paged(data: Paged, at: number): void {
    const { page: id, ...its } = data;
    this.told.add(id);
    this.receipts.delete(id);
    const page: Page = { id, ...its, state: "sent", holder: null, reason: null, paged_at: at, reopens_at: null, ended_at: null };
    this.passed.value = null;
    this.put(page);
    this.confirm(page, "delivered");
  }

  private changed({ page: id, state, holder }: PageChanged, at: number): void {
    this.told.add(id);
    const page = this.page(id);
    if (page === undefined || !isOpen(page)) return;
    const fresh = { ...page, state, holder, ended_at: RANK[state] > RANK.acknowledged ? at : null };
    const own = state === "declined" || state === "handed_over" || this.deciding.has(id) || (state === "answered" && !waits(page));
    if (!isOpen(fresh) && !own) this.passed.value = fresh;
    this.put(fresh);
  }

  private reminded({ page: id, reopens_at }: PageReminded): void {
    this.told.add(id);
    const page = this.page(id);
    if (page !== undefined) this.put({ ...page, reopens_at });
  }

  private async decide(id: string, work: Promise<Page>): Promise<void> {
    this.deciding.add(id);
    try {
      this.take(await work);
    } catch (error) {
      // It was over before: what became of it is read, so that it is not shown as open.
      if (error instanceof Refused && !error.retry) await this.load();
      throw error;
    } finally {
      this.deciding.delete(id);
    }
  }

  private take(fresh: Page): void {
    this.told.add(fresh.id);
    this.put(fresh);
  }

  private put(page: Page): void {
    this.byId.value = new Map([...this.byId.value, [page.id, page]]);
  }

  /** Tells the server once that the page has come, or was looked at; where that fails it is told with the next reading. */
  private confirm(page: Page, state: "delivered" | "seen"): void {
    if (!waits(page) || RANK[page.state] >= RANK[state] || (this.receipts.get(page.id) ?? 0) >= RANK[state]) return;
    this.receipts.set(page.id, RANK[state]);
    this.api.received(page.id, state).catch(() => this.receipts.delete(page.id));
  }
}
