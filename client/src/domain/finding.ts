/** Something that is looked for by what it is called, and by what else is typed for it: texts as they are compared. */
export interface Findable { id: string; name: string; typed: readonly string[] }

export function findable(id: string, name: string, typed: readonly string[]): Findable {
  return { id, name: folded(name), typed: typed.map(folded) };
}

const MOST = 8;

/** As it is compared: small letters without accents, and nothing but letters, digits and single spaces. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("œ", "oe").replaceAll("ß", "ss").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

/** How well it fits, 0 best; null where it does not. */
function fit(asked: string, name: string, typed: readonly string[]): number | null {
  if (name === asked || typed.includes(asked)) return 0;
  if (name.startsWith(asked)) return 1;
  if (typed.some((one) => one.startsWith(asked))) return 2;
  const begins = (texts: readonly string[]) => {
    const words = texts.flatMap((text) => text.split(" "));
    return asked.split(" ").every((part) => words.some((word) => word.startsWith(part)));
  };
  if (begins([name])) return 3;
  if (begins([name, ...typed])) return 4;
  // Some languages write in one word what others write in two: "chirurgie" is in "Kinderchirurgie".
  return asked.length >= 4 && name.includes(asked) ? 5 : null;
}

/** The ids of what is meant by `text`, the best first, as listed where they fit alike; none where nothing is asked. */
export function find(text: string, all: readonly Findable[]): string[] {
  const asked = folded(text);
  if (asked === "") return [];
  return all
    .map((one, at) => ({ id: one.id, at, fit: fit(asked, one.name, one.typed) }))
    .filter((one): one is { id: string; at: number; fit: number } => one.fit !== null)
    .sort((a, b) => a.fit - b.fit || a.at - b.at)
    .slice(0, MOST)
    .map((one) => one.id);
}
