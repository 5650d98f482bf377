import { expect, test } from "vitest";
import { waits } from "../src/domain/page";
import { Pager } from "../src/domain/pager";
import { Ringing } from "../src/domain/ringing";
import { Searches } from "../src/domain/search";
import type { Signals, Way } from "../src/domain/alerts";
import type { LiveEvent } from "../src/protocol/messages";
import { PagerApi, type Page, type Search } from "../src/protocol/pager";
import { Refused } from "../src/protocol/socket";
import { signal } from "@preact/signals";
import { settle, TestWorld } from "./world";

const page = (id: string, change: Partial<Page> = {}): Page => ({
  id, case: `case ${id}`, room: `room ${id}`, specialty: "cardiology", urgency: "urgent", language: "en", label: "Nephrology, Europe", state: "sent", why: ["on_call"],
  others: [], holder: null, reason: null, paged_at: 10, opened_at: 5, next_at: 100, reopens_at: null, ended_at: null, ...change,
});
const event = (kind: string, data: object, at = 20) => ({ op: "event", stream: "f", seq: at, kind, at, by: 0, data }) as LiveEvent;
const told = (id: string, urgency: Page["urgency"] = "urgent") => {
  const { case: case_, room, specialty, language, label, why, others, opened_at, next_at } = page(id);
  return event("paged", { page: id, case: case_, room, specialty, urgency, language, label, opened_at, why, others, next_at });
};
const changed = (id: string, state: Page["state"], holder: string | null = null) => event("page.changed", { page: id, case: `case ${id}`, state, holder });

/** A server of pages: what is asked of it, and what it answers. */
function server() {
  const asked: string[] = [];
  const has = new Map<string, Page>();
  let refusal: Refused | null = null;
  let held: Promise<void> | null = null;
  const api = new PagerApi({
    ask: async <T,>(path: string) => {
      asked.push(path);
      if (refusal !== null) throw refusal;
      const wanted = new URL(path, "http://x").searchParams.get("open");
      // What it answers is as it was when it was asked.
      const pages = [...has.values()].filter((one) => wanted === null || waits(one) || one.state === "acknowledged");
      await held;
      return { pages, next: null, time: 0 } as T;
    },
    post: async <T,>(path: string, body: unknown) => {
      asked.push(`${path} ${JSON.stringify(body) ?? ""}`.trim());
      if (refusal !== null) throw refusal;
      const [, id, what] = /pages\/([^/]+)\/(.+)/.exec(path)!;
      const state = { acknowledge: "acknowledged", decline: "declined", "hand-over": "handed_over" }[what!] as Page["state"] | undefined;
      return { page: { ...page(id!), state: state ?? "delivered" } } as T;
    },
  });
  return { asked, has, api, pager: new Pager(api), refuse: (error: Refused | null) => { refusal = error; }, hold: (until: Promise<void> | null) => { held = until; } };
}

/** Keeps the server's answers back until it is called. */
function held(hold: (until: Promise<void>) => void): () => void {
  let go = () => undefined as void;
  hold(new Promise((resolve) => { go = resolve; }));
  return () => go();
}

test("a page that is told waits until the member answers it, and its receipt is told once", async () => {
  const { pager, asked } = server();
  pager.event(told("a"));
  pager.event(told("a"));
  expect(pager.incoming.value.map((one) => one.id)).toEqual(["a"]);
  pager.seen("a");
  pager.seen("a");
  await settle();
  expect(asked.filter((one) => one.includes('"delivered"')).length).toBe(2);
  expect(asked.filter((one) => one.includes('"seen"'))).toEqual(['/api/v1/pager/pages/a/received {"state":"seen"}']);
});

test("the most urgent page comes first, of those the one that waits longest", () => {
  const { pager } = server();
  for (const [id, urgency] of [["a", "today"], ["b", "urgent"], ["c", "emergency"], ["d", "urgent"]] as const) pager.event(told(id, urgency));
  expect(pager.incoming.value.map((one) => one.id)).toEqual(["c", "b", "d", "a"]);
});

test("a page that somebody else took vanishes at once, and it is said who has it", () => {
  const { pager } = server();
  pager.event(told("a"));
  pager.event(changed("a", "superseded", "Cardiology, Europe"));
  expect(pager.open.value).toBe(0);
  expect(pager.passed.value).toMatchObject({ id: "a", holder: "Cardiology, Europe" });
  expect(pager.over.value.map((one) => one.id)).toEqual(["a"]);
  pager.event(told("b"));
  expect(pager.passed.value).toBeNull();
});

