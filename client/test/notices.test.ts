import { expect, test } from "vitest";
import { Notices } from "../src/domain/notices";
import type { LiveEvent } from "../src/protocol/messages";

const told = (seq: number, kind: string, data: object) => ({ op: "event", stream: "f", seq, kind, at: seq, by: 0, data }) as LiveEvent;
const moved = (seq: number, id: string, replies: number) => told(seq, "case.changed", { case: id, rev: 1, state: "open", urgency: "urgent", outcome: null, last_at: seq, replies, first_reply_at: null });

test("the newest come first, each once however often it is told", () => {
  const notices = new Notices();
  for (const seq of [1, 2, 2, 1]) notices.event(told(seq, "mentioned", { stream: "r", seq: 40 + seq }));
  expect(notices.all.value.map((one) => one.seq)).toEqual([2, 1]);
  expect(notices.all.value[0]).toMatchObject({ kind: "mentioned", message: 42 });
});

test("of each followed case only the last news is shown", () => {
  const notices = new Notices();
  for (const event of [moved(1, "a", 1), moved(2, "b", 1), moved(3, "a", 2)]) notices.event(event);
  expect(notices.all.value.map((one) => one.seq)).toEqual([3, 2]);
});

test("what was read on any device is no longer counted, and a mark never runs backwards", () => {
  const notices = new Notices();
  for (const seq of [1, 2, 3]) notices.event(told(seq, "invited", { stream: `r${seq}`, room: "direct" }));
  notices.read(2);
  notices.read(1);
  expect(notices.unread.value).toBe(1);
});

test("other kinds are not notices", () => {
  const notices = new Notices();
  notices.event(told(1, "case.opened", {}));
  expect(notices.all.value).toEqual([]);
});

test("an operator is told of a search that needs somebody", () => {
  const notices = new Notices();
  notices.event(told(1, "pager.alarm", { case: "a", reason: "unreached" }));
  expect(notices.all.value).toMatchObject([{ kind: "pager.alarm", case: "a", reason: "unreached" }]);
  expect(notices.unread.value).toBe(1);
});
