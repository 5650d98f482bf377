import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { argumentsOf, flat, LANGUAGES, readNames, readTree, shape } from "../build/catalogue";
import { chosen, formats, LANGUAGES as OFFERED, speak, words } from "../src/words";

test("the types of all words are written from the British ones", async () => {
  await expect(shape()).toMatchFileSnapshot("../src/words/shape.ts");
});

test("every language that is offered has a catalogue, and the other way round", () => {
  expect(Object.keys(OFFERED)).toEqual([...LANGUAGES]);
});

const british = flat(readTree("en-GB"));

test.each([...LANGUAGES, "en-XA", "ar-XB"])("%s is complete: each text is there, and is given what it needs", (language) => {
  const own = flat(readTree(language));
  expect([...own.keys()].sort()).toEqual([...british.keys()].sort());
  for (const [place, text] of own) {
    expect(text.trim(), place).not.toBe("");
    expect([...argumentsOf(text).keys()].sort(), place).toEqual([...argumentsOf(british.get(place)!).keys()].sort());
  }
});

test.each(["de", "fr", "es"])("%s says nothing in English that is a sentence", (language) => {
  const own = flat(readTree(language));
  const same = [...british].filter(([place, text]) => own.get(place) === text && /\w+ \w+ \w+/.test(text)).map(([place]) => place);
  expect(same).toEqual([]);
});

test("the three other languages name the same specialties, groups and regions", () => {
  const [german, french, spanish] = ["de", "fr", "es"].map((language) => {
    const { synonyms: _, ...names } = readNames(language);
    return [...flat(names).keys()].sort();
  });
  expect(french).toEqual(german);
  expect(spanish).toEqual(german);
});

const served = JSON.parse(readFileSync(join(import.meta.dirname, "../../lounge/data/specialties.json"), "utf-8")) as Record<"specialties" | "groups", { id: string }[]>;

test("and all that the server has", () => {
  const names = readNames("de") as Record<string, Record<string, string>>;
  for (const kind of ["specialties", "groups"] as const) {
    expect(Object.keys(names[kind]!).sort()).toEqual(served[kind].map((one) => one.id).sort());
  }
});

test.each([...LANGUAGES])("%s gives no two specialties one name, and what is typed for them in small letters", (language) => {
  const { specialties = {}, synonyms = {} } = readNames(language) as Record<string, Record<string, string>>;
  expect(new Set(Object.values(specialties)).size).toBe(Object.keys(specialties).length);
  const ids = served.specialties.map((one) => one.id);
  expect([...Object.keys(specialties), ...Object.keys(synonyms)].filter((one) => !ids.includes(one))).toEqual([]);
  expect(Object.values(synonyms).filter((one) => one !== one.toLowerCase() || one.split(", ").some((word) => word.trim() !== word || word === ""))).toEqual([]);
});

test("a reader is shown the first language that they prefer and that there is", () => {
  expect(chosen(["de-AT", "en-US"])).toBe("de");
  expect(chosen(["en-AU", "de"])).toBe("en-GB");
  expect(chosen(["en-US"])).toBe("en-US");
  expect(chosen(["nb", "pt-BR", "es-MX"])).toBe("es");
  expect(chosen(["", "zh"])).toBe("en-GB");
  expect(chosen(["constructor"])).toBe("en-GB");
});

test("counts, clocks and places are said as a language says them", async () => {
  expect(words.replies({ n: 1 })).toBe("1 reply");
  expect(words.replies({ n: 1200 })).toBe("1,200 replies");
  expect(await speak("de")).toBe(true);
  expect(words.replies({ n: 1200 })).toBe("1.200 Antworten");
  expect(formats.region("DE")).toBe("Deutschland");
  expect(formats.ago(4 * 60_000)).toBe("vor 4 Min.");
  expect(document.documentElement.lang).toBe("de");
  await speak("en-GB");
});