test("what the member did is no news to them, on whichever device", async () => {
  const { pager } = server();
  for (const id of ["a", "b", "c", "d"]) pager.event(told(id));
  await pager.acknowledge("a");
  await pager.decline("b", "busy");
  pager.event(changed("c", "declined"));
  pager.event(changed("d", "acknowledged", "Cardiology"));
  expect(pager.passed.value).toBeNull();
  expect(pager.held.value.map((one) => one.id)).toEqual(["a", "d"]);
  pager.event(changed("a", "answered"));
  expect(pager.passed.value).toBeNull();
  expect(pager.open.value).toBe(1);
});

test("a page is asked anew where who had the case did not write", () => {
  const { pager } = server();
  pager.event(told("a"));
  pager.event(changed("a", "superseded", "Cardiology"));
  pager.event(told("a"));
  expect(pager.incoming.value.map((one) => [one.id, one.state, one.holder])).toEqual([["a", "sent", null]]);
});

test("who took a case is told when others are asked again", async () => {
  const { pager } = server();
  pager.event(told("a"));
  await pager.acknowledge("a");
  pager.event(event("page.reminded", { page: "a", case: "case a", reopens_at: 500 }));
  expect(pager.held.value[0]?.reopens_at).toBe(500);
});

test("what was told while pages were read is newer than what was read", async () => {
  const { pager, has, hold } = server();
  has.set("a", page("a"));
  has.set("b", page("b"));
  const go = held(hold);
  const reading = pager.load();
  pager.event(told("a"));
  pager.event(changed("a", "superseded", "Cardiology"));
  pager.event(told("c"));
  go();
  await reading;
  expect(pager.incoming.value.map((one) => one.id).sort()).toEqual(["b", "c"]);
  expect(pager.page("a")?.holder).toBe("Cardiology");
});

test("what ended before the answer came is over and rings for nobody, though it was read as open", async () => {
  const { pager, has, hold, done, ringing } = rung();
  ringing.begin();
  has.set("a", page("a"));
  const go = held(hold);
  const reading = pager.load();
  pager.event(changed("a", "superseded", "Cardiology"));
  go();
  await reading;
  expect(pager.open.value).toBe(0);
  expect(pager.page("a")).toMatchObject({ state: "superseded", holder: "Cardiology" });
  expect(done).toEqual([]);
});

test("of what is open and of all pages, read at two moments, the further holds", async () => {
  for (const first of ["open", "all"]) {
    const sides = { open: [page("a")], all: [page("a")] };
    sides[first === "open" ? "all" : "open"] = [page("a", { state: "acknowledged", reopens_at: 90 })];
    const pager = new Pager(new PagerApi({
      ask: (path) => Promise.resolve({ pages: sides[path.includes("open=true") ? "open" : "all"], next: null, time: 0 } as never),
      post: () => Promise.resolve({} as never),
    }));
    await pager.load();
    expect(pager.held.value.map((one) => one.reopens_at)).toEqual([90]);
  }
});

test("a page that was looked at while it is read anew is over where the server says so", async () => {
  const { pager, has, hold } = server();
  pager.event(told("a"));
  has.set("a", page("a", { state: "superseded", holder: "Cardiology", ended_at: 30 }));
  const go = held(hold);
  const reading = pager.load();
  pager.seen("a");
  go();
  await reading;
  expect(pager.page("a")).toMatchObject({ state: "superseded", holder: "Cardiology" });
});

test("what was told while pages were read does not undo what was read later", async () => {
  const { pager, has, hold } = server();
  has.set("a", page("a", { state: "acknowledged", reopens_at: 90 }));
  has.set("b", page("b", { state: "superseded", ended_at: 30 }));
  has.set("c", page("c", { state: "superseded", ended_at: 10 }));
  const go = held(hold);
  const reading = pager.load();
  for (const id of ["a", "b", "c"]) pager.event(told(id));
  go();
  await reading;
  // Only the last was asked anew after it had ended.
  expect(pager.incoming.value.map((one) => one.id)).toEqual(["c"]);
  expect(pager.held.value.map((one) => [one.id, one.reopens_at])).toEqual([["a", 90]]);
});

