import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COUNTRIES } from "../src/domain/countries";
import { blank, drafted } from "../src/domain/draft";
import { DutyModel, nextAt, ordered, overnight, spansOf, switchedUntil } from "../src/domain/duty";
import { acrossDays, alike, localWeek, shadeOf } from "../src/domain/pulse";
import { PagerApi, type Duty } from "../src/protocol/pager";
import { Refused } from "../src/protocol/socket";

const DUTY: Duty = {
  zone: "UTC", hours: [], quiet: [], awake_too: false, on_call_until: null, undisturbed_until: null, stand_in: null, stands_in: false, budget: 4, paged_for: ["cardiology"],
  now: { on_call: false, awake: true, local: "12:00", pages_today: 0 }, version: 3,
};

test("the same hours on several days are one span a day; what ends past midnight ends on the day after", () => {
  expect(spansOf([0, 4], "08:00", "18:00")).toEqual([{ day: 0, from: "08:00", to: "18:00" }, { day: 4, from: "08:00", to: "18:00" }]);
  const night = spansOf([6], "22:00", "07:00");
  expect(night).toEqual([{ day: 6, from: "22:00", to: "07:00" }]);
  expect(Array.isArray(night) && overnight(night[0]!)).toBe(true);
  expect(spansOf([1], "00:00", "00:00")).toEqual([{ day: 1, from: "00:00", to: "24:00" }]);
});

test("what is wrong with hours is named", () => {
  expect(spansOf([], "08:00", "18:00")).toBe("days");
  expect(spansOf([1], "", "18:00")).toBe("from");
  expect(spansOf([1], "08:00", "")).toBe("to");
  expect(spansOf([1], "08:10", "18:00")).toBe("quarter");
});

test("hours stand in order, each once", () => {
  const span = (day: number, from: string, to: string) => ({ day, from, to });
  expect(ordered([span(1, "14:00", "18:00"), span(0, "08:00", "12:00"), span(1, "08:00", "12:00"), span(0, "08:00", "12:00")]))
    .toEqual([span(0, "08:00", "12:00"), span(1, "08:00", "12:00"), span(1, "14:00", "18:00")]);
});

test("a time of the clock is the next one: today, or tomorrow where it has passed", () => {
  const noon = new Date(2024, 4, 6, 12, 0).getTime();
  expect(nextAt("18:00", noon)).toBe(noon + 6 * 3_600_000);
  expect(nextAt("07:30", noon)).toBe(noon + 19.5 * 3_600_000);
  expect(nextAt("12:00", noon)).toBe(noon + 24 * 3_600_000);
  for (const wrong of ["", "25:00", "24:00", "7"]) expect(nextAt(wrong, noon)).toBeNull();
});

test("a switch whose time has come is off", () => {
  expect(switchedUntil({ ...DUTY, on_call_until: 100 }, 99)).toBe(100);
  expect(switchedUntil({ ...DUTY, on_call_until: 100 }, 100)).toBeNull();
});

test("the switch is set to a whole millisecond, though the server's time is known more finely", async () => {
  const sent: unknown[] = [];
  const model = new DutyModel(new PagerApi({
    ask: () => Promise.reject(new Error()),
    post: (path, body) => {
      sent.push([path, body]);
      return Promise.resolve(DUTY as never);
    },
  }));
  await model.onCall(1000.5);
  await model.onCall(null);
  expect(sent).toEqual([["/api/v1/pager/on-call", { until: 1001 }], ["/api/v1/pager/on-call", { until: null }]]);
});

test("what another device changed meanwhile is read before it is changed again", async () => {
  const sent: unknown[] = [];
  let now = DUTY;
  const model = new DutyModel(new PagerApi({
    ask: () => Promise.resolve(now as never),
    post: (_path, body) => {
      sent.push(body);
      return (body as Duty).version === now.version ? Promise.resolve({ ...now, ...(body as object), version: now.version + 1 } as never) : Promise.reject(new Refused("stale", "", false));
    },
  }));
  await model.load();
  now = { ...DUTY, version: 4 };
  await expect(model.change({ budget: 2 })).rejects.toMatchObject({ code: "stale" });
  await model.change({ budget: 2 });
  expect(sent).toEqual([{ budget: 2, version: 3 }, { budget: 2, version: 4 }]);
  expect(model.duty.value).toMatchObject({ budget: 2, version: 5 });
});

test("an answer to who has left is not shown to who comes next", async () => {
  let answer: () => void = () => undefined;
  let refusal: Refused | null = null;
  let asked = 0;
  const wait = () => {
    asked++;
    return new Promise<never>((resolve, reject) => { answer = () => (refusal === null ? resolve(DUTY as never) : reject(refusal)); });
  };
  const model = new DutyModel(new PagerApi({ ask: wait, post: wait }));
  const have = async () => {
    const loading = model.load();
    answer();
    await loading;
  };
  for (const work of [() => model.load(), () => model.onCall(1000), () => model.change({ budget: 2 })]) {
    await have();
    const working = work();
    model.clear();
    answer();
    await working;
    expect(model.duty.value).toBeNull();
  }
  await have();
  refusal = new Refused("stale", "", false);
  const changing = model.change({ budget: 2 });
  const before = asked;
  model.clear();
  answer();
  await expect(changing).rejects.toMatchObject({ code: "stale" });
  expect(asked).toBe(before);
  const loading = model.load();
  model.clear();
  answer();
  await loading;
  expect(model.problem.value).toBeNull();
});

test("hours of the week are shown by the reader's clock, where it differs by whole hours", () => {
  const week = Array.from({ length: 168 }, (_, hour) => hour);
  expect(localWeek(week, 120)).toMatchObject({ local: true });
  expect(localWeek(week, 120).hours.slice(0, 3)).toEqual([166, 167, 0]);
  expect(localWeek(week, -60).hours.slice(0, 2)).toEqual([1, 2]);
  expect(localWeek(week, 330)).toMatchObject({ local: false, hours: week });
  expect(acrossDays(week, 5)).toEqual([5, 29, 53, 77, 101, 125, 149]);
});

test("the more are on call the darker an hour is, and none or too few are not coloured", () => {
  expect([null, 0, 1, 25, 26, 100].map((members) => shadeOf(members, 100))).toEqual([0, 0, 1, 1, 2, 4]);
});

test("responders who bore the same are counted together", () => {
  expect(alike([{ pages: 4, acknowledged: 2 }, { pages: 1, acknowledged: 1 }, { pages: 4, acknowledged: 2 }]))
    .toEqual([{ pages: 4, acknowledged: 2, people: 2 }, { pages: 1, acknowledged: 1, people: 1 }]);
});

test("the countries in which a licence may be asked for are those that the server has", () => {
  const served = JSON.parse(readFileSync(join(import.meta.dirname, "../../lounge/data/countries.json"), "utf-8")) as { countries: { code: string }[] };
  expect([...COUNTRIES].sort()).toEqual(served.countries.map((one) => one.code).sort());
});

test("a case asks for no licence, or for that of a country", () => {
  expect(drafted(blank("key", "en")).licence).toBeNull();
  expect(drafted({ ...blank("key", "en"), licence: "DE" }).licence).toBe("DE");
});
