import { expect, test } from "vitest";
import { PresenceModel } from "../src/domain/presence";
import type { Socket } from "../src/protocol/socket";
import type { Push } from "../src/protocol/messages";
import { settle, TestWorld } from "./world";

function begin() {
  const world = new TestWorld();
  const asked: { op: string; here?: boolean }[] = [];
  const who = { version: 9, count: 1, here: [{ alias: "c", label: "" }] };
  const socket = { ask: (command: { op: string }) => { asked.push(command); return Promise.resolve(who); } } as unknown as Socket;
  return { world, asked, presence: new PresenceModel("s", world, socket) };
}

const push = (more: object) => ({ op: "presence", stream: "s", base: 0, version: 1, count: 0, here: null, came: [], went: [], ...more }) as Push;
const one = (alias: string) => ({ alias, label: "" });

test("a whole state, then differences, give who is there", () => {
  const { presence } = begin();
  presence.take(push({ count: 2, here: [one("a"), one("b")] }));
  presence.take(push({ base: 1, version: 2, count: 2, came: [one("d")], went: ["a"] }));
  expect(presence.here.value?.map((who) => who.alias)).toEqual(["b", "d"]);
});

test("a difference to another version is not taken: the state is asked for", async () => {
  const { presence, asked } = begin();
  presence.take(push({ count: 1, here: [one("a")] }));
  presence.take(push({ base: 7, version: 8, count: 2, came: [one("b")] }));
  await settle();
  expect(asked.map((command) => command.op)).toEqual(["who"]);
  expect(presence.here.value?.map((who) => who.alias)).toEqual(["c"]);
});

test("being there is said once, and again on a new connection", () => {
  const { presence, asked } = begin();
  presence.look(true);
  presence.look(true);
  presence.followed();
  presence.look(false);
  expect(asked.map((command) => command.here)).toEqual([true, true, false]);
});

test("who writes is forgotten after six seconds, or with what they wrote", () => {
  const { presence, world } = begin();
  for (const alias of ["a", "b"]) presence.take({ op: "typing", stream: "s", alias });
  presence.wrote("a");
  expect(presence.writing.value).toEqual(["b"]);
  world.pass(6000);
  expect(presence.writing.value).toEqual([]);
});

test("writing is told every three seconds at the most", () => {
  const { presence, asked, world } = begin();
  for (let n = 0; n < 5; n++) presence.typing();
  world.pass(3000);
  presence.typing();
  expect(asked.length).toBe(2);
});
