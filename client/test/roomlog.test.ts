import { expect, test } from "vitest";
import { RoomLog } from "../src/domain/roomlog";
import type { Followed, LiveEvent, Message, Slice } from "../src/protocol/messages";

let stamp = 0;

function event(seq: number, kind: string, data: object, by = 1): LiveEvent {
  return { op: "event", stream: "s", seq, kind, at: ++stamp, by, data, ref: `ref${seq}` };
}

function message(seq: number, more: Partial<Message> = {}): Message {
  return { seq, by: 1, at: seq, body: `m${seq}`, rev: seq, ...more };
}

function followed(more: Partial<Followed>): Followed {
  return { op: "followed", id: 1, stream: "s", head: 0, complete: true, rights: ["read", "post"], state: "open", ...more };
}

function slice(messages: Message[], more = false): Slice {
  return { op: "slice", id: 1, stream: "s", messages, people: [], head: 99, more };
}

test("the first reply is a window on the newest, and the position is its head", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 7, messages: [message(5), message(6)], people: [{ n: 1, alias: "A B", label: "L" }] }));
  expect([log.position, log.messages.map((m) => m.seq), log.people.get(1)?.alias]).toEqual([7, [5, 6], "A B"]);
});

test("an event told twice is taken once, and one out of order is refused", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 0, messages: [] }));
  expect(log.event(event(1, "posted", { body: "x" }))).toBe(true);
  expect(log.event(event(1, "posted", { body: "x" }))).toBe(false);
  expect(() => log.event(event(3, "posted", { body: "y" }))).toThrow();
  expect(log.messages.length).toBe(1);
});

test("a resume appends exactly what was missed", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 2, messages: [message(1), message(2)] }));
  log.followed(followed({ head: 4, events: [event(3, "posted", { body: "c" }), event(4, "posted", { body: "d" })] }));
  expect([log.position, log.messages.map((m) => m.body)]).toEqual([4, ["m1", "m2", "c", "d"]]);
});

test("an incomplete resume drops the window", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 2, messages: [message(1), message(2)] }));
  log.followed(followed({ head: 900, complete: false, messages: [message(899)] }));
  expect([log.position, log.messages.map((m) => m.seq), log.older]).toEqual([900, [899], true]);
});

test("events change a message only above its rev, and skip messages that are not held", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 10, messages: [message(9, { rev: 10, body: "edited already" })] }));
  log.event(event(11, "edited", { target: 3, body: "not held" }));
  log.event(event(12, "edited", { target: 9, body: "new words" }));
  log.page(slice([message(3, { rev: 11, body: "as it stands" })]));
  expect(log.messages.map((m) => [m.seq, m.rev, m.body])).toEqual([[3, 11, "as it stands"], [9, 12, "new words"]]);
});

test("a page read later does not undo what events told since", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 4, messages: [message(4)] }));
  log.event(event(5, "reacted", { target: 4, mark: "agree", set: true }, 2));
  log.page(slice([message(4, { rev: 4 })]));
  expect(log.get(4)?.reactions).toEqual({ agree: [2] });
});

test("marks join the end of their list, leave it, and an empty list goes", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 1, messages: [message(1)] }));
  log.event(event(2, "reacted", { target: 1, mark: "agree", set: true }, 2));
  log.event(event(3, "reacted", { target: 1, mark: "agree", set: true }, 3));
  log.event(event(4, "reacted", { target: 1, mark: "agree", set: true }, 2));
  expect(log.get(1)?.reactions).toEqual({ agree: [3, 2] });
  log.event(event(5, "reacted", { target: 1, mark: "agree", set: false }, 2));
  log.event(event(6, "reacted", { target: 1, mark: "agree", set: false }, 3));
  expect(log.get(1)?.reactions).toEqual({});
});

test("redaction leaves neither words nor marks, and nothing brings them back", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 1, messages: [message(1, { reactions: { agree: [2] } })] }));
  log.event(event(2, "redacted", { target: 1 }));
  log.event(event(3, "reacted", { target: 1, mark: "agree", set: true }, 2));
  expect(log.get(1)).toMatchObject({ body: "", redacted: true, reactions: {}, rev: 3 });
});

test("after a gap nothing of before is held, and the next event is the one after the head", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 2, messages: [message(1), message(2)] }));
  log.gap(700);
  expect([log.position, log.messages.length, log.older]).toEqual([700, 0, true]);
  expect(log.event(event(701, "posted", { body: "on" }))).toBe(true);
});

test("those who wrote and are not known are asked for", () => {
  const log = new RoomLog();
  log.followed(followed({ head: 2, messages: [message(2, { by: 4 })] }));
  log.event(event(3, "joined", { n: 5, alias: "C D", label: "L" }, 5));
  log.event(event(4, "posted", { body: "x" }, 5));
  expect(log.strangers()).toEqual([4]);
});
