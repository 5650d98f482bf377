import type { App } from "../domain/app";
import { isOpen } from "../domain/page";
import { REASONS, type Page, type Reason } from "../protocol/pager";
import { formats, words } from "../words";

/** "Urgent page: Cardiology". */
export function whatOf(app: App, page: Page): string {
  return words.alerts.page[page.urgency]({ specialty: app.specialty(page.specialty) });
}

/** Why the member is asked, as a line: "Cardiology · on call · 14:20 where you are · first page today". */
export function whyOf(app: App, page: Page): string {
  // Who is on call need not be told that it is day.
  const codes = page.why.filter((code) => code !== "awake" || !page.why.includes("on_call"));
  return codes.map((code) => told(app, code)).filter(Boolean).join(" · ");
}

function told(app: App, code: string): string {
  const why = words.pager.why;
  const [name, ...rest] = code.split(":");
  const its = rest.join(":");
  switch (name) {
    case "specialty":
      return app.specialty(its);
    case "near":
      return why.near({ specialty: app.specialty(rest[0] ?? "") });
    case "local":
      return why.local({ time: its });
    case "today":
      return why.today({ n: Number(its) + 1 });
    case "language":
      return formats.language(its);
    case "licence":
      return why.licence({ country: formats.region(its) });
    case "on_call":
    case "awake":
    case "asleep":
    case "moderator":
    case "stand_in":
    case "handed_over":
      return why[name];
    default:
      // A later server may know more reasons: what cannot be said is left out.
      return "";
  }
}

/** What became of a page, or who has it. */
export function becameOf(app: App, page: Page): string {
  const { became, reasons, took } = words.pager;
  if (page.state === "declined" && page.reason !== null && (REASONS as readonly string[]).includes(page.reason)) {
    return became.declinedAs({ reason: reasons[page.reason as Reason] });
  }
  if (page.holder !== null && !isOpen(page) && page.state !== "declined" && page.state !== "handed_over") return took({ label: app.label(page.holder) });
  return became[page.state];
}
