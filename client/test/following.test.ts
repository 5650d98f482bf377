import { expect, test } from "vitest";
import { App } from "../src/domain/app";
import { settle, TestWorld, type TestWire } from "./world";

/** More specialties than anybody has, so that more is asked for at once than a server takes. */
const OWN = Array.from({ length: 150 }, (_, n) => `sp-${n}`);
const BOARDS = [
  { stream: "open", specialty: null, scope: "all" },
  ...OWN.map((specialty) => ({ stream: `members ${specialty}`, specialty, scope: "members" })),
];
const ME = { handle: "heron", role: "member", languages: ["en"], specialties: OWN, country: "DE", feed: "feed", boards: BOARDS, epoch: "e1", time: 0 };

const anything: unknown = new Proxy(() => anything, { get: () => anything });

/** The server's bound on rate: a bucket of 100 that fills by 50 a second (docs/protocol.md), over the test's clock. */
class Bound {
  private allowance = 99;
  private at = 0;
  refused = 0;

  constructor(private readonly world: TestWorld) {}

  /** Answers what has come since the last time, as the server does. */
  answer(wire: TestWire, from: number, to: (stream: string) => object): number {
    for (const command of wire.sent.slice(from)) {
      this.allowance = Math.min(100, this.allowance + (this.world.time - this.at) * 0.05);
      this.at = this.world.time;
      if (this.allowance < 1) {
        this.refused++;
        wire.say({ op: "error", id: command["id"], code: "too_fast", message: "Too fast", retry: true, retry_after: Math.round((1 - this.allowance) * 20) / 1000 });
        continue;
      }
      this.allowance--;
      if (command["op"] === "follow") wire.say({ op: "followed", id: command["id"], stream: command["stream"], ...to(command["stream"] as string) });
    }
    return wire.sent.length;
  }
}

async function begin() {
  const world = new TestWorld();
  const lists: string[] = [];
  world.fetch = (url) => {
    const path = String(url).replace(/^https?:\/\/[^/]+/, "").split("?")[0]!;
    if (path === "/api/v1/cases") lists.push(path);
    const answers: Record<string, unknown> = {
      "/api/v1/about": { demo: false, name: "Lounge", version: "0" }, "/api/v1/specialties": { groups: [], specialties: [] }, "/api/v1/me": ME,
      "/api/v1/cases": { cases: [], next: null, time: 0 }, "/api/v1/pager/pages": { pages: [], next: null, time: 0 },
    };
    return Promise.resolve(new Response(JSON.stringify(answers[path] ?? {}), { headers: { "content-type": "application/json" } }));
  };
  const app = new App(world, anything as never, anything as never);
  await app.start();
  await settle();
  const wire = world.wire;
  wire.accept();
  const member = { handle: "heron", role: "member", specialties: OWN, country: "DE", feed: "feed" };
  wire.answer("hello", { op: "welcome", member, epoch: "e1", time: 0, limits: { commands_per_second: 50, follows: 200 } });
  await settle();
  return { app, world, wire, lists };
}

const followed = { head: 0, complete: false, rights: [], state: "open", you: null, seen: 0, messages: [], people: [], pins: [] };
const asked = (wire: TestWire) => wire.sent.filter((one) => one["op"] === "follow").map((one) => one["stream"] as string);

test("the own feed is followed first, and each stream is asked for once", async () => {
  const { wire } = await begin();
  const streams = asked(wire);
  expect(streams.length).toBe(BOARDS.length + 1);
  expect(new Set(streams).size).toBe(streams.length);
  expect(streams.slice(0, 2)).toEqual(["feed", "open"]);
});

test("more boards than the server takes at once are followed all the same, at its pace", async () => {
  const { world, wire, lists } = await begin();
  const bound = new Bound(world);
  const done = new Set<string>();
  let at = 1;
  for (let turn = 0; turn < 400 && done.size < BOARDS.length + 1; turn++) {
    at = bound.answer(wire, at, (stream) => { done.add(stream); return followed; });
    await settle();
    world.pass(10);
  }
  expect(done).toEqual(new Set(["feed", ...BOARDS.map((one) => one.stream)]));
  expect(bound.refused).toBeGreaterThan(50);
  // Refused once each, and at the pace hardly any again: no flood of its own making.
  expect(bound.refused).toBeLessThan(90);
  expect(world.time).toBeLessThan(2_500);
  await settle();
  expect(lists.length).toBe(2);
});

test("a board that is not there, or not now, takes no other along; what may come is asked for again", async () => {
  const { world, wire } = await begin();
  for (const [at, command] of wire.sent.entries()) {
    if (command["op"] !== "follow") continue;
    const id = command["id"];
    if (at === 5) wire.say({ op: "error", id, code: "not_found", message: "Not here", retry: false });
    else if (at === 7) wire.say({ op: "error", id, code: "unavailable", message: "Away", retry: true });
    else wire.say({ op: "followed", id, stream: command["stream"], ...followed });
  }
  await settle();
  const before = wire.sent.length;
  const away = wire.sent[7]!["stream"];
  world.pass(4_000);
  expect(asked(wire).slice(-1)).toEqual([away]);
  expect(wire.sent.length).toBe(before + 1);
  wire.answer("follow", { op: "followed", stream: away, ...followed });
  await settle();
  world.pass(15_000);
  expect(wire.sent.length).toBe(before + 1);
});

const paged = (seq: number, id: string) => ({
  seq, kind: "paged", at: seq, by: 0,
  data: { page: id, case: `case ${id}`, room: "room", specialty: "sp-1", urgency: "urgent", language: "en", label: "Cardiology", opened_at: 1, why: [], others: [], next_at: null },
});
const invited = (seq: number) => ({ seq, kind: "invited", at: seq, by: 0, data: { stream: "room", title: null } });

test("what commits while the own feed is followed anew is told to all, once; what is older is a notice alone", async () => {
  const { app, wire } = await begin();
  const feed = { ...followed, op: "followed", stream: "feed" };
  const first = wire.sent.find((one) => one["op"] === "follow" && one["stream"] === "feed")!;
  wire.say({ ...feed, id: first["id"], head: 2, complete: true });
  await settle();
  // The pages are read by now: what comes after that stands in the reply alone.
  expect(app.pager.phase.value).toBe("ready");
  expect(wire.sent.at(-1)).toMatchObject({ op: "follow", stream: "feed", since: 0 });
  wire.say({ op: "event", stream: "feed", ...paged(3, "pushed") });
  wire.say({ op: "event", stream: "feed", seq: 4, kind: "page.changed", at: 4, by: 0, data: { page: "pushed", case: "case pushed", state: "superseded", holder: null } });
  const events = [invited(1), paged(2, "old"), paged(3, "pushed"), paged(5, "new"), invited(6)];
  wire.answer("follow", { ...feed, head: 6, complete: true, events });
  await settle();
  expect(app.pager.incoming.value.map((one) => one.id)).toEqual(["new"]);
  expect(app.notices.all.value.map((one) => one.seq)).toEqual([6, 1]);
  expect(app.pager.page("old")).toBeUndefined();
});
