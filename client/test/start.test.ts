import { expect, test } from "vitest";

test("the page has a place for the application", async () => {
  const { readFile } = await import("node:fs/promises");
  expect(await readFile("index.html", "utf8")).toContain('id="app"');
});
