import { expect, test } from "vitest";
import { backOff, Refused, Socket, type Status } from "../src/protocol/socket";
import type { Push } from "../src/protocol/messages";
import { settle, TestWorld } from "./world";

function begin() {
  const world = new TestWorld();
  const told: Status[] = [];
  const pushes: Push[] = [];
  let welcomes = 0;
  const socket = new Socket(world, {
    onStatus: (status) => told.push(status),
    onWelcome: () => { welcomes++; },
    onPush: (push) => pushes.push(push),
  });
  socket.start();
  return { world, socket, told, pushes, welcomes: () => welcomes };
}

test("hello comes first, and nothing is asked before the welcome", async () => {
  const { world, socket, told } = begin();
  world.wire.accept();
  expect(world.wire.sent.map((one) => one["op"])).toEqual(["hello"]);
  await expect(socket.ask({ op: "ping" })).rejects.toMatchObject({ code: "lost", retry: true });
  world.wire.welcome();
  await settle();
  expect(told).toEqual(["connecting", "open"]);
});

test("replies find their commands by id, in whatever order they come", async () => {
  const { world, socket } = begin();
  world.wire.welcome();
  await settle();
  const one = socket.ask({ op: "seen", stream: "s", seq: 1 });
  const two = socket.ask({ op: "seen", stream: "s", seq: 2 });
  const [first, second] = world.wire.sent.slice(-2);
  world.wire.say({ op: "done", id: second!["id"], seq: 22 });
  world.wire.say({ op: "error", id: first!["id"], code: "busy", message: "Busy", retry: true, retry_after: 1 });
  expect(await two).toMatchObject({ seq: 22 });
  await expect(one).rejects.toMatchObject({ code: "busy", retry: true, retryAfter: 1 });
});

test("the wait before another attempt is drawn from a span that doubles up to a ceiling", () => {
  expect([0, 1, 2, 3].map((tries) => backOff(tries, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(backOff(40, 1)).toBe(30_000);
  expect(backOff(3, 0)).toBe(0);
});

test("a broken connection is tried again after the wait, and at once when the network is back", async () => {
  const { world, told } = begin();
  world.wire.welcome();
  await settle();
  world.wire.close(1006);
  expect(told.at(-1)).toBe("offline");
  world.pass(249);
  expect(world.wires.length).toBe(1);
  world.pass(1);
  expect(world.wires.length).toBe(2);
  world.wire.close(1006);
  world.comeBack();
  expect(world.wires.length).toBe(3);
});

test("what was asked and not answered is refused as lost when the connection breaks", async () => {
  const { world, socket } = begin();
  world.wire.welcome();
  await settle();
  const asked = socket.ask({ op: "ping" });
  world.wire.close(1006);
  await expect(asked).rejects.toBeInstanceOf(Refused);
});

test("a restart brings clients back within the time that bye named, at random", async () => {
  const { world } = begin();
  world.wire.welcome();
  await settle();
  world.wire.say({ op: "bye", reason: "restart", retry_after: 0.5 });
  world.wire.close(1012);
  world.pass(249);
  expect(world.wires.length).toBe(1);
  world.pass(1);
  expect(world.wires.length).toBe(2);
});

test("signed out is not tried again", async () => {
  const { world, told } = begin();
  world.wire.welcome();
  await settle();
  world.wire.close(4001);
  world.pass(100_000);
  world.comeBack();
  expect(told.at(-1)).toBe("ended");
  expect(world.wires.length).toBe(1);
});

test("after a silence it asks whether the other end is there, and gives up where no answer comes", async () => {
  const { world, told } = begin();
  world.wire.welcome();
  await settle();
  world.pass(20_000);
  expect(world.wire.sent.at(-1)!["op"]).toBe("ping");
  world.wire.answer("ping", { op: "pong", time: 20_000 });
  world.pass(19_999);
  expect(told.at(-1)).toBe("open");
  world.pass(10_001);
  expect(told).toContain("offline");
});

test("the server's time is the middle of asking and being answered", async () => {
  const world = new TestWorld();
  const socket = new Socket(world, { onStatus: () => undefined, onWelcome: () => undefined, onPush: () => undefined });
  socket.start();
  world.wire.accept();
  world.time += 100;
  world.wire.answer("hello", { op: "welcome", member: {}, epoch: "e", time: 5050, limits: {} });
  await settle();
  expect(socket.offset).toBe(5000);
});

test("what came too fast is sent again when it may be, in its order, and what is asked meanwhile waits behind it", async () => {
  const { world, socket } = begin();
  world.wire.accept();
  world.wire.answer("hello", { op: "welcome", member: {}, epoch: "e", time: 0, limits: { commands_per_second: 50 } });
  await settle();
  const seqs = () => world.wire.sent.filter((one) => one["op"] === "seen").map((one) => one["seq"]);
  const asked = [1, 2, 3].map((seq) => socket.ask({ op: "seen", stream: "s", seq }));
  const [, two, three] = world.wire.sent.slice(-3).map((one) => one["id"]);
  for (const id of [three, two]) world.wire.say({ op: "error", id, code: "too_fast", message: "", retry: true, retry_after: 0.5 });
  asked.push(socket.ask({ op: "seen", stream: "s", seq: 4 }));
  expect(seqs()).toEqual([1, 2, 3]);
  world.pass(499);
  expect(seqs()).toEqual([1, 2, 3]);
  world.pass(1);
  expect(seqs()).toEqual([1, 2, 3, 2]);
  world.pass(20);
  expect(seqs()).toEqual([1, 2, 3, 2, 3]);
  world.pass(20);
  expect(seqs()).toEqual([1, 2, 3, 2, 3, 4]);
  expect(socket.ask({ op: "seen", stream: "s", seq: 5 })).toBeInstanceOf(Promise);
  expect(seqs()).toEqual([1, 2, 3, 2, 3, 4, 5]);
  for (const command of world.wire.sent.filter((one) => one["op"] === "seen")) world.wire.say({ op: "done", id: command["id"], seq: command["seq"] });
  expect(await Promise.all(asked)).toMatchObject([{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4 }]);
});

test("what waits to be sent again is lost with the connection, and comes on no other", async () => {
  const { world, socket } = begin();
  world.wire.welcome();
  await settle();
  const asked = socket.ask({ op: "seen", stream: "s", seq: 1 });
  world.wire.answer("seen", { op: "error", code: "too_fast", message: "", retry: true, retry_after: 1 });
  world.wire.close(1006);
  await expect(asked).rejects.toMatchObject({ code: "lost" });
  world.comeBack();
  world.wire.welcome();
  world.pass(5_000);
  expect(world.wire.sent.map((one) => one["op"])).toEqual(["hello"]);
});
