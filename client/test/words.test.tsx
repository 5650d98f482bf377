import { render } from "@testing-library/preact";
import { expect, test } from "vitest";
import { formats } from "../src/words";
import { Markdown, withoutMarks } from "../src/views/markdown";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("the clock counts minutes and seconds, then hours, then days", () => {
  expect([0, 12_000, 61_000, HOUR - 1, 3 * HOUR + 5 * MINUTE, 52 * HOUR].map((span) => formats.clock(span))).toEqual([
    "00:00", "00:12", "01:01", "59:59", "3h 5m", "2d 4h",
  ]);
  expect(formats.clock(-5)).toBe("00:00");
});

test("ages and responses are as short as a list needs", () => {
  expect([0, 4 * MINUTE, 3 * HOUR, 50 * HOUR].map((age) => formats.ago(age))).toEqual(["just now", "4 min ago", "3 hr ago", "2 days ago"]);
  expect([40_000, 6 * MINUTE, 2 * HOUR].map((span) => formats.span(span))).toEqual(["40 secs", "6 mins", "2 hrs"]);
});

test("markup is shown as text, and no link leads to a script", () => {
  const text = "**bold** <img src=x onerror=alert(1)> [x](javascript:alert(1)) [y](https://a.example) `a<b` 3 & 4 &lt;b&gt;";
  const { container } = render(<Markdown text={text} />);
  expect(container.querySelector("img, script, b")).toBeNull();
  expect(container.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(container.textContent).toContain("a<b 3 & 4");
  expect([...container.querySelectorAll("a")].map((a) => a.getAttribute("href"))).toEqual(["https://a.example"]);
});

test("a quotation has the words without their marks", () => {
  expect(withoutMarks("- **Stay** in hospital\n2. a `statin`, not *now*")).toBe("Stay in hospital a statin, not now");
});
