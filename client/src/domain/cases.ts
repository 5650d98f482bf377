import { computed, signal } from "@preact/signals";
import { Refused } from "../protocol/socket";
import type { Api, CaseFilters } from "../protocol/api";
import type { CaseChanged, CaseLine, CaseRetitled, LiveEvent, OwnLine } from "../protocol/messages";

export type CaseState = OwnLine["state"];
export type Phase = "loading" | "ready" | "broken";

/** What a list shows at first: the cases that are not over. */
export const GOING_ON: CaseFilters = { state: ["open", "answered", "reopened"] };

/** The list of cases under the filters chosen, kept current by events of boards and the own feed. */
export class CaseList {
  readonly phase = signal<Phase>("loading");
  readonly problem = signal("");
  readonly filters = signal<CaseFilters>(GOING_ON);
  /** Whether the member chose what to see. */
  readonly filtered = computed(() => JSON.stringify(this.filters.value) !== JSON.stringify(GOING_ON));
  readonly more = signal(false);
  readonly loadingMore = signal(false);
  readonly lines = computed(() => {
    const waitingFirst = this.filters.value.order === "waiting";
    return [...this.byId.value.values()].sort((a, b) => (a.id < b.id === waitingFirst ? -1 : 1));
  });
  private readonly byId = signal<ReadonlyMap<string, OwnLine>>(new Map());
  private cursor: string | null = null;
  private asked = 0;
  /** What was told since the list was asked for, whose answer may be older; null: nothing is asked for. */
  private meanwhile: LiveEvent[] | null = null;

  constructor(private readonly api: Api) {}

  /** Reads the first page anew. */
  async load(): Promise<void> {
    const turn = ++this.asked;
    this.meanwhile = [];
    try {
      const page = await this.api.cases(this.filters.value, null);
      if (turn !== this.asked) return;
      this.byId.value = new Map(page.cases.map((line) => [line.id, line]));
      this.turnTo(page.next);
      this.phase.value = "ready";
      const told = this.meanwhile;
      this.meanwhile = null;
      for (const event of told ?? []) this.take(event);
    } catch (error) {
      if (turn !== this.asked) return;
      this.meanwhile = null;
      this.stumble(error);
    }
  }

  async loadMore(): Promise<void> {
    if (this.cursor === null || this.loadingMore.value) return;
    this.loadingMore.value = true;
    const turn = this.asked;
    try {
      const page = await this.api.cases(this.filters.value, this.cursor);
      if (turn !== this.asked) return;
      this.byId.value = new Map([...this.byId.value, ...page.cases.map((line) => [line.id, line] as const)]);
      this.turnTo(page.next);
    } catch (error) {
      this.stumble(error);
    } finally {
      this.loadingMore.value = false;
    }
  }

  /** Changes what is asked for; undefined takes a filter away. */
  filter(change: { [K in keyof CaseFilters]?: CaseFilters[K] | undefined }): void {
    const filters = { ...this.filters.value, ...change };
    this.filters.value = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as CaseFilters;
    this.phase.value = "loading";
    void this.load();
  }

  /** Takes all filters away. */
  clear(): void {
    this.filters.value = {};
    this.filter(GOING_ON);
  }

  /** Takes a case that was read whole, unless what the list shows of it is newer: a reply was told while it was read. */
  refresh(line: OwnLine): void {
    const known = this.byId.value.get(line.id);
    if (known === undefined || line.rev < known.rev || (line.rev === known.rev && line.replies < known.replies)) return;
    this.put(this.lineOf(line));
  }

  /** Takes what this member wants to be told of a case. */
  notified(id: string, notify: OwnLine["notify"]): void {
    const known = this.byId.value.get(id);
    if (known !== undefined) this.put({ ...known, notify });
  }

  /** Takes an event of a board or of the own feed: again and again is the same as once. */
  event(event: LiveEvent): void {
    this.meanwhile?.push(event);
    this.take(event);
  }

  private take(event: LiveEvent): void {
    if (event.kind === "case.opened") this.opened(event.data as CaseLine);
    else if (event.kind === "case.changed") this.changed(event.data as CaseChanged);
    else if (event.kind === "case.retitled") this.retitled(event.data as CaseRetitled);
  }

  /** Keeps a case that this member has just opened. */
  keep(line: OwnLine): void {
    this.byId.value = new Map([...this.byId.value, [line.id, line]]);
  }

  private opened(line: CaseLine): void {
    const fresh: OwnLine = { ...line, mine: false, notify: "normal" };
    if (!this.byId.value.has(line.id) && this.passes(fresh)) this.keep(fresh);
  }

  private retitled({ case: id, title }: CaseRetitled): void {
    const line = this.byId.value.get(id);
    if (line !== undefined) this.keep({ ...line, title });
  }

  private changed(change: CaseChanged): void {
    const line = this.byId.value.get(change.case);
    if (line === undefined && this.mayBelong(change)) void this.fetch(change.case);
    if (line === undefined || change.replies < line.replies || change.rev < line.rev) return;
    const fresh: OwnLine = {
      ...line,
      rev: change.rev,
      state: change.state,
      urgency: change.urgency,
      outcome: change.outcome,
      last_at: change.last_at,
      replies: change.replies,
      first_reply_at: change.first_reply_at,
    };
    this.put(fresh);
  }

  /** Shows a line as it is now, or no more where it has ceased to match. */
  private put(line: OwnLine): void {
    const lines = new Map(this.byId.value);
    if (this.passes(line)) lines.set(line.id, line);
    else lines.delete(line.id);
    this.byId.value = lines;
  }

  /** Whether a case that is not in the list may have come to match it: what lies beyond the pages read is left there. */
  private mayBelong({ case: id, state, urgency }: CaseChanged): boolean {
    const wanted = this.filters.value;
    const last = this.lines.value.at(-1)?.id;
    const within = !this.more.value || last === undefined || (wanted.order === "waiting" ? id < last : id > last);
    return this.phase.value === "ready" && within && (wanted.state?.includes(state) ?? true) && (wanted.urgency ?? urgency) === urgency;
  }

  private async fetch(id: string): Promise<void> {
    const turn = this.asked;
    const found = await this.api.case(id).catch(() => null);
    if (found !== null && turn === this.asked && !this.byId.value.has(id) && this.passes(found)) this.keep(this.lineOf(found));
  }

  private passes(line: OwnLine): boolean {
    const { state, specialty, urgency, waiting, mine, followed, order } = this.filters.value;
    const waits = line.first_reply_at === null && (line.state === "open" || line.state === "reopened");
    return (
      (state === undefined || state.includes(line.state)) &&
      (specialty === undefined || specialty.includes(line.specialty)) &&
      (urgency === undefined || line.urgency === urgency) &&
      ((waiting === undefined && order !== "waiting") || waits) &&
      (mine === undefined || line.mine === mine) &&
      (followed === undefined || (line.notify === "follow") === followed) &&
      (line.state !== "withdrawn" || line.mine)
    );
  }

  private lineOf(line: OwnLine): OwnLine {
    const { id, room, title, specialty, urgency, audience, state, label, opened_at, last_at, replies, first_reply_at, rev, outcome, language, mine, notify } = line;
    return { id, room, title, specialty, urgency, audience, state, label, opened_at, last_at, replies, first_reply_at, rev, outcome, language, mine, notify };
  }

  private turnTo(next: string | null): void {
    this.cursor = next;
    this.more.value = next !== null;
  }

  private stumble(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    this.problem.value = error.message;
    if (this.phase.value === "loading") this.phase.value = "broken";
  }
}
