import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNames } from "../build/catalogue";
import { find, findable, folded, type Findable } from "../src/domain/finding";

interface Served { id: string; name: string; synonyms: string[] }
const served = (JSON.parse(readFileSync(join(import.meta.dirname, "../../lounge/data/specialties.json"), "utf-8")) as { specialties: Served[] }).specialties;

function catalogue(language: string): Findable[] {
  const { specialties = {}, synonyms = {} } = readNames(language) as Record<string, Record<string, string>>;
  return served.map((one) => findable(one.id, specialties[one.id] ?? one.name, [one.name, ...one.synonyms, ...(synonyms[one.id]?.split(", ") ?? [])]));
}

test.each([
  ["en-GB", "heart", "cardiology"],
  ["en-GB", "EP", "electrophysiology"],
  ["en-GB", "stroke doctor", "stroke"],
  ["en-GB", "A&E", "emergency-medicine"],
  ["en-GB", "ob/gyn", "obstetrics-gynaecology"],
  ["en-GB", "pediatric cardiology", "paediatric-cardiology"],
  ["en-GB", "neuros", "neurosurgery"],
  ["en-US", "Otolaryngology", "ent"],
  ["en-US", "ear, nose and throat", "ent"],
  ["de", "HNO", "ent"],
  ["de", "Anästhesie", "anaesthesia"],
  ["de", "anasthesie", "anaesthesia"],
  ["de", "Gefässchirurgie", "vascular"],
  ["de", "stroke", "stroke"],
  ["fr", "coeur", "cardiology"],
  ["fr", "pédiatre", "paediatrics"],
  ["es", "riñon", "nephrology"],
])("%s: %s is %s", (language, typed, meant) => {
  expect(find(typed, catalogue(language))[0]).toBe(meant);
});

test.each(["en-GB", "en-US", "de", "fr", "es"])("%s: each name, and each word typed for it, finds it among the first", (language) => {
  const all = catalogue(language);
  const lost = all.flatMap((one) => [one.name, ...one.typed].filter((typed) => !find(typed, all).includes(one.id)).map((typed) => `${one.id}: ${typed}`));
  expect(lost).toEqual([]);
});

test("the first letters of each word are enough, in any order; parts of a word are where they are many", () => {
  expect(find("surg paed", catalogue("en-GB"))).toContain("paediatric-surgery");
  expect(find("chirurgie", catalogue("de"))).toContain("hand-surgery");
  expect(find("irur", catalogue("de"))).not.toEqual([]);
  expect(find("rur", catalogue("de"))).toEqual([]);
});

test("nothing is found by nothing, nor by what nobody is", () => {
  for (const text of ["", "  ", "&", "astrology"]) expect(find(text, catalogue("en-GB"))).toEqual([]);
  expect(find("a", catalogue("en-GB")).length).toBe(8);
});

test("accents, capitals and signs between words make no difference", () => {
  expect(folded("  Œil-de-BŒUF, Straße & Ñandú ")).toBe("oeil de boeuf strasse nandu");
});
