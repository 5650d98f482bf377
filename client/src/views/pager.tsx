import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button, Empty, Icon, Problem, say, Skeleton, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import type { Page } from "../protocol/pager";
import { formats, words } from "../words";
import { said } from "../words/said";
import { Deciding } from "./deciding";
import { OnCall } from "./oncall";
import { Link } from "./router";
import { becameOf, whatOf, whyOf } from "./why";

/** The pager: what asks for the member first, then the switch, then what they have taken, and what was. */
export function PagerView({ app }: { app: App }) {
  const pager = app.pager;
  const incoming = pager.incoming.value;
  useEffect(() => {
    if (pager.phase.peek() !== "ready") void pager.load();
    return () => pager.dismiss();
  }, [pager]);
  return (
    <div class="page pager">
      <h1 class={incoming.length > 0 ? "hidden" : undefined}>{words.pager.title}</h1>
      {incoming.map((page) => <Incoming key={page.id} app={app} page={page} />)}
      <Passed app={app} />
      {pager.held.value.map((page) => <OnTheWay key={page.id} app={app} page={page} />)}
      <OnCall app={app} />
      {incoming.length + pager.held.value.length === 0 && pager.phase.value === "ready" && <Empty title={words.pager.none}>{words.pager.noneText}</Empty>}
      {pager.phase.value === "broken" && <Problem message={said(pager.problem.value)} onAgain={() => void pager.load()} />}
      <nav class="ways" aria-label={words.pager.title}>
        <Link class="way" to="/pager/duty">{words.pager.duty}<Icon name="next" /></Link>
        <Link class="way" to="/pulse">{words.pager.pulse}<Icon name="next" /></Link>
      </nav>
      <History app={app} />
    </div>
  );
}

/** A page that waits: everything that a decision needs, and the decision. */
function Incoming({ app, page }: { app: App; page: Page }) {
  const card = useRef<HTMLElement>(null);
  useSeen(card, () => app.pager.seen(page.id));
  const now = app.now.value;
  return (
    <article class={`panel incoming ${page.urgency}`} ref={card} aria-label={whatOf(app, page)}>
      <div class="stack told">
        <div class="facts">
          <Urgency urgency={page.urgency} />
          <span class="nowrap">{words.pager.posted({ ago: formats.ago(now - page.opened_at) })}</span>
        </div>
        <h2>{app.specialty(page.specialty)}</h2>
        <p>{words.pager.from({ label: app.label(page.label) })}</p>
        <p class="why">{whyOf(app, page)}</p>
        <div class="stack small soft">
          {page.holder !== null && <p>{words.pager.holder({ label: app.label(page.holder) })}</p>}
          <p>{page.others.length > 0 ? words.pager.others({ labels: page.others.map((one) => app.label(one)).join("; ") }) : words.pager.alone}</p>
        </div>
        <Left until={page.next_at} now={now} />
      </div>
      <Deciding app={app} page={page} />
    </article>
  );
}

function Left({ until, now }: { until: number | null; now: number }) {
  if (until === null) return null;
  return <p class="left">{until > now ? words.pager.left({ clock: formats.clock(until - now) }) : words.pager.leftNone}</p>;
}

/** What became of a page that went without the member's doing: said once, quietly. */
function Passed({ app }: { app: App }) {
  const page = app.pager.passed.value;
  return (
    <p class={page === null ? "hidden" : "passed"} role="status">
      {page !== null && words.pager.passed({ what: whatOf(app, page), became: becameOf(app, page) })}
    </p>
  );
}

/** What the member has taken on, until they have written. */
function OnTheWay({ app, page }: { app: App; page: Page }) {
  const now = app.now.value;
  return (
    <article class="panel way-card" aria-label={words.pager.mine}>
      <div class="facts"><Urgency urgency={page.urgency} /><span>{app.specialty(page.specialty)}</span><span>{app.label(page.label)}</span></div>
      <h2>{words.pager.mine}</h2>
      {page.reopens_at !== null && page.reopens_at > now && <p class="left">{words.pager.reopens({ clock: formats.clock(page.reopens_at - now) })}</p>}
      <Link class="button primary" to={`/cases/${page.case}?write=1`}>{words.pager.write}</Link>
    </article>
  );
}

function History({ app }: { app: App }) {
  const pager = app.pager;
  const reading = useSignal(false);
  const over = pager.over.value;
  const older = () => {
    reading.value = true;
    pager.loadMore().catch((error: unknown) => say(said(error))).finally(() => { reading.value = false; });
  };
  return (
    <section class="stack" aria-labelledby="earlier">
      <h2 id="earlier">{words.pager.history}</h2>
      {pager.phase.value === "loading" && <Skeleton rows={3} />}
      {pager.phase.value === "ready" && over.length === 0 && <p class="soft">{words.pager.historyNone}</p>}
      <ul class={over.length > 0 ? "panel" : "hidden"}>
        {over.map((page) => (
          <li key={page.id}>
            <Link class="row" to={`/cases/${page.case}`}>
              <span class="title">{becameOf(app, page)}</span>
              <span class="facts">
                <Urgency urgency={page.urgency} over />
                <span>{app.specialty(page.specialty)}</span>
                <span class="nowrap">{formats.ago(app.now.value - page.paged_at)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {pager.more.value && <div><Button disabled={reading.value} onClick={older}>{words.pager.older}</Button></div>}
    </section>
  );
}

/** Calls once the element is on a screen that is looked at. */
function useSeen(element: { current: HTMLElement | null }, onSeen: () => void): void {
  useEffect(() => {
    let inSight = false;
    const look = () => { if (inSight && document.visibilityState === "visible") onSeen(); };
    const watching = new IntersectionObserver((entries) => {
      inSight = entries.some((one) => one.isIntersecting);
      look();
    });
    if (element.current !== null) watching.observe(element.current);
    document.addEventListener("visibilitychange", look);
    return () => {
      watching.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
}
