import { render } from "@testing-library/preact";
import { expect, test } from "vitest";
import { ageText, clockText, responseText } from "../src/domain/waiting";
import { Markdown, withoutMarks } from "../src/views/markdown";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("the clock counts minutes and seconds, then hours, then days", () => {
  expect([0, 12_000, 61_000, HOUR - 1, 3 * HOUR + 5 * MINUTE, 52 * HOUR].map(clockText)).toEqual([
    "00:00", "00:12", "01:01", "59:59", "3:05 h", "2 d 4 h",
  ]);
  expect(clockText(-5)).toBe("00:00");
});

test("ages and responses are as short as a list needs", () => {
  expect([0, 4 * MINUTE, 3 * HOUR, 50 * HOUR].map(ageText)).toEqual(["now", "4 min", "3 h", "2 d"]);
  expect(responseText(1000, 41_000)).toBe("40 s");
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
