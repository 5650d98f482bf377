import type { PageChanged, Paged } from "../protocol/messages";
import type { Page, PageState } from "../protocol/pager";

/**
 * The order of a page's states: of two things known of one page the further is the later. Only who was let off begins again, by
 * a `paged` that is told after that: who had taken the case did not write.
 */
const ORDER: Record<PageState, number> = {
  queued: 0, sent: 1, delivered: 2, seen: 3, acknowledged: 4, declined: 5, handed_over: 5, expired: 5, superseded: 5, answered: 5,
};

/** Whether a state comes later than another one. */
export const isFurther = (state: PageState, than: PageState): boolean => ORDER[state] > ORDER[than];
/** Whether the page waits for what the member says to it. */
export const waits = (page: Page): boolean => isFurther("acknowledged", page.state);
export const isOpen = (page: Page): boolean => !isFurther(page.state, "acknowledged");
/** Whether the page ended after it was asked at this time (milliseconds): else it is asked anew. */
export const endedSince = (page: Page, at: number): boolean => !isOpen(page) && (page.ended_at ?? 0) > at;

/** The further of two that are known of one page; the second where both have come equally far. */
export function further(one: Page | undefined, other: Page): Page {
  return one !== undefined && isFurther(one.state, other.state) ? one : other;
}

/** The page as an event tells it. */
export function asked({ page: id, ...its }: Paged, at: number): Page {
  return { id, ...its, state: "sent", holder: null, reason: null, paged_at: at, reopens_at: null, ended_at: null };
}

/** The page after an event; as it was where it has come further already. */
export function moved(page: Page, { state, holder }: PageChanged, at: number): Page {
  if (!isOpen(page) || isFurther(page.state, state)) return page;
  const fresh = { ...page, state, holder };
  return isOpen(fresh) ? fresh : { ...fresh, ended_at: at };
}
