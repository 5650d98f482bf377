import { signal } from "@preact/signals";
import { names as englishNames, words as english } from "virtual:words/en-GB";
import { Formats } from "./formats";
import type { Words } from "./shape";

/** What the server's catalogues are called in a language, by id; what is missing is called what the server calls it. */
export interface Names {
  specialties?: Record<string, string>;
  /** What is typed for a specialty in this language besides its name, with commas between. */
  synonyms?: Record<string, string>;
  groups?: Record<string, string>;
  regions?: Record<string, string>;
}

interface Language { words: Words; names: Names }

/** Languages that the pages can be read in, each by its own name. */
export const LANGUAGES: Record<string, string> = {
  "en-GB": "English (UK)",
  "en-US": "English (US)",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
};

/** For tests of the pages: longer than any language, and from right to left. */
const PSEUDO = new Set(["en-XA", "ar-XB"]);
const PLACE = "language";
const LOADERS: Record<string, () => Promise<Language>> = {
  "en-US": () => import("virtual:words/en-US"),
  de: () => import("virtual:words/de"),
  fr: () => import("virtual:words/fr"),
  es: () => import("virtual:words/es"),
  "en-XA": () => import("virtual:words/en-XA"),
  "ar-XB": () => import("virtual:words/ar-XB"),
};

/** The language of the pages; whoever shows words shows them anew when it changes. */
export const locale = signal("en-GB");
/** Every word that the pages show, in that language. Read it when it is shown, not before. */
export let words: Words = english;
export let names: Names = englishNames;
/** Numbers, times and names of places in that language. */
export let formats = new Formats("en-GB", english);

/** The first of what a reader prefers that there is; "de-AT" finds "de", and any English but the American the British one. */
export function chosen(preferred: readonly string[]): string {
  for (const tag of preferred) {
    if (Object.hasOwn(LANGUAGES, tag) || PSEUDO.has(tag)) return tag;
    const language = tag.split("-")[0]!;
    if (language === "en") return "en-GB";
    if (Object.hasOwn(LANGUAGES, language)) return language;
  }
  return "en-GB";
}

/** Reads the words of a language; where they cannot be had, what is shown stays as it is. */
export async function speak(tag: string): Promise<boolean> {
  let found: Language;
  try {
    found = tag === "en-GB" ? { words: english, names: englishNames } : await LOADERS[tag]!();
  } catch {
    return false;
  }
  words = found.words;
  names = found.names;
  formats = new Formats(PSEUDO.has(tag) ? "en-GB" : tag, words);
  locale.value = tag;
  document.documentElement.lang = tag;
  document.documentElement.dir = tag === "ar-XB" ? "rtl" : "ltr";
  return true;
}

/** What the reader chose on this device, or else what the browser says. */
export function preferred(): string {
  return chosen([localStorage.getItem(PLACE) ?? "", ...navigator.languages]);
}

export async function choose(tag: string): Promise<void> {
  if (await speak(tag)) localStorage.setItem(PLACE, tag);
}
