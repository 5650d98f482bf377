import { expect, test } from "vitest";
import { KEPT, Memory } from "../src/domain/memory";
import { Outbox, type Send } from "../src/domain/outbox";
import { Refused } from "../src/protocol/socket";
import type { Done } from "../src/protocol/messages";
import { settle, TestWorld, type TestKeeping } from "./world";

const done: Done = { op: "done", id: 1, seq: 1, at: 1 };
const lost: Send = () => Promise.reject(new Refused("lost", "The connection broke.", true));

async function opened(world: TestWorld, handle = "heron"): Promise<Memory> {
  const memory = new Memory(world);
  await memory.openFor(handle);
  return memory;
}

const kept = (world: TestWorld) => (world.keeping as TestKeeping).held;

test("posts outlive the page, and go out in the order in which they were written, with their keys", async () => {
  const world = new TestWorld();
  const before = new Outbox("s", world, await opened(world), lost);
  await Promise.all(["one", "two", "three"].map((body) => before.post(body, null, 0)));
  const keys = before.pending.value.map((one) => one.key);
  const sent: { key: string; body: string }[] = [];
  const after = new Outbox("s", world, await opened(world), (post) => { sent.push(post); return Promise.resolve(done); });
  await after.flush();
  await settle();
  expect(sent.map((one) => one.body)).toEqual(["one", "two", "three"]);
  expect(sent.map((one) => one.key)).toEqual(keys);
  expect(await (await opened(world)).all("outbox")).toEqual([]);
});

test("what one tab writes another shows, and what one sent another lets go", async () => {
  const world = new TestWorld();
  const memories = [await opened(world), await opened(world)] as const;
  const sent: string[] = [];
  let reachable = false;
  const send: Send = (post) => {
    if (!reachable) return Promise.reject(new Refused("lost", "", true));
    sent.push(post.body);
    return Promise.resolve(done);
  };
  const [one, two] = memories.map((memory) => new Outbox("s", world, memory, send)) as [Outbox, Outbox];
  memories[1].onNews = (news) => { if (news.kind === "outbox") void two.reload(); };
  await one.post("written here", null, 0);
  await settle();
  expect(two.pending.value.map((pending) => pending.body)).toEqual(["written here"]);
  reachable = true;
  await Promise.all([one.flush(), two.flush()]);
  await settle();
  expect(sent).toEqual(["written here"]);
  expect(two.pending.value).toEqual([]);
});

test("a refusal is kept with its reason, until its author lets the words go", async () => {
  const world = new TestWorld();
  const before = new Outbox("s", world, await opened(world), () => Promise.reject(new Refused("room_closed", "The room is closed.", false)));
  await before.post("too late", null, 0);
  await settle();
  const after = new Outbox("s", world, await opened(world), lost);
  await after.reload();
  expect(after.pending.value).toMatchObject([{ body: "too late", state: "failed", problem: "The room is closed." }]);
  after.discard(after.pending.value[0]!.key);
  await settle();
  expect(await (await opened(world)).all("outbox")).toEqual([]);
});

test("what was not used for a week is dropped", async () => {
  const world = new TestWorld();
  const memory = await opened(world);
  await memory.put("rooms", "old", 1);
  memory.setDraft("old", "words");
  world.pass(KEPT - 1);
  await memory.put("rooms", "young", 2);
  world.pass(2);
  const later = await opened(world);
  expect([await later.all("rooms"), later.draft("old")]).toEqual([[2], ""]);
});

test("twenty rooms are kept, the last ones", async () => {
  const world = new TestWorld();
  const memory = await opened(world);
  for (let n = 0; n < 25; n++) {
    world.pass(1);
    await memory.put("rooms", `r${n}`, n);
  }
  expect((await (await opened(world)).all<number>("rooms")).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 5));
});

test("another member finds nothing, and leaves nothing of the one before", async () => {
  const world = new TestWorld();
  (await opened(world)).setDraft("d", "words");
  await settle();
  const other = await opened(world, "plover");
  expect(other.draft("d")).toBe("");
  expect(kept(world).size).toBe(1);
});

test("signing out leaves nothing", async () => {
  const world = new TestWorld();
  const memory = await opened(world);
  memory.setDraft("d", "words");
  world.local.setItem("theme", "dark");
  await memory.wipe();
  expect([kept(world).size, world.local.held.size, memory.draft("d")]).toEqual([0, 0, ""]);
});

test("what a page still does for who has left reaches nobody who comes after", async () => {
  const world = new TestWorld();
  const memory = await opened(world);
  await memory.wipe();
  await memory.put("rooms", "r", "theirs");
  await memory.put("answers", "/api/v1/cases", "theirs");
  await memory.put("answers", "/api/v1/me", "of who comes");
  await memory.openFor("plover");
  expect([await memory.all("rooms"), await memory.all("answers")]).toEqual([[], ["of who comes"]]);
});

test("where there is no room left, what is written is held for as long as the page lives, and that is said", async () => {
  const world = new TestWorld();
  const memory = await opened(world);
  (world.keeping as TestKeeping).full = true;
  const outbox = new Outbox("s", world, memory, lost);
  await outbox.post("words", null, 0);
  expect(outbox.pending.value.map((one) => one.body)).toEqual(["words"]);
  expect([memory.lasting.value, memory.failed.value]).toEqual([false, true]);
});