test("an answer to who has left is not shown to who comes next", async () => {
  const { pager, has, hold, asked } = server();
  has.set("a", page("a"));
  const go = held(hold);
  const reading = pager.load();
  const deciding = pager.acknowledge("b");
  pager.clear();
  go();
  await Promise.all([reading, deciding]);
  expect([pager.open.value, pager.phase.value]).toEqual([0, "loading"]);
  expect(asked.filter((one) => one.includes("received"))).toEqual([]);
});

test("earlier pages of who has left are not shown to who comes next", async () => {
  let answer = Promise.resolve();
  const pager = new Pager(new PagerApi({
    ask: () => answer.then(() => ({ pages: [page("z", { state: "expired" })], next: "more", time: 0 }) as never), post: () => Promise.resolve({} as never),
  }));
  await pager.load();
  const go = held((until) => { answer = until; });
  const reading = pager.loadMore();
  pager.clear();
  go();
  await reading;
  expect([pager.page("z"), pager.more.value]).toEqual([undefined, false]);
});

test("a refusal that comes after leaving reads nothing", async () => {
  const { pager, asked, refuse } = server();
  refuse(new Refused("sign_in_needed", "", false));
  const deciding = pager.decline("a", "busy");
  pager.clear();
  await expect(deciding).rejects.toMatchObject({ code: "sign_in_needed" });
  expect(asked.filter((one) => one.startsWith("/api/v1/pager/pages?") || one === "/api/v1/pager/pages")).toEqual([]);
});

test("what ended while the connection was away is gone after the next reading", async () => {
  const { pager, has } = server();
  has.set("a", page("a"));
  await pager.load();
  expect(pager.open.value).toBe(1);
  has.set("a", page("a", { state: "superseded", holder: "Cardiology", ended_at: 30 }));
  await pager.load();
  expect(pager.open.value).toBe(0);
  expect(pager.over.value[0]?.holder).toBe("Cardiology");
});

test("an answer that comes too late is refused, and what became of the page is read", async () => {
  const { pager, asked, refuse, has } = server();
  pager.event(told("a"));
  await settle();
  refuse(new Refused("page_over", "over", false));
  await expect(pager.acknowledge("a")).rejects.toMatchObject({ code: "page_over" });
  expect(asked.slice(-2)).toEqual(["/api/v1/pager/pages?open=true", "/api/v1/pager/pages"]);
  refuse(null);
  has.set("a", page("a", { state: "superseded" }));
  await pager.load();
  expect(pager.open.value).toBe(0);
});

test("pages that cannot be read are said to be so, and what is held stays", async () => {
  const { pager, refuse } = server();
  refuse(new Refused("lost", "away", true));
  await pager.load();
  expect(pager.phase.value).toBe("broken");
  pager.event(told("a"));
  await pager.load();
  expect(pager.open.value).toBe(1);
});

function rung() {
  const { pager, has, hold } = server();
  const world = new TestWorld();
  const done: string[] = [];
  let looking = false;
  const signals: Signals = {
    sound: (call) => done.push(`sound ${call}`), vibrate: (call) => done.push(`vibrate ${call}`), permission: () => "granted", ask: () => Promise.resolve(true),
    show: (text, tag) => done.push(`show ${text} ${tag}`), hide: (tag) => done.push(`hide ${tag}`), badge: () => undefined, looking: () => looking,
  };
  const ways = signal<ReadonlySet<Way>>(new Set(["sound", "notifications"]));
  const ringing = new Ringing(world, signals, pager, ways, (one) => `${one.urgency} ${one.specialty}`, () => undefined);
  return { pager, has, hold, world, done, ways, ringing, look: (at: boolean) => { looking = at; } };
}

test("a page rings once, and its notification is taken away with it", async () => {
  const { pager, done, ringing, world } = rung();
  ringing.begin();
  await pager.load();
  pager.event(told("a"));
  world.pass(120_000);
  expect(done).toEqual(["sound page", "show urgent cardiology page a"]);
  pager.event(changed("a", "superseded", "Cardiology"));
  expect(done.at(-1)).toBe("hide page a");
});

test("an emergency rings until it was looked at, five times at the most", async () => {
  const { pager, done, ringing, world } = rung();
  ringing.begin();
  await pager.load();
  const sounds = () => done.filter((one) => one === "sound page").length;
  pager.event(told("a", "emergency"));
  world.pass(10_000);
  expect(sounds()).toBe(2);
  pager.seen("a");
  world.pass(60_000);
  expect(sounds()).toBe(2);
  pager.event(told("b", "emergency"));
  world.pass(600_000);
  expect(sounds()).toBe(7);
  expect(done.filter((one) => one.startsWith("show")).length).toBe(2);
});

