import { expect, test } from "vitest";
import { calledIn, partsOf } from "../src/domain/mentions";

const people = ["heron", "heron-lane", "Silver Heron", "Silver"].map((alias, n) => ({ n: n + 1, alias, label: "" }));

test.each([
  ["@heron-lane, look", [2]],
  ["@heron look", [1]],
  ["@Silver Heron and @Silver", [3, 4]],
  ["mail me: a@heron", []],
  ["@heronry", []],
  ["@heron@heron-lane", [1]],
  ["(@heron)", [1]],
  ["nobody", []],
  ["@", []],
])("%s calls %j", (text, numbers) => {
  expect(calledIn(text, people)).toEqual(numbers);
});

test("the parts of a text are the text", () => {
  const text = "@Silver Heron, see @nobody and @heron.";
  expect(partsOf(text, people.map((one) => one.alias)).map((part) => part.text).join("")).toBe(text);
});
