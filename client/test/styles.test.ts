import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "../src");
const DESIGN = join(SOURCES, "design");
const styles = readdirSync(DESIGN).filter((name) => name.endsWith(".css") && name !== "tokens.css");
const pages = ["views", "design"].flatMap((folder) => readdirSync(join(SOURCES, folder)).filter((name) => name.endsWith(".tsx")).map((name) => join(SOURCES, folder, name)));

/** Declarations alone: no comment, and no condition of a media query. */
function declarations(text: string): string[] {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@media[^{]*\{/g, "{").match(/[\w-]+\s*:[^;{}]+;/g) ?? [];
}

const LITERAL = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|lab)\(|(?<![\w-])-?\d*\.?\d+(?:px|rem|em|ms|s)\b|font-weight:\s*\d|line-height:\s*[\d.]/i;
const PHYSICAL = /(?:margin|padding|border|inset)-(?:left|right)|^(?:left|right)\s*:|text-align:\s*(?:left|right)|^float:/;

test.each(styles)("%s names no colour, size, weight or duration of its own: all are tokens", (name) => {
  expect(declarations(readFileSync(join(DESIGN, name), "utf-8")).filter((one) => LITERAL.test(one))).toEqual([]);
});

test.each(styles)("%s has no left and right: pages are read from either side", (name) => {
  expect(declarations(readFileSync(join(DESIGN, name), "utf-8")).filter((one) => PHYSICAL.test(one))).toEqual([]);
});

test("every token that is used is there", () => {
  const tokens = new Set(readFileSync(join(DESIGN, "tokens.css"), "utf-8").match(/--[\w-]+(?=:)/g));
  const used = styles.flatMap((name) => readFileSync(join(DESIGN, name), "utf-8").match(/var\((--[\w-]+)/g) ?? []).map((one) => one.slice(4));
  expect([...new Set(used)].filter((one) => !tokens.has(one))).toEqual([]);
});

test.each(pages)("%s styles nothing but what is measured", (path) => {
  const found = readFileSync(path, "utf-8").match(/style=\{\{[^}]*\}\}/g) ?? [];
  expect(found.filter((one) => !/^style=\{\{ (?:height|transform|background|width|font): `/.test(one))).toEqual([]);
});

test.each(pages)("%s says nothing that is not in the catalogues", (path) => {
  if (path.endsWith("design/page.tsx")) return;
  const text = readFileSync(path, "utf-8");
  const literal = [...text.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)*[^<>{}()=;]*)\s*<\//g)].map((one) => one[1]);
  const attributes = text.match(/(?:aria-label|title|placeholder|alt)="[^"]+"/g) ?? [];
  expect([...literal, ...attributes]).toEqual([]);
});
