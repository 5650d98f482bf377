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