test("whoever opens the application and looks at it sees what waits, and is not rung for it", async () => {
  const { pager, has, done, ringing, look } = rung();
  has.set("a", page("a", { state: "delivered" }));
  look(true);
  ringing.begin();
  await pager.load();
  expect(done).toEqual([]);
  look(false);
  pager.event(told("b"));
  expect(done).toEqual(["sound page", "show urgent cardiology page b"]);
});

test("nobody rings for who has left", async () => {
  const { pager, done, ringing, world } = rung();
  ringing.begin();
  await pager.load();
  pager.event(told("a", "emergency"));
  ringing.end();
  done.length = 0;
  world.pass(60_000);
  pager.event(told("b"));
  expect(done).toEqual([]);
});

const search = (change: Partial<Search> = {}): Search => ({
  case: "c", state: "searching", paged: 3, open: 3, acknowledged: 0, declined: 0, next_at: 100, next_people: 3, opened_at: 0, first_paged_at: 1, acknowledged_at: null,
  people: [], may: ["call-more", "widen", "stand-down"], ...change,
});

function searched() {
  const asked: string[] = [];
  let answers = search();
  let refusal: Refused | null = null;
  const answer = (path: string) => {
    asked.push(path);
    return refusal === null ? Promise.resolve({ search: answers } as never) : Promise.reject(refusal);
  };
  let keys = 0;
  const searches = new Searches(new PagerApi({ ask: answer, post: (path, _body, headers) => answer(`${path} ${headers?.["Idempotency-Key"]}`) }), () => `key${++keys}`);
  return { searches, asked, answer: (now: Search) => { answers = now; }, refuse: (error: Refused | null) => { refusal = error; } };
}

test("the numbers of a search are shown as soon as they are told, and who they are after that", async () => {
  const { searches, asked, answer } = searched();
  const { people: _people, may: _may, opened_at: _opened, first_paged_at: _first, acknowledged_at: _acknowledged, ...counts } = search({ acknowledged: 1, state: "held" });
  searches.event(event("search.changed", counts));
  expect(asked).toEqual([]);
  await searches.load("c");
  answer(search({ acknowledged: 1, state: "held", people: [{ label: "Cardiology", state: "acknowledged", at: 9 }] }));
  searches.event(event("search.changed", counts));
  expect(searches.of("c").value).toMatchObject({ acknowledged: 1, state: "held", people: [] });
  searches.event(event("search.changed", counts));
  await settle();
  expect(searches.of("c").value?.people.length).toBe(1);
  // Once for each reading, and once more for what was told meanwhile: never one for each event.
  expect(asked.length).toBe(3);
});

test("what may have been done is asked for again by the same key", async () => {
  const { searches, asked, refuse } = searched();
  refuse(new Refused("lost", "away", true));
  await expect(searches.steer("c", "widen")).rejects.toMatchObject({ code: "lost" });
  refuse(null);
  await searches.steer("c", "widen");
  await searches.steer("c", "widen");
  expect(asked).toEqual(["key1", "key1", "key2"].map((key) => `/api/v1/cases/c/paging/widen ${key}`));
});

test("of a search that is not for the member nothing is shown", async () => {
  const { searches, refuse } = searched();
  refuse(new Refused("not_found", "no", false));
  await searches.load("c");
  expect(searches.of("c").value).toBeNull();
});

test("an answer about the searches of who has left is not shown to who comes next", async () => {
  let answer = (_now: Search) => undefined as void;
  const asked: string[] = [];
  const wait = (path: string) => {
    asked.push(path);
    return new Promise<never>((resolve) => { answer = (now) => resolve({ search: now } as never); });
  };
  const searches = new Searches(new PagerApi({ ask: wait, post: wait }), () => "key");
  for (const work of [() => searches.load("c"), () => searches.steer("c", "widen")]) {
    const working = work();
    searches.clear();
    answer(search());
    await working;
    expect(searches.of("c").value).toBeNull();
  }
  // What the one before had asked for does not stand in the way of the next one's reading.
  void searches.load("c");
  searches.clear();
  const before = asked.length;
  const reading = searches.load("c");
  expect(asked.length).toBe(before + 1);
  answer(search({ paged: 9 }));
  await reading;
  expect(searches.of("c").value?.paged).toBe(9);
});
