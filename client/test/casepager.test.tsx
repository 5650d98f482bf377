import { signal } from "@preact/signals";
import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { Toasts } from "../src/design/parts";
import type { App } from "../src/domain/app";
import { Searches } from "../src/domain/search";
import { PagerApi, type Search } from "../src/protocol/pager";
import { SearchLine } from "../src/views/casepager";
import { settle } from "./world";

afterEach(cleanup);

const search = (change: Partial<Search> = {}): Search => ({
  case: "c", state: "searching", paged: 3, open: 3, acknowledged: 0, declined: 0, next_at: null, next_people: null, opened_at: 0, first_paged_at: 1,
  acknowledged_at: null, people: [], may: ["call-more", "widen", "stand-down"], ...change,
});

async function shown(told: boolean) {
  let now = search();
  let asked = 0;
  const answer = () => {
    asked++;
    return Promise.resolve({ search: now } as never);
  };
  const searches = new Searches(new PagerApi({ ask: answer, post: answer }), () => "key");
  const app = { searches, now: signal(1_000), label: (label: string) => label };
  const page = render(<><SearchLine app={app as unknown as App} id="c" told={told} /><Toasts /></>);
  await act(settle);
  const pass = async (milliseconds: number) => {
    await act(() => { app.now.value += milliseconds; });
    await act(settle);
  };
  return { page, searches, asked: () => asked, pass, answers: (next: Search) => { now = next; } };
}

test("whoever is not told what changes asks every half minute, as long as there is something to wait for", async () => {
  const { page, asked, pass, answers } = await shown(false);
  await pass(29_000);
  expect(asked()).toBe(1);
  answers(search({ paged: 7 }));
  await pass(1_000);
  expect(page.getAllByRole("status")[0]!.textContent).toContain("7 paged");
  answers(search({ state: "answered", may: [] }));
  await pass(30_000);
  const before = asked();
  await pass(300_000);
  // Once more as it ends, and then no longer.
  expect(asked() - before).toBeLessThan(2);
  page.unmount();
  await pass(300_000);
  expect(asked() - before).toBeLessThan(2);
});

test("whoever is told what changes does not ask for it", async () => {
  const { asked, pass } = await shown(true);
  await pass(300_000);
  expect(asked()).toBe(1);
});

test("what may be asked of a search is what the server says", async () => {
  const { page, searches, answers } = await shown(true);
  await act(() => page.getByRole("button", { name: /paged/ }).click());
  const buttons = () => page.getAllByRole("button", { hidden: true }).map((one) => one.textContent);
  expect(buttons()).toContain("Widen");
  answers(search({ state: "exhausted", may: ["call-more", "stand-down"] }));
  await act(() => searches.load("c"));
  expect(buttons()).toContain("Ask more");
  expect(buttons()).not.toContain("Widen");
});

test("the way back from standing down is offered where the server allows it", async () => {
  for (const may of [["call-more"], []] as Search["may"][]) {
    const { page, answers } = await shown(true);
    await act(() => page.getByRole("button", { name: /paged/ }).click());
    answers(search({ state: "stood_down", may }));
    await act(() => page.getByText("Stand down").click());
    await act(settle);
    expect(page.getByText("Nobody else is asked.")).toBeDefined();
    expect(page.container.querySelector(".toast button")?.textContent).toBe(may.length > 0 ? "Ask more" : undefined);
    cleanup();
  }
});
