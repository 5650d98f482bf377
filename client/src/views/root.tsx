import { Fragment, type ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Button, Empty, Icon, Problem, Skeleton, Toasts } from "../design/parts";
import type { App } from "../domain/app";
import { formats, locale, words } from "../words";
import { CaseListView } from "./cases";
import { Door } from "./door";
import { PageKeys } from "./keyboard";
import { later } from "./later";
import { go, Link, path } from "./router";

// The list of cases is what most come for: everything else comes in parts of its own.
const CaseView = later(() => import("./case").then((part) => part.CaseView));
const LoungesView = later(() => import("./lounges").then((part) => part.LoungesView));
const LoungeView = later(() => import("./lounge").then((part) => part.LoungeView));
const NewCase = later(() => import("./newcase").then((part) => part.NewCase));
const NoticesView = later(() => import("./notices").then((part) => part.NoticesView));
const PagerView = later(() => import("./pager").then((part) => part.PagerView));
const DutyView = later(() => import("./duty").then((part) => part.DutyView));
const PulseView = later(() => import("./pulse").then((part) => part.PulseView));
const MeView = later(() => import("./me").then((part) => part.MeView));
const DesignPage = later(() => import("../design/page").then((part) => part.DesignPage));
/** Milliseconds after which what will be opened next is fetched: by then the page has what it shows. */
const AHEAD = 2_000;

export function Root({ app }: { app: App }) {
  const stage = app.stage.value;
  return (
    <Fragment key={locale.value}>
      {stage === "starting" && <Skeleton />}
      {stage === "broken" && <Problem message={words.error.unreachable} onAgain={() => void app.start()} />}
      {stage === "out" && <div class="app-door"><header><Simulated app={app} /></header><Door app={app} /></div>}
      {stage === "in" && <Inside app={app} />}
      <Toasts />
    </Fragment>
  );
}

function Simulated({ app }: { app: App }) {
  return app.about.value?.demo ? <p class="banner">{words.simulated}</p> : null;
}

function Connection({ app }: { app: App }) {
  const status = app.status.value;
  if (app.memory.failed.value) return <p class="banner notice" role="alert">{words.offline.nowhere}</p>;
  if (app.kept.value) return <p class="banner notice" role="status">{words.offline.kept}</p>;
  if (status === "open" || !app.wasOpen.value) return null;
  return <p class="banner notice" role="status">{words.status[status === "connecting" ? "connecting" : "offline"]}</p>;
}

const tabs = () => [
  { to: "/cases", icon: "cases", label: words.cases },
  { to: "/lounges", icon: "lounges", label: words.lounges },
  { to: "/new", icon: "plus", label: words.newCase, brief: words.newTab },
  { to: "/pager", icon: "pager", label: words.pager.tab },
  { to: "/notices", icon: "bell", label: words.notices.tab },
  { to: "/me", icon: "me", label: words.me },
] as const;

/** How much is new behind a tab, where that is counted. */
function Count({ app, to }: { app: App; to: string }) {
  const count = to === "/notices" ? app.notices.unread.value : to === "/pager" ? app.pager.open.value : 0;
  const what = to === "/pager" ? words.pager.openPages({ n: count }) : words.notices.unread;
  return count > 0 ? <span class="count">{formats.number(count)}<span class="hidden"> {what}</span></span> : null;
}

function current(to: string): "page" | undefined {
  const here = path.value;
  const mine = here === to || here.startsWith(`${to}/`) || (to === "/lounges" && here.startsWith("/rooms/"));
  return mine ? "page" : undefined;
}

