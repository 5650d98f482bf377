import { expect, test } from "vitest";
import { Reading } from "../src/domain/reading";
import type { Socket } from "../src/protocol/socket";
import { Refused } from "../src/protocol/socket";
import { settle, TestWorld } from "./world";

function begin(answers: (() => Promise<unknown>)[] = []) {
  const world = new TestWorld();
  world.time = 100_000;
  const said: { seq: number; unread?: boolean }[] = [];
  const socket = {
    ask: (command: { seq: number }) => { said.push(command); return (answers.shift() ?? (() => Promise.resolve({})))(); },
  } as unknown as Socket;
  const reading = new Reading("s", world, socket, () => undefined);
  return { world, said, reading };
}

test("many lines read are one mark, the last", async () => {
  const { reading, said, world } = begin();
  reading.followed(1);
  for (const seq of [2, 3, 4]) reading.upTo(seq);
  world.pass(0);
  reading.upTo(5);
  reading.upTo(4);
  world.pass(2000);
  await settle();
  expect(said.map((one) => one.seq)).toEqual([4, 5]);
});

test("what is new when a room is opened stays set off while it is read, and no longer when it is opened again", () => {
  const { reading } = begin();
  reading.followed(3);
  reading.opened();
  reading.upTo(9);
  expect(reading.newAfter.value).toBe(3);
  reading.opened();
  expect(reading.newAfter.value).toBe(9);
});

test("a mark that was lost with the connection is said after the next", async () => {
  const { reading, said, world } = begin([() => Promise.reject(new Refused("lost", "", true))]);
  reading.followed(1);
  reading.upTo(4);
  world.pass(0);
  await settle();
  reading.followed(1);
  world.pass(2000);
  await settle();
  expect(said.map((one) => one.seq)).toEqual([4, 4]);
});

test("unread from a message on, nothing is read until the room is opened again", async () => {
  const { reading, said, world } = begin();
  reading.followed(9);
  await reading.unreadFrom(5);
  reading.upTo(10);
  world.pass(5000);
  expect(said).toEqual([{ op: "seen", stream: "s", seq: 4, unread: true }]);
  expect(reading.newAfter.value).toBe(4);
});

test("another device's mark moves what is new", () => {
  const { reading } = begin();
  reading.followed(3);
  reading.pushed(8);
  expect(reading.newAfter.value).toBe(8);
});
