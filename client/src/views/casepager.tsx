import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button, Dialog, Icon, say } from "../design/parts";
import type { App } from "../domain/app";
import { isOpen, waits } from "../domain/page";
import type { Search, Steering } from "../protocol/pager";
import { formats, words } from "../words";
import { said } from "../words/said";
import { Deciding } from "./deciding";
import { becameOf, whyOf } from "./why";

/** Milliseconds after which a step that was due is asked after. */
const LATE = 3_000;
/** Milliseconds after which whoever is not told what changes asks again. */
const EVERY = 30_000;

/** "3 paged · 1 on the way · 6 more in 01:40": pressing it shows who, and what may be done. `told`: whether the feed tells what changes. */
export function SearchLine({ app, id, told }: { app: App; id: string; told: boolean }) {
  const open = useSignal(false);
  const opened = useRef(app.now.peek());
  const search = app.searches.of(id).value;
  // Whoever is told may have missed it.
  const late = search !== null && search.next_at !== null && search.next_at + LATE < app.now.value;
  const turn = told || search === null || !goesOn(search) ? 0 : Math.floor((app.now.value - opened.current) / EVERY);
  useEffect(() => void app.searches.load(id), [app.searches, id, late, turn]);
  if (search === null) return null;
  return (
    <div class={goesOn(search) ? "search-line" : "search-line over"} role="group" aria-label={words.search.region}>
      <button type="button" class="searching" aria-haspopup="dialog" onClick={() => { open.value = true; }}>
        <Icon name="pager" size={18} /><span>{lineOf(search, app.now.value)}</span><Icon name="next" size={18} />
      </button>
      <span class="hidden" role="status">{countsOf(search)}</span>
      {open.value && <Who app={app} search={search} onClose={() => { open.value = false; }} />}
    </div>
  );
}

/** Whether somebody may still come by this search. */
function goesOn(search: Search): boolean {
  return search.state === "searching" || search.state === "held" || search.state === "exhausted";
}

/** The numbers alone: what is read aloud when they change, and not every second. */
function countsOf(search: Search): string {
  const { paged, onTheWay, declined, states } = words.search;
  const parts = [paged({ n: search.paged })];
  if (search.acknowledged > 0 && goesOn(search)) parts.push(onTheWay({ n: search.acknowledged }));
  if (search.declined > 0) parts.push(declined({ n: search.declined }));
  if (search.state !== "searching" && search.state !== "held") parts.push(states[search.state]);
  return parts.join(" · ");
}

function lineOf(search: Search, now: number): string {
  const counts = countsOf(search);
  if (search.state !== "searching" || search.next_at === null) return counts;
  const clock = search.next_at > now ? formats.clock(search.next_at - now) : words.search.soon;
  return `${counts} · ${search.next_people === null ? words.search.nextAll({ clock }) : words.search.next({ n: search.next_people, clock })}`;
}

const DONE = { "call-more": "callMore", widen: "widen", "stand-down": "standDown" } as const;

function Who({ app, search, onClose }: { app: App; search: Search; onClose: () => void }) {
  const busy = useSignal(false);
  const steer = async (what: Steering) => {
    busy.value = true;
    try {
      await app.searches.steer(search.case, what);
      // Nobody is asked whether they are sure: what was ended can be begun again as easily.
      const back = what === "stand-down" && app.searches.of(search.case).peek()?.may.includes("call-more");
      say(words.search[`${DONE[what]}Done`], back ? { label: words.search.callMore, act: () => void steer("call-more") } : undefined);
      onClose();
    } catch (error) {
      say(said(error));
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={words.search.title} onClose={onClose} sheet>
      <p>{lineOf(search, app.now.value)}</p>
      <p class="soft">{words.search.states[search.state]}</p>
      {search.people.length === 0 ? <p class="soft">{words.search.nobody}</p> : (
        <ul class="asked">
          {search.people.map((one, index) => (
            <li key={index} class={one.state}><b>{app.label(one.label)}</b> <span class="nowrap">{words.search.people[one.state]}</span></li>
          ))}
        </ul>
      )}
      <div class="menu spaced">
        {search.may.map((what) => (
          <div key={what} class="stack close">
            <Button disabled={busy.value} onClick={() => void steer(what)}>{words.search[DONE[what]]}</Button>
            <p class="small soft">{words.search[`${DONE[what]}Hint`]}</p>
          </div>
        ))}
      </div>
      <div class="actions"><Button kind="quiet" onClick={onClose}>{words.room.close}</Button></div>
    </Dialog>
  );
}

/** The member's own page for this case: to decide, or to write; or who has it, where it went while they were here. */
export function OwnPage({ app, id, onWrite }: { app: App; id: string; onWrite: () => void }) {
  const page = app.pager.ofCase(id);
  const asked = page !== undefined && waits(page);
  useEffect(() => { if (asked) app.pager.seen(page.id); }, [asked, page?.id]);
  if (page === undefined) return null;
  const now = app.now.value;
  if (asked) {
    return (
      <div class="own-page">
        <p class="small">{whyOf(app, page)}{page.next_at !== null && page.next_at > now && ` · ${words.pager.left({ clock: formats.clock(page.next_at - now) })}`}</p>
        <Deciding app={app} page={page} />
      </div>
    );
  }
  if (page.state === "acknowledged") {
    return (
      <div class="own-page taken">
        <p>{words.pager.writeNote}{page.reopens_at !== null && page.reopens_at > now && <> <span class="small soft nowrap">{words.pager.reopens({ clock: formats.clock(page.reopens_at - now) })}</span></>}</p>
        <Button kind="primary" onClick={onWrite}>{words.pager.write}</Button>
      </div>
    );
  }
  return isOpen(page) || app.pager.passed.value?.id !== page.id ? null : <p class="passed small" role="status">{becameOf(app, page)}</p>;
}