function Inside({ app }: { app: App }) {
  useEffect(() => {
    const ahead = [CaseView, PagerView, LoungesView, LoungeView, NewCase, NoticesView, MeView];
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      // One at a time, with a breath in between: reading a part takes a slow phone a while, and somebody may be pressing.
      void ahead.shift()?.fetch().then(() => { if (ahead.length > 0) timer = setTimeout(next, AHEAD / 4); });
    };
    timer = setTimeout(next, AHEAD);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="app">
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>{words.toContent}</a>
      <header class="top">
        <Link class="brand" to="/cases"><Icon name="mark" size={26} />{words.product}</Link>
        <nav aria-label={words.nav}>
          {tabs().map((tab) => <Link key={tab.to} to={tab.to} aria-current={current(tab.to)}>{tab.label}<Count app={app} to={tab.to} /></Link>)}
        </nav>
        <span class="grow" />
        <span class="small soft">{app.me.value?.handle}</span>
      </header>
      <section class="banners" aria-label={words.news}><Simulated app={app} /><Connection app={app} /><Calling app={app} /><Offer app={app} /></section>
      <Panes app={app} />
      <PageKeys />
      <nav class="bottom" aria-label={words.nav}>
        {tabs().map((tab) => <Link key={tab.to} to={tab.to} aria-current={current(tab.to)} {...("brief" in tab ? { "aria-label": tab.label } : {})}><Icon name={tab.icon} />{"brief" in tab ? tab.brief : tab.label}<Count app={app} to={tab.to} /></Link>)}
      </nav>
    </div>
  );
}

/** A page that waits is in sight wherever one is; where it can be answered it is not said twice. */
function Calling({ app }: { app: App }) {
  const incoming = app.pager.incoming.value;
  const first = incoming[0];
  if (first === undefined || path.value === "/pager" || path.value === `/cases/${first.case}`) return null;
  const what = words.alerts.page[first.urgency]({ specialty: app.specialty(first.specialty) });
  return (
    <div class={`banner calling ${first.urgency}`} role="alert">
      <span>{incoming.length === 1 ? what : words.pager.ringing({ n: incoming.length, what })}</span>
      <Link class="button" to="/pager">{words.pager.look}</Link>
    </div>
  );
}

/** Asked when there is a reason to: a case was posted, and somebody waits. */
function Offer({ app }: { app: App }) {
  if (!app.alerts.offered.value) return null;
  return (
    <div class="banner offer" role="status">
      <span>{words.alerts.offer}</span>
      <Button onClick={() => void app.alerts.answer(true)}>{words.alerts.accept}</Button>
      <Button kind="quiet" onClick={() => void app.alerts.answer(false)}>{words.alerts.decline}</Button>
    </div>
  );
}

function Panes({ app }: { app: App }) {
  const here = path.value;
  useEffect(() => {
    if (here === "/" || here === "/sign-in") go("/cases", true);
  }, [here]);
  const [, section = "cases", id] = here.split("/");
  switch (section) {
    case "":
    case "sign-in":
    case "cases":
      return (
        <Double list={<CaseListView app={app} />} choose={words.list.choose}>
          {id && <CaseView key={id} app={app} id={id} />}
        </Double>
      );
    case "lounges":
    case "rooms":
      return (
        <Double list={<LoungesView app={app} />} choose={words.loungesPage.choose}>
          {id && <LoungeView key={id} app={app} stream={id} />}
        </Double>
      );
    case "new":
      return <Single><NewCase app={app} /></Single>;
    case "notices":
      return <Single><NoticesView app={app} /></Single>;
    case "pager":
      if (id === "duty") return <Single><DutyView app={app} /></Single>;
      if (id === undefined) return <Single><PagerView app={app} /></Single>;
      break;
    case "pulse":
      return <Single><PulseView app={app} /></Single>;
    case "me":
      return <Single><MeView app={app} /></Single>;
    case "design":
      if (app.about.value?.demo) return <Single><DesignPage /></Single>;
  }
  return (
    <Single>
      <Empty title={words.room.missingTitle} whole>
        <p>{words.room.missing}</p>
        <div><Button onClick={() => go("/cases", true)}>{words.room.toCases}</Button></div>
      </Empty>
    </Single>
  );
}

/** A list, and beside it what was chosen in it; on a phone the one or the other. */
function Double({ list, choose, children }: { list: ComponentChildren; choose: string; children: ComponentChildren }) {
  return (
    <main class={children ? "panes detail" : "panes"} id="content" tabIndex={-1}>
      <div class="pane list">{list}</div>
      <div class="pane main">{children || <Empty title={words.list.chooseTitle}>{choose}</Empty>}</div>
    </main>
  );
}

function Single({ children }: { children: ComponentChildren }) {
  return <main class="panes single" id="content" tabIndex={-1}><div class="pane main">{children}</div></main>;
}
