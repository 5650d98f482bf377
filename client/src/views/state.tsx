import type { Case } from "../protocol/messages";
import { formats, locale, words } from "../words";

/** Whether nobody waits for anything any more. */
export function isOver(line: Pick<Case, "state">): boolean {
  return line.state === "resolved" || line.state === "withdrawn";
}

/** How far a case has come, where that is more than "open". */
export function State({ line }: { line: Pick<Case, "state" | "outcome"> }) {
  if (line.state === "open" || line.state === "answered") return null;
  const state = words.case.states[line.state];
  const whole = line.outcome === null ? state : words.case.stateAs({ state, outcome: words.case.briefly[line.outcome] });
  return <span class={`badge state-${line.state}`}>{whole}</span>;
}

/** In which language one writes here, where it is not the one of the pages. */
export function InLanguage({ language }: { language: string }) {
  if (language === locale.value.split("-")[0]) return null;
  return <span class="nowrap">{words.room.language({ language: formats.language(language) })}</span>;
}
