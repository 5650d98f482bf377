import { expect, test } from "vitest";
import { Memory } from "../src/domain/memory";
import { RoomModel } from "../src/domain/room";
import { Socket } from "../src/protocol/socket";
import { settle, TestWorld } from "./world";

async function begin() {
  const world = new TestWorld();
  const rooms: RoomModel[] = [];
  const socket = new Socket(world, {
    onStatus: () => undefined,
    onWelcome: (welcome) => rooms.forEach((room) => void room.follow(welcome.epoch)),
    onPush: (push) => rooms.forEach((room) => room.take(push)),
  });
  socket.start();
  const room = new RoomModel("s", world, socket, new Memory(world));
  rooms.push(room);
  world.wire.welcome();
  await settle();
  return { world, room };
}

const window = { op: "followed", stream: "s", head: 2, complete: true, rights: ["read", "post"], state: "open", messages: [{ seq: 2, by: 1, at: 1, body: "first", rev: 2 }], people: [] };

test("a room is followed from the start, then resumed from the last number under the same epoch", async () => {
  const { world, room } = await begin();
  expect(world.wire.sent.at(-1)).toMatchObject({ op: "follow", stream: "s", since: null });
  world.wire.answer("follow", window);
  await settle();
  world.wire.say({ op: "event", stream: "s", seq: 3, kind: "posted", at: 2, by: 2, data: { body: "second" }, ref: "x" });
  world.wire.close(1006);
  world.pass(500);
  world.wire.welcome("e1");
  await settle();
  expect(world.wire.sent.find((one) => one["op"] === "follow")).toMatchObject({ since: 3, epoch: "e1" });
  expect(room.messages.value.map((one) => one.body)).toEqual(["first", "second"]);
});

test("another epoch starts the room afresh", async () => {
  const { world } = await begin();
  world.wire.answer("follow", window);
  await settle();
  world.wire.close(4003);
  world.pass(500);
  world.wire.welcome("e2");
  await settle();
  expect(world.wire.sent.find((one) => one["op"] === "follow")).toMatchObject({ since: null, epoch: "e2" });
});

test("an own post is shown at once, sent again after a break, and stands once", async () => {
  const { world, room } = await begin();
  world.wire.answer("follow", window);
  await settle();
  room.post("mine", null, 5);
  await settle();
  const key = world.wire.sent.at(-1)!["key"];
  expect(room.outbox.pending.value.map((one) => one.state)).toEqual(["sent"]);
  world.wire.close(1006);
  world.pass(500);
  world.wire.welcome();
  await settle();
  world.wire.answer("follow", { ...window, head: 2, events: [], messages: undefined });
  await settle();
  expect(world.wire.sent.at(-1)).toMatchObject({ op: "post", key });
  const ref = (await world.sha256(String(key))).slice(0, 16);
  world.wire.answer("post", { op: "done", seq: 3, at: 9, status: "known" });
  world.wire.say({ op: "event", stream: "s", seq: 3, kind: "posted", at: 9, by: 4, data: { body: "mine" }, ref });
  await settle();
  expect(room.messages.value.map((one) => one.body)).toEqual(["first", "mine"]);
  expect(room.outbox.pending.value).toEqual([]);
  expect(room.owns(room.message(3)!)).toBe(true);
});

test("a room that is not ours says so", async () => {
  const { world, room } = await begin();
  world.wire.answer("follow", { op: "error", code: "not_found", message: "no", retry: false });
  await settle();
  expect(room.phase.value).toBe("missing");
});
