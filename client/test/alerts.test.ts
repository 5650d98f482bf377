import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { Alerts, type Signals } from "../src/domain/alerts";
import { Notices } from "../src/domain/notices";
import type { LiveEvent } from "../src/protocol/messages";
import { TestWorld } from "./world";

function begin(permission: "default" | "granted" | "denied" | "unsupported" = "granted", allow = true) {
  const done: string[] = [];
  let now = permission;
  let looking = false;
  const signals: Signals = {
    sound: (call) => done.push(call === "page" ? "sound page" : "sound"),
    vibrate: (call) => done.push(call === "page" ? "vibrate page" : "vibrate"),
    permission: () => now,
    ask: () => {
      done.push("ask");
      if (allow) now = "granted";
      return Promise.resolve(allow);
    },
    show: (text) => done.push(`show ${text}`),
    hide: (tag) => done.push(`hide ${tag}`),
    badge: (count) => done.push(`badge ${count}`),
    looking: () => looking,
  };
  const world = new TestWorld();
  const notices = new Notices();
  const pages = signal(0);
  const alerts = new Alerts(world, signals, notices, pages, (notice) => notice.kind, () => undefined, () => world.clock.now());
  alerts.begin();
  const tell = (seq: number, at = world.clock.now()) =>
    notices.event({ op: "event", stream: "f", seq, kind: "invited", at, by: 0, data: { stream: "r", room: "direct" } } as unknown as LiveEvent);
  return { alerts, notices, pages, world, done, tell, look: (at: boolean) => { looking = at; } };
}

test("what the feed told before, and what is old, rings no bell", async () => {
  const { alerts, done, tell, world } = begin();
  await alerts.set("sound", true);
  done.length = 0;
  tell(1);
  alerts.caughtUp(1);
  tell(2, world.clock.now() - 3_600_000);
  expect(done).not.toContain("sound");
  tell(3);
  expect(done.filter((one) => one === "sound")).toEqual(["sound"]);
});

test("each way is a choice of its own, kept on the device", async () => {
  const { alerts, done, tell, world, look } = begin();
  alerts.caughtUp(0);
  tell(1);
  expect(done.filter((one) => !one.startsWith("badge"))).toEqual([]);
  await alerts.set("vibration", true);
  await alerts.set("notifications", true);
  done.length = 0;
  tell(2);
  expect(done).toEqual(["badge 2", "vibrate", "show invited"]);
  look(true);
  done.length = 0;
  tell(3);
  expect(done).toEqual(["badge 3", "vibrate"]);
  expect(world.local.getItem("alerts")).toBe("vibration notifications");
});

test("notifications are asked for once, where there is a reason, and not again after a no", async () => {
  const { alerts, done, world } = begin("default", false);
  alerts.offer();
  expect(alerts.offered.value).toBe(true);
  await alerts.answer(false);
  alerts.offer();
  expect(alerts.offered.value).toBe(false);
  expect(done).not.toContain("ask");
  world.local.removeItem("alerts offered");
  alerts.offer();
  await alerts.answer(true);
  expect(done).toContain("ask");
  expect(alerts.ways.value.has("notifications")).toBe(false);
});

test("the count is taken away with the reading, and with whoever leaves", () => {
  const { alerts, notices, done, tell } = begin();
  alerts.caughtUp(0);
  tell(1);
  notices.read(1);
  expect(done.at(-1)).toBe("badge 0");
  tell(2);
  alerts.end();
  expect(done.at(-1)).toBe("badge 0");
});

test("open pages are counted with what is unread", () => {
  const { alerts, pages, done, tell } = begin();
  alerts.caughtUp(0);
  tell(1);
  pages.value = 2;
  expect(done.at(-1)).toBe("badge 3");
});

test("whoever goes on call for the first time on a device is rung by it, and asked for leave then; their later choice stands", async () => {
  const { alerts, done } = begin("default");
  await alerts.engage();
  expect([...alerts.ways.value]).toEqual(["sound", "vibration", "notifications"]);
  expect(done).toContain("ask");
  alerts.offer();
  expect(alerts.offered.value).toBe(false);
  await alerts.set("sound", false);
  await alerts.engage();
  expect(alerts.ways.value.has("sound")).toBe(false);
  done.length = 0;
  alerts.rehearse();
  expect(done).toEqual(["vibrate page"]);
});

test("a browser that refuses leaves sound and vibration", async () => {
  const { alerts } = begin("default", false);
  await alerts.engage();
  expect([...alerts.ways.value]).toEqual(["sound", "vibration"]);
});
