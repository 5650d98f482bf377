import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Icon, Problem, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import { acrossDays, alike, localWeek, shadeOf } from "../domain/pulse";
import type { Urgency } from "../protocol/pager";
import type { Figures, Objective, Spread, Stages } from "../protocol/paging";
import type { Refused } from "../protocol/socket";
import { formats, words } from "../words";
import { said } from "../words/said";
import { back } from "./router";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** How soon cases are answered: of all, and never of a person. */
export function PulseView({ app }: { app: App }) {
  const figures = useSignal<Figures | null>(null);
  const problem = useSignal<Refused | null>(null);
  const load = () => {
    problem.value = null;
    app.api.pulse().then((found) => { figures.value = found; }, (error: Refused) => { problem.value = error; });
  };
  useEffect(load, [app]);
  const found = figures.value;
  return (
    <div class="page pulse">
      <div class="stack">
        <div class="line">
          <Button kind="quiet" class="icon back" aria-label={words.room.back} onClick={() => back("/pager")}><Icon name="back" /></Button>
          <h1>{words.pulse.title}</h1>
        </div>
        {found !== null && <p class="soft">{words.pulse.lead({ days: found.days })}</p>}
      </div>
      {problem.value !== null && <Problem message={said(problem.value)} onAgain={load} />}
      {found === null ? problem.value === null && <Skeleton /> : <Whole app={app} found={found} />}
    </div>
  );
}

function Whole({ app, found }: { app: App; found: Figures }) {
  const groups = [
    { name: words.pulse.by.urgency, rows: found.urgencies, of: (id: string) => words.urgency[id as Urgency] },
    { name: words.pulse.by.specialty, rows: found.specialties, of: (id: string) => app.specialty(id) },
    { name: words.pulse.by.country, rows: found.countries, of: (id: string) => formats.region(id) },
  ];
  return (
    <>
      <Aim objective={found.objective} />
      <dl class="numbers">
        <div><dt>{words.pulse.cases}</dt><dd>{formats.number(found.cases)}</dd></div>
        <div><dt>{words.pulse.unanswered}</dt><dd>{formats.number(found.unanswered)}</dd></div>
        <div><dt>{words.pulse.waiting}</dt><dd>{formats.number(found.waiting)}</dd></div>
      </dl>
      <section class="stack" aria-labelledby="times">
        <h2 id="times">{words.pulse.times}</h2>
        <p class="small soft">{words.pulse.timesHint}</p>
        <table class="results times" aria-labelledby="times">
          <thead>
            <tr><th scope="col"><span class="hidden">{words.pulse.times}</span></th><th scope="col">{words.pulse.cases}</th><th scope="col">{words.pulse.acknowledged}</th><th scope="col">{words.pulse.replied}</th></tr>
          </thead>
          <tbody><Row name={words.pulse.all} cases={found.cases} times={found.times} /></tbody>
          {groups.map(({ name, rows, of }) => rows.length > 0 && (
            <tbody key={name}>
              <tr class="of"><th scope="rowgroup" colSpan={4}>{name}</th></tr>
              {rows.map((one) => <Row key={one.of} name={of(one.of)} cases={one.cases} times={one.times} />)}
            </tbody>
          ))}
        </table>
        <p class="small soft">{words.pulse.hidden({ n: found.k })}</p>
      </section>
      <Coverage found={found} />
      {found.load !== null && <Loads load={found.load} />}
    </>
  );
}

/** What we have set out to reach, how far it is, and how many more misses it bears. */
function Aim({ objective }: { objective: Objective | null }) {
  if (objective === null) return <section class="panel aim" aria-labelledby="aim"><h2 id="aim">{words.pulse.objectiveTitle}</h2><p class="soft">{words.pulse.noneYet}</p></section>;
  const { met, missed, allowed, percent, seconds } = objective;
  const all = met + missed;
  const left = allowed - missed;
  return (
    <section class={left < 0 ? "panel aim spent" : "panel aim"} aria-labelledby="aim">
      <h2 id="aim">{words.pulse.objectiveTitle}: {words.pulse.objective({ share: formats.percent(percent / 100), span: formats.span(seconds * 1000) })}</h2>
      <p>{words.pulse.met({ share: formats.percent(met / all), met: formats.number(met), all: formats.number(all) })}</p>
      <div class="bar" aria-hidden="true"><span style={{ width: `${(100 * met) / all}%` }} /></div>
      <p class="small">{left < 0 ? words.pulse.budgetSpent({ n: -left }) : words.pulse.budgetLeft({ n: left })}</p>
    </section>
  );
}

function Row({ name, cases, times }: { name: string; cases: number; times: Stages | null }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{formats.number(cases)}</td>
      <Times spread={times?.acknowledged ?? null} />
      <Times spread={times?.replied ?? null} />
    </tr>
  );
}

function Times({ spread }: { spread: Spread | null }) {
  if (spread === null) return <td class="soft">{words.pulse.few}</td>;
  return (
    <td>
      <span><span class="hidden">{words.pulse.half} </span><b>{formats.span(spread.p50)}</b></span>
      <span class="small soft"><span class="hidden">{words.pulse.most} </span>{formats.span(spread.p95)}</span>
    </td>
  );
}

/** Who is on call by hour of the week: darker for more, and the number in each field. */
function Coverage({ found }: { found: Figures }) {
  const { hours, local } = localWeek(found.coverage, -new Date(found.time).getTimezoneOffset());
  const most = Math.max(0, ...hours.map((members) => members ?? 0));
  const zone = local ? Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ") : "UTC";
  return (
    <section class="stack" aria-labelledby="coverage">
      <h2 id="coverage">{words.pulse.coverage}</h2>
      {most === 0 ? <p class="soft">{words.pulse.coverageNone({ n: found.k })}</p> : (
        <>
          <p class="small soft">{words.pulse.coverageHint({ zone })}</p>
          <table class="week" aria-labelledby="coverage">
            <thead>
              <tr><th scope="col">{words.pulse.hour}</th>{acrossDays(hours, 0).map((_, day) => <th scope="col" key={day}><abbr title={formats.weekday(day)}>{formats.weekday(day, "short")}</abbr></th>)}</tr>
            </thead>
            <tbody>
              {HOURS.map((hour) => (
                <tr key={hour}>
                  <th scope="row">{String(hour).padStart(2, "0")}</th>
                  {acrossDays(hours, hour).map((members, day) => (
                    <td key={day} class={`shade-${shadeOf(members, most)}`}>{members === null ? `<${found.k}` : formats.number(members)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function Loads({ load }: { load: NonNullable<Figures["load"]> }) {
  return (
    <section class="stack" aria-labelledby="load">
      <h2 id="load">{words.pulse.load}</h2>
      <p class="small soft">{words.pulse.loadHint}</p>
      {load.length === 0 ? <p class="soft">{words.pulse.nothing}</p> : (
        <table class="results" aria-labelledby="load">
          <thead><tr><th scope="col">{words.pulse.loadPages}</th><th scope="col">{words.pulse.loadAcknowledged}</th><th scope="col">{words.pulse.loadPeople}</th></tr></thead>
          <tbody>
            {alike(load).map((one) => (
              <tr key={`${one.pages} ${one.acknowledged}`}><td>{formats.number(one.pages)}</td><td>{formats.number(one.acknowledged)}</td><td>{formats.number(one.people)}</td></tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
