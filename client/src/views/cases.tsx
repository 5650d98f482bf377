import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { Button, Empty, Problem, Skeleton, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import type { OwnLine } from "../protocol/messages";
import { ageText, clockText, responseText } from "../domain/waiting";
import { Refused } from "../protocol/socket";
import type { Case } from "../protocol/messages";
import { words } from "../words";
import { Link, path } from "./router";
import { RoomView } from "./room";

const URGENCIES = ["emergency", "urgent", "today", "routine"] as const;

export function Clock({ line, now }: { line: OwnLine; now: number }) {
  return line.first_reply_at === null ? (
    <span class="badge waiting">{words.waiting(clockText(now - line.opened_at))}</span>
  ) : (
    <span class="badge answered">{words.answered(responseText(line.opened_at, line.first_reply_at))}</span>
  );
}

function Line({ app, line }: { app: App; line: OwnLine }) {
  const to = `/cases/${line.id}`;
  const now = app.now.value;
  return (
    <li>
      <Link class="row" to={to} aria-current={path.value === to ? "page" : undefined}>
        <span class="facts">
          <Urgency urgency={line.urgency} />
          <span>{app.specialty(line.specialty)}</span>
          <span class="nowrap">{words.ago(ageText(now - line.opened_at))}</span>
        </span>
        <span class="title">{line.title}</span>
        <span class="facts">
          <Clock line={line} now={now} />
          {line.replies > 0 && <span class="nowrap">{words.replies(line.replies)}</span>}
        </span>
      </Link>
    </li>
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
      {list.phase.value === "loading" && <Skeleton />}
      {list.phase.value === "broken" && <Problem message={list.problem.value} onAgain={() => void list.load()} />}
      {list.phase.value === "ready" && list.lines.value.length === 0 && (
        <Empty title={words.list.emptyTitle}>
          <p>{words.list.empty}</p>
          <Button onClick={() => list.filter({ state: "open", ...CLEAR })}>{words.list.clear}</Button>
        </Empty>
      )}
      <ul>{list.phase.value === "ready" && list.lines.value.map((line) => <Line key={line.id} app={app} line={line} />)}</ul>
      {list.more.value && list.phase.value === "ready" && (
        <p class="page">
          <Button disabled={list.loadingMore.value} onClick={() => void list.loadMore()}>{words.list.more}</Button>
        </p>
      )}
    </>
  );
}

const CLEAR = { urgency: undefined, specialty: undefined, waiting: undefined, mine: undefined } as never as object;

function Filters({ app }: { app: App }) {
  const list = app.cases;
  const filters = list.filters.value;
  const set = (change: Record<string, unknown>) => list.filter(change as never);
  return (
    <div class="filters" role="group" aria-label={words.list.title} tabIndex={-1}>
      <Button class="toggle" aria-pressed={filters.waiting === true} onClick={() => set({ waiting: filters.waiting ? undefined : true })}>
        {words.list.waiting}
      </Button>
      <Button class="toggle" aria-pressed={filters.mine === true} onClick={() => set({ mine: filters.mine ? undefined : true })}>
        {words.list.mine}
      </Button>
      <select class="input" aria-label={words.list.urgency} value={filters.urgency ?? ""}
        onChange={(event) => set({ urgency: event.currentTarget.value || undefined })}>
        <option value="">{words.list.anyUrgency}</option>
        {URGENCIES.map((urgency) => <option key={urgency} value={urgency}>{words.urgency[urgency]}</option>)}
      </select>
      <select class="input" aria-label={words.list.specialty} value={filters.specialty ?? ""}
        onChange={(event) => set({ specialty: event.currentTarget.value || undefined })}>
        <option value="">{words.list.anySpecialty}</option>
        {app.catalogue.specialties.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      </select>
      <select class="input" aria-label={words.list.state} value={filters.state ?? ""}
        onChange={(event) => set({ state: event.currentTarget.value || undefined })}>
        <option value="open">{words.list.open}</option>
        <option value="closed">{words.list.closed}</option>
        <option value="">{words.list.any}</option>
      </select>
    </div>
  );
}

/** One case: its facts, and its room. */
export function CaseView({ app, id }: { app: App; id: string }) {
  const held = useSignal<Case | null>(null);
  const problem = useSignal<Refused | null>(null);
  const unfolded = useSignal<boolean | null>(null);
  const load = () => {
    problem.value = null;
    app.api.case(id).then(
      (found) => { held.value = found; },
      (error: unknown) => { problem.value = error instanceof Refused ? error : new Refused("internal", String(error), true); },
    );
  };
  useEffect(() => {
    held.value = null;
    unfolded.value = null;
    load();
  }, [id]);

  if (problem.value?.code === "not_found") return <Empty title={words.room.missingTitle}>{words.room.missing}</Empty>;
  if (problem.value !== null) return <Problem message={problem.value.message} onAgain={load} />;
  const found = held.value;
  if (found === null || found.id !== id) return <Skeleton />;
  const line = app.cases.lines.value.find((one) => one.id === id) ?? found;
  const room = app.room(found.room);
  const open = unfolded.value ?? room.messages.value.length === 0;
  return (
    <RoomView app={app} room={room} title={found.title} home="/cases" placeholder={words.room.composer}
      facts={
        <>
          <div class="facts">
            <Urgency urgency={found.urgency} />
            <span>{app.specialty(found.specialty)}</span>
            <span>{found.label}</span>
            <span class="nowrap">{words.ago(ageText(app.now.value - found.opened_at))}</span>
            <Clock line={line} now={app.now.value} />
          </div>
          <Button kind="quiet" class="disclose" aria-expanded={open} onClick={() => { unfolded.value = !open; }}>
            {open ? words.room.hide : words.room.show}
          </Button>
          {open && (
            <div class="case-text">
              <p>{found.presentation}</p>
              <p class="question"><span class="hidden">{words.room.question}: </span>{found.question}</p>
            </div>
          )}
        </>
      }
    />
  );
}
