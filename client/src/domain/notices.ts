import { computed, signal } from "@preact/signals";
import type { CaseChanged, FollowUpAsked, Invited, LiveEvent, Mentioned, PagerAlarm } from "../protocol/messages";

/** `seq` is the notice's own number on the feed; that of the message which calls is `message`. */
export type Notice = { seq: number; at: number } & (
  | ({ kind: "mentioned"; message: number } & Omit<Mentioned, "seq">)
  | ({ kind: "invited" } & Invited)
  | ({ kind: "followup.asked" } & FollowUpAsked)
  | ({ kind: "case.changed" } & CaseChanged)
  | ({ kind: "pager.alarm" } & PagerAlarm)
);

const KINDS = new Set(["mentioned", "invited", "followup.asked", "case.changed", "pager.alarm"]);
/** How many notices are shown at the most. */
export const MOST = 100;

/** What a member was told on their own feed, the newest first, and how far they have read it. */
export class Notices {
  readonly seen = signal(0);
  private readonly looks = signal<ReadonlyMap<string, number>>(new Map());
  private readonly bySeq = signal<ReadonlyMap<number, Notice>>(new Map());
  /** News of one case replace each other: only the last one is worth a line. */
  readonly all = computed(() => {
    const cases = new Set<string>();
    return [...this.bySeq.value.values()]
      .sort((a, b) => b.seq - a.seq)
      .filter((notice) => notice.kind !== "case.changed" || (!cases.has(notice.case) && cases.add(notice.case)))
      .slice(0, MOST);
  });
  readonly unread = computed(() => this.all.value.filter((notice) => notice.seq > this.seen.value && !this.wasLookedAt(notice)).length);

  event(event: LiveEvent): void {
    if (!KINDS.has(event.kind) || this.bySeq.value.has(event.seq)) return;
    const data = event.data as Partial<Mentioned>;
    const notice = { ...data, message: data.seq, kind: event.kind, seq: event.seq, at: event.at } as Notice;
    this.bySeq.value = new Map([...this.bySeq.value, [notice.seq, notice]]);
  }

  /** A case is looked at: what was told of it up to now is no news. */
  lookedAt(id: string, at: number): void {
    this.looks.value = new Map([...this.looks.value, [id, at]]);
  }

  private wasLookedAt(notice: Notice): boolean {
    return notice.kind === "case.changed" && notice.at <= (this.looks.value.get(notice.case) ?? 0);
  }

  read(upTo: number): void {
    this.seen.value = Math.max(this.seen.value, upTo);
  }

  clear(): void {
    this.bySeq.value = new Map();
    this.looks.value = new Map();
    this.seen.value = 0;
  }
}
