import { Button, Empty, Problem, Skeleton, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import { GOING_ON, type CaseList } from "../domain/cases";
import type { OwnLine } from "../protocol/messages";
import { formats, words } from "../words";
import { go, Link, path } from "./router";
import { Tour } from "./tour";
import { SpecialtyOptions } from "./specialtyoptions";
import { isOver, State } from "./state";

const URGENCIES = ["emergency", "urgent", "today", "routine"] as const;

/** How long nobody has answered, or how soon somebody did. */
export function Clock({ line, now }: { line: OwnLine; now: number }) {
  if (line.first_reply_at === null && isOver(line)) return null;
  return line.first_reply_at === null ? (
    <span class="badge waiting">{words.waiting({ clock: formats.clock(now - line.opened_at) })}</span>
  ) : (
    <span class="badge answered">{words.answered({ time: formats.span(line.first_reply_at - line.opened_at) })}</span>
  );
}

function Line({ app, line }: { app: App; line: OwnLine }) {
  const to = `/cases/${line.id}`;
  const now = app.now.value;
  return (
    <li>
      <Link class="row" to={to} aria-current={path.value === to ? "page" : undefined}>
        <span class="facts">
          <Urgency urgency={line.urgency} over={isOver(line)} />
          <State line={line} />
          <span>{app.specialty(line.specialty)}</span>
          <span class="nowrap">{formats.ago(now - line.opened_at)}</span>
        </span>
        <span class="title" lang={line.language} dir="auto">{line.title}</span>
        <span class="facts">
          <Clock line={line} now={now} />
          {line.replies > 0 && <span class="nowrap">{words.replies({ n: line.replies })}</span>}
        </span>
      </Link>
    </li>
  );
}

/** Why no case is shown: none matches what was asked for, or there is none. */
function Nothing({ list }: { list: CaseList }) {
  if (!list.filtered.value) {
    return (
      <Empty title={words.list.noneTitle}>
        <p>{words.list.none}</p>
        <Button onClick={() => go("/new")}>{words.newCase}</Button>
      </Empty>
    );
  }
  return (
    <Empty title={words.list.emptyTitle}>
      <p>{words.list.empty}</p>
      <Button onClick={() => list.clear()}>{words.list.clear}</Button>
    </Empty>
  );
}

export function CaseListView({ app }: { app: App }) {
  const list = app.cases;
  return (
    <>
      <div class="list-head">
        <div class="line"><h1>{words.list.title}</h1></div>
        <Filters app={app} />
      </div>
      <Tour app={app} />
      {list.phase.value === "loading" && <Skeleton />}
      {list.phase.value === "broken" && <Problem message={list.problem.value} onAgain={() => void list.load()} />}
      {list.phase.value === "ready" && list.lines.value.length === 0 && <Nothing list={list} />}
      <ul>{list.phase.value === "ready" && list.lines.value.map((line) => <Line key={line.id} app={app} line={line} />)}</ul>
      {list.more.value && list.phase.value === "ready" && (
        <p class="page">
          <Button disabled={list.loadingMore.value} onClick={() => void list.loadMore()}>{words.list.more}</Button>
        </p>
      )}
    </>
  );
}

const STATES = {
  going: GOING_ON.state, open: ["open"], answered: ["answered"], resolved: ["resolved"], reopened: ["reopened"], withdrawn: ["withdrawn"],
  all: undefined,
} as const;

function Filters({ app }: { app: App }) {
  const list = app.cases;
  const filters = list.filters.value;
  const own = app.me.value?.specialties ?? [];
  const set = (change: Parameters<CaseList["filter"]>[0]) => list.filter(change);
  const chip = (label: string, pressed: boolean, change: Parameters<typeof set>[0]) => (
    <Button class="toggle" aria-pressed={pressed} onClick={() => set(change)}>{label}</Button>
  );
  const isOwn = filters.specialty !== undefined && filters.specialty.join() === own.join();
  const state = Object.entries(STATES).find(([, states]) => states?.join() === filters.state?.join())?.[0] ?? "all";
  return (
    <div class="filters" role="group" aria-label={words.list.filters} tabIndex={-1}>
      {chip(words.list.waiting, filters.order === "waiting", { order: filters.order === "waiting" ? undefined : "waiting" })}
      {chip(words.list.mine, filters.mine === true, { mine: filters.mine ? undefined : true })}
      {chip(words.list.ownSpecialties, isOwn, { specialty: isOwn ? undefined : own })}
      {chip(words.list.followed, filters.followed === true, { followed: filters.followed ? undefined : true })}
      <select class="input" aria-label={words.list.state} value={state}
        onChange={(event) => set({ state: STATES[event.currentTarget.value as keyof typeof STATES] })}>
        {Object.keys(STATES).map((one) => <option key={one} value={one}>{words.list.states[one as keyof typeof STATES]}</option>)}
      </select>
      <select class="input" aria-label={words.list.urgency} value={filters.urgency ?? ""}
        onChange={(event) => set({ urgency: event.currentTarget.value || undefined })}>
        <option value="">{words.list.anyUrgency}</option>
        {URGENCIES.map((urgency) => <option key={urgency} value={urgency}>{words.urgency[urgency]}</option>)}
      </select>
      <select class="input" aria-label={words.list.specialty} value={isOwn && own.length > 1 ? "" : (filters.specialty?.[0] ?? "")}
        onChange={(event) => set({ specialty: event.currentTarget.value ? [event.currentTarget.value] : undefined })}>
        <option value="">{words.list.anySpecialty}</option>
        <SpecialtyOptions app={app} />
      </select>
    </div>
  );
}
