import { batch, computed, signal } from "@preact/signals";
import type { LiveEvent, PageChanged, Paged, PageReminded } from "../protocol/messages";
import type { Page, PagerApi, Reason } from "../protocol/pager";
import { Refused } from "../protocol/socket";
import { asked, endedSince, further, isFurther, isOpen, moved, waits } from "./page";

const URGENCY: Record<Page["urgency"], number> = { emergency: 0, urgent: 1, today: 2, routine: 3 };

/** What was told of a page, as what it makes of the page that was read. */
type Told = [id: string, of: (read: Page | undefined) => Page | undefined];

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
  /** Whose pages these are: an answer to who has left is nobody's. */
  private generation = 0;
  /** What is told while pages are read, in its order: it may be newer than what was read. Null while nothing is read. */
  private told: Told[] | null = null;
  /** What the server was told of the receipt of each page. */
  private receipts = new Map<string, "delivered" | "seen">();
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
    const told: Told[] = (this.told = []);
    try {
      const [open, all] = await Promise.all([this.api.pages(true), this.api.pages(null)]);
      if (this.told !== told) return;
      this.told = null;
      const read = new Map<string, Page>();
      // Each was read at its own moment.
      for (const page of [...all.pages, ...open.pages]) read.set(page.id, further(read.get(page.id), page));
      const named = new Set(told.map(([id]) => id));
      for (const page of this.byId.value.values()) {
        // What was open and is not read any more has ended long ago.
        if (!read.has(page.id) && (!isOpen(page) || named.has(page.id))) read.set(page.id, page);
      }
      for (const [id, of] of told) {
        const page = of(read.get(id));
        if (page !== undefined) read.set(id, page);
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
      if (this.told !== told) return;
      this.told = null;
      this.problem.value = error;
      if (this.phase.value === "loading") this.phase.value = "broken";
    }
  }

  /** Reads further back. Throws Refused. */
  async loadMore(): Promise<void> {
    const { cursor, generation } = this;
    if (cursor === null) return;
    const read = await this.api.pages(null, cursor);
    // Read anew meanwhile, it goes on from there.
    if (generation !== this.generation || cursor !== this.cursor) return;
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
    this.put({ ...page, state: "seen" });
    this.confirm(page, "seen");
  }

  /** The line that says what became of a page was read. */
  dismiss(): void {
    this.passed.value = null;
  }

  clear(): void {
    this.generation++;
    this.told = null;
    this.cursor = null;
    this.byId.value = new Map();
    this.receipts.clear();
    this.deciding.clear();
    this.passed.value = null;
    this.problem.value = null;
    this.more.value = false;
    this.phase.value = "loading";
  }

  private paged(data: Paged, at: number): void {
    const fresh = asked(data, at);
    const { id } = fresh;
    this.told?.push([id, (read) => {
      if (read === undefined) return fresh;
      return isOpen(read) ? further(fresh, read) : endedSince(read, at) ? read : fresh;
    }]);
    const page = this.page(id);
    if (page !== undefined && endedSince(page, at)) return;
    this.receipts.delete(id);
    this.passed.value = null;
    this.put(fresh);
    this.confirm(fresh, "delivered");
  }

  private changed(data: PageChanged, at: number): void {
    const { page: id, state } = data;
    this.told?.push([id, (read) => read && moved(read, data, at)]);
    const page = this.page(id);
    if (page === undefined || !isOpen(page)) return;
    const fresh = moved(page, data, at);
    const own = state === "declined" || state === "handed_over" || this.deciding.has(id) || (state === "answered" && !waits(page));
    if (!isOpen(fresh) && !own) this.passed.value = fresh;
    this.put(fresh);
  }

  private reminded({ page: id, reopens_at }: PageReminded): void {
    this.told?.push([id, (read) => read && { ...read, reopens_at }]);
    const page = this.page(id);
    if (page !== undefined) this.put({ ...page, reopens_at });
  }

  private async decide(id: string, work: Promise<Page>): Promise<void> {
    const { generation } = this;
    this.deciding.add(id);
    try {
      const fresh = await work;
      if (generation === this.generation) this.take(fresh);
    } catch (error) {
      // It was over before: what became of it is read, so that it is not shown as open.
      if (error instanceof Refused && !error.retry && generation === this.generation) await this.load();
      throw error;
    } finally {
      this.deciding.delete(id);
    }
  }

  private take(fresh: Page): void {
    this.told?.push([fresh.id, (read) => further(read, fresh)]);
    this.put(further(this.page(fresh.id), fresh));
  }

  private put(page: Page): void {
    this.byId.value = new Map([...this.byId.value, [page.id, page]]);
  }

  /** Tells the server once that the page has come, or was looked at; where that fails it is told with the next reading. */
  private confirm(page: Page, state: "delivered" | "seen"): void {
    if (!waits(page) || !isFurther(state, page.state) || !isFurther(state, this.receipts.get(page.id) ?? "sent")) return;
    this.receipts.set(page.id, state);
    this.api.received(page.id, state).catch(() => this.receipts.delete(page.id));
  }
}
