import { expect, test } from "vitest";
import { Memory } from "../src/domain/memory";
import { Outbox, type Send } from "../src/domain/outbox";
import { Refused } from "../src/protocol/socket";
import type { Done } from "../src/protocol/messages";
import { settle, TestWorld } from "./world";

const done: Done = { op: "done", id: 1, seq: 1, at: 1 };
type Post = Parameters<Send>[0];

function begin(answers: ((post: Post) => Promise<Done>)[]) {
  const world = new TestWorld();
  const sent: Post[] = [];
  const outbox = new Outbox("s", world, new Memory(world), (post) => {
    sent.push(post);
    return (answers.shift() ?? (() => Promise.resolve(done)))(post);
  });
  return { world, sent, outbox, states: () => outbox.pending.value.map((one) => one.state) };
}

const lost = () => Promise.reject(new Refused("lost", "The connection broke.", true));

test("posts go out one after the other, in the order in which they were written", async () => {
  const { outbox, sent, states } = begin([]);
  await Promise.all([outbox.post("one", null, 0), outbox.post("two", null, 0), outbox.post("three", 7, 0)]);
  await settle();
  expect(sent.map((post) => post.body)).toEqual(["one", "two", "three"]);
  expect(states()).toEqual(["stands", "stands", "stands"]);
});

test("a post whose fate is unknown waits, and is sent again with the same key", async () => {
  const { outbox, sent, states } = begin([lost]);
  await outbox.post("one", null, 0);
  await settle();
  expect(states()).toEqual(["waiting"]);
  await outbox.flush();
  expect(sent[0]!.key).toBe(sent[1]!.key);
  expect(states()).toEqual(["stands"]);
});

test("a busy server is asked again after the time it named", async () => {
  const { world, outbox, sent, states } = begin([() => Promise.reject(new Refused("busy", "Busy", true, 3))]);
  await outbox.post("one", null, 0);
  await settle();
  world.pass(2_999);
  await settle();
  expect(sent.length).toBe(1);
  world.pass(1);
  await settle();
  expect([sent.length, states()]).toEqual([2, ["stands"]]);
});

test("a refusal for good keeps the words, for another try or to be let go, and the next post goes on", async () => {
  const { outbox, states } = begin([() => Promise.reject(new Refused("room_closed", "The room is closed.", false))]);
  await outbox.post("one", null, 0);
  await outbox.post("two", null, 0);
  await settle();
  expect(states()).toEqual(["failed", "stands"]);
  const failed = outbox.pending.value[0]!;
  expect([failed.body, failed.problem]).toEqual(["one", "The room is closed."]);
  outbox.retry(failed.key);
  await settle();
  expect(states()).toEqual(["stands", "stands"]);
  outbox.discard(failed.key);
  expect(outbox.pending.value.map((one) => one.body)).toEqual(["two"]);
});

test("a post leaves once its event is seen, whether its answer came before, after or never", async () => {
  const { world, outbox } = begin([lost]);
  await outbox.post("one", null, 0);
  await settle();
  const ref = (await world.sha256("key-1")).slice(0, 16);
  outbox.seen(new Set([ref]));
  expect(outbox.pending.value).toEqual([]);
  expect(outbox.unsent).toBe(false);
});
