import { readFileSync } from "node:fs";
import { join } from "node:path";
import MessageFormat from "@messageformat/core";
import compileModule from "@messageformat/core/compile-module";
import { parse, type Token } from "@messageformat/parser";
import type { Plugin } from "vite";

/** Words of one language, by place; texts are ICU messages. */
export type Tree = { [name: string]: string | Tree };

const FOLDER = join(import.meta.dirname, "../messages/");
/** What a language is read as: its own texts over those of the language it is a kind of. */
const OVER: Record<string, string> = { "en-US": "en-GB" };
/** Locales for tests alone: accented and longer than English; and the same from right to left. */
const PSEUDO: Record<string, string> = { "en-XA": "en-GB", "ar-XB": "en-GB" };

export const LANGUAGES = ["en-GB", "en-US", "de", "fr", "es"] as const;

export function readTree(locale: string): Tree {
  if (locale in PSEUDO) return mapped(readTree(PSEUDO[locale]!), pseudo);
  const own = json(`${locale}.json`);
  return locale in OVER ? merged(readTree(OVER[locale]!), own) : own;
}

/** What the server's catalogues are called in a language: nothing where it is theirs. */
export function readNames(locale: string): Tree {
  try {
    return json(`names/${locale}.json`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function json(name: string): Tree {
  return JSON.parse(readFileSync(FOLDER + name, "utf-8")) as Tree;
}

function merged(base: Tree, over: Tree): Tree {
  const whole: Tree = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = base[name];
    if (below === undefined) throw new Error(`${name}: not in the language that this one is a kind of`);
    whole[name] = typeof value === "string" || typeof below === "string" ? value : merged(below, value);
  }
  return whole;
}

function mapped(tree: Tree, change: (text: string) => string): Tree {
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, typeof value === "string" ? change(value) : mapped(value, change)]));
}

/** All texts of a tree by their whole place. */
export function flat(tree: Tree, place = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "string") all.set(place + name, value);
    else for (const [inner, text] of flat(value, `${place}${name}.`)) all.set(inner, text);
  }
  return all;
}

/** The arguments of a message, and whether each is a number: it is formatted as one, or chooses a plural. */
export function argumentsOf(text: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const walk = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      if (token.type === "argument") found.set(token.arg, found.get(token.arg) ?? false);
      else if (token.type === "function") found.set(token.arg, token.key === "number");
      else if (token.type === "plural" || token.type === "select" || token.type === "selectordinal") {
        found.set(token.arg, token.type !== "select");
        for (const one of token.cases) walk(one.tokens);
      }
    }
  };
  walk(parse(text));
  return found;
}

const ACCENTED = "áƀçďéƒǧĥíĵķłɱñóƥɋřšťúṽŵẋýž";

function pseudo(text: string): string {
  const spell = (words: string) => words.replace(/[a-z]/g, (letter) => ACCENTED[letter.charCodeAt(0) - 97]!);
  const write = (tokens: readonly Token[]): string =>
    tokens.map((token) => {
      if (token.type === "content") return spell(token.value).replaceAll("'", "''");
      if (token.type === "argument") return `{${token.arg}}`;
      if (token.type === "function") return `{${token.arg}, ${token.key}}`;
      if (token.type === "octothorpe") return "#";
      const cases = token.cases.map((one) => `${one.key} {${write(one.tokens)}}`).join(" ");
      return `{${token.arg}, ${token.type}, ${cases}}`;
    }).join("");
  const longer = "~".repeat(Math.ceil(text.replace(/\{.*\}/g, "").length * 0.3));
  return `[${write(parse(text))}${longer}]`;
}

/** A module of a language: `words` has a text or a function at each place, `names` what the server's catalogues are called. */
export function moduleOf(locale: string): string {
  const tree = readTree(locale);
  const spoken = locale in PSEUDO ? "en" : locale;
  const formed = Object.fromEntries([...flat(tree)].filter(([, text]) => argumentsOf(text).size > 0));
  const compiled = compileModule(new MessageFormat(spoken), formed).replace("export default", "const formed =");
  const written = (part: Tree, place: string): string =>
    `{${Object.entries(part).map(([name, value]) => {
      const whole = place + name;
      const its = typeof value !== "string" ? written(value, `${whole}.`) : whole in formed ? `formed[${JSON.stringify(whole)}]` : JSON.stringify(plain(value));
      return `${JSON.stringify(name)}: ${its}`;
    }).join(", ")}}`;
  return `${compiled}\nexport const words = ${written(tree, "")};\nexport const names = ${JSON.stringify(readNames(locale))};\n`;
}

function plain(text: string): string {
  return parse(text).map((token) => (token.type === "content" ? token.value : "#")).join("");
}

/** The shape of all words in TypeScript, by the language that all others follow. */
export function shape(): string {
  const lines = ["// Written from messages/en-GB.json by `vitest run -u test/messages.test.ts`: change it there.", "", "export interface Words {"];
  // As many to a line as fit: the file is read by the compiler, and now and then by somebody.
  const put = (indent: string, text: string, beside: boolean) => {
    const last = lines.at(-1)!;
    if (beside && last.length + text.length < 150) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(indent + text);
  };
  const write = (tree: Tree, indent: string) => {
    let beside = false;
    for (const [name, value] of Object.entries(tree)) {
      const key = /^[a-z]\w*$/i.test(name) ? name : JSON.stringify(name);
      if (typeof value !== "string") {
        lines.push(`${indent}${key}: {`);
        write(value, `${indent}  `);
        lines.push(`${indent}};`);
        beside = false;
        continue;
      }
      const its = [...argumentsOf(value)].map(([one, counts]) => `${one}: ${counts ? "number" : "string | number"}`);
      put(indent, `${key}: ${its.length > 0 ? `(given: { ${its.join("; ")} }) => string` : "string"};`, beside);
      beside = true;
    }
  };
  write(readTree("en-GB"), "  ");
  return [...lines, "}", ""].join("\n");
}

const PREFIX = "virtual:words/";

/** Makes `virtual:words/LOCALE` a module: messages are compiled when the client is built, and nothing parses them in a browser. */
export function catalogues(): Plugin {
  return {
    name: "catalogues",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return null;
      return moduleOf(id.slice(PREFIX.length + 1));
    },
  };
}
