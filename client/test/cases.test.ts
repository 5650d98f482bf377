import { expect, test } from "vitest";
import { CasePage } from "../src/domain/casepage";
import { CaseList } from "../src/domain/cases";
import type { Api } from "../src/protocol/api";
import type { LiveEvent, OwnLine } from "../src/protocol/messages";
import { settle, TestWorld } from "./world";

function line(id: string, more: Partial<OwnLine> = {}): OwnLine {
  return { id, room: `room-${id}`, title: id, specialty: "cardiology", urgency: "urgent", audience: "all", state: "open", label: "L", opened_at: 1, last_at: 1, replies: 0, first_reply_at: null, rev: 1, outcome: null, language: "en", mine: false, notify: "normal", ...more };
}

async function begin(lines: OwnLine[], next: string | null = null) {
  const pages = [{ cases: lines, next, time: 0 }, { cases: [line("a0")], next: null, time: 0 }];
  const list = new CaseList({ cases: () => Promise.resolve(pages.shift() ?? { cases: [], next: null, time: 0 }) } as unknown as Api);
  await list.load();
  return list;
}

const change = (more: object) => ({ case: "b1", rev: 1, state: "open", urgency: "urgent", outcome: null, last_at: 9, replies: 1, first_reply_at: null, ...more });
const told = (kind: string, data: object) => ({ op: "event", stream: "b", seq: 1, kind, at: 1, by: 0, data }) as LiveEvent;

test("a new case appears on top, and once however often it is told", async () => {
  const list = await begin([line("b1")]);
  list.event(told("case.opened", line("c1")));
  list.event(told("case.opened", line("c1")));
  expect(list.lines.value.map((one) => one.id)).toEqual(["c1", "b1"]);
});

test("replies and the first response move a line, never backwards", async () => {
  const list = await begin([line("b1", { replies: 3 })]);
  list.event(told("case.changed", change({ replies: 4, first_reply_at: 5 })));
  list.event(told("case.changed", change({ last_at: 8, replies: 2 })));
  expect(list.lines.value[0]).toMatchObject({ replies: 4, first_reply_at: 5, last_at: 9 });
});

test("a case that was read before a reply was told does not take the reply back", async () => {
  const list = await begin([line("b1")]);
  const read = line("b1");
  list.event(told("case.changed", change({ state: "answered", replies: 1, first_reply_at: 5 })));
  list.refresh(read);
  expect(list.lines.value[0]).toMatchObject({ state: "answered", replies: 1, first_reply_at: 5 });
});

test("what is told while the list is on its way is newer than its answer", async () => {
  let answer: (page: unknown) => void = () => undefined;
  const list = new CaseList({ cases: () => new Promise((resolve) => { answer = resolve; }) } as unknown as Api);
  const loading = list.load();
  list.event(told("case.opened", line("c1")));
  list.event(told("case.changed", change({ replies: 4 })));
  answer({ cases: [line("b1", { replies: 3 })], next: null, time: 0 });
  await loading;
  expect(list.lines.value.map((one) => [one.id, one.replies])).toEqual([["c1", 0], ["b1", 4]]);
});

test("to follow a case changes nothing else of it", async () => {
  const list = await begin([line("b1")]);
  const page = new CasePage("b1", { case: () => Promise.resolve(line("b1")), notify: () => Promise.resolve() } as unknown as Api, new TestWorld(), {
    cases: list, room: () => { throw new Error("not asked for"); },
  });
  await page.load();
  list.event(told("case.changed", change({ state: "answered", replies: 1, first_reply_at: 5 })));
  await page.notify("follow");
  expect(list.lines.value[0]).toMatchObject({ notify: "follow", state: "answered", replies: 1, first_reply_at: 5 });
});

test("a case that no longer passes the filters leaves the list", async () => {
  const list = await begin([line("b1")]);
  list.filters.value = { waiting: true };
  list.event(told("case.changed", change({ state: "answered", first_reply_at: 5 })));
  expect(list.lines.value).toEqual([]);
});

test("a list that nobody narrowed is not called filtered, nor one whose filters were taken away", async () => {
  const list = await begin([]);
  expect(list.filtered.value).toBe(false);
  list.filter({ mine: true });
  expect(list.filtered.value).toBe(true);
  list.filter({ mine: undefined });
  expect(list.filtered.value).toBe(false);
  list.filter({ state: undefined });
  expect(list.filtered.value).toBe(true);
  list.clear();
  expect(list.filtered.value).toBe(false);
});

test("older cases are added below", async () => {
  const list = await begin([line("b1")], "cursor");
  expect(list.more.value).toBe(true);
  await list.loadMore();
  await settle();
  expect(list.lines.value.map((one) => one.id)).toEqual(["b1", "a0"]);
  expect(list.more.value).toBe(false);
});

test("a case that ends leaves the list of those that are not over", async () => {
  const list = await begin([line("b1")]);
  list.event(told("case.changed", change({ rev: 2, state: "resolved", outcome: "confirmed" })));
  expect(list.lines.value).toEqual([]);
});

test("an older revision changes nothing", async () => {
  const list = await begin([line("b1", { rev: 3, urgency: "routine" })]);
  list.event(told("case.changed", change({ rev: 2, urgency: "emergency" })));
  expect(list.lines.value[0]).toMatchObject({ rev: 3, urgency: "routine" });
});

test("a new title takes the place of the old one", async () => {
  const list = await begin([line("b1")]);
  list.event(told("case.retitled", { case: "b1", rev: 2, title: "Another" }));
  expect(list.lines.value[0]?.title).toBe("Another");
});

test("those that wait longest come first where that is asked", async () => {
  const list = await begin([line("b2"), line("b1"), line("b3")]);
  list.filters.value = { order: "waiting" };
  expect(list.lines.value.map((one) => one.id)).toEqual(["b1", "b2", "b3"]);
});

test("a case that comes to match the list later is taken in, once, and what lies beyond the pages read is not", async () => {
  const asked: string[] = [];
  const api = {
    cases: () => Promise.resolve({ cases: [line("b5")], next: "more", time: 0 }),
    case: (id: string) => {
      asked.push(id);
      return Promise.resolve(line(id, { state: "reopened", first_reply_at: 1 }));
    },
  } as unknown as Api;
  const list = new CaseList(api);
  await list.load();
  const reopened = (id: string) => list.event(told("case.changed", change({ case: id, state: "reopened" })));
  reopened("b9");
  reopened("a1");
  list.event(told("case.changed", change({ case: "b8", state: "resolved" })));
  await settle();
  reopened("b9");
  await settle();
  expect(asked).toEqual(["b9"]);
  expect(list.lines.value.map((one) => one.id)).toEqual(["b9", "b5"]);
});
