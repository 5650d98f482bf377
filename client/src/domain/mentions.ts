import type { Person } from "../protocol/messages";

/** A part of a text: words, or the name of somebody who is called, with its "@". */
export interface Part {
  text: string;
  called: boolean;
}

const WORD = /[\p{L}\p{N}-]/u;

/**
 * Cuts a text where it calls one of these aliases: by "@" and the whole alias, of two that begin alike the longer one. An
 * address such as "a@b" calls nobody.
 */
export function partsOf(text: string, aliases: readonly string[]): Part[] {
  const longestFirst = [...aliases].sort((a, b) => b.length - a.length);
  const parts: Part[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at < from || (at > 0 && WORD.test(text[at - 1]!))) continue;
    const alias = longestFirst.find((one) => text.startsWith(one, at + 1) && !WORD.test(text[at + 1 + one.length] ?? ""));
    if (alias === undefined) continue;
    if (at > from) parts.push({ text: text.slice(from, at), called: false });
    from = at + 1 + alias.length;
    parts.push({ text: text.slice(at, from), called: true });
  }
  if (from < text.length) parts.push({ text: text.slice(from), called: false });
  return parts;
}

/** The participants whom a text calls, each once. */
export function calledIn(text: string, people: Iterable<Person>): number[] {
  const known = [...people];
  const names = new Set(partsOf(text, known.map((one) => one.alias)).filter((part) => part.called).map((part) => part.text.slice(1)));
  return known.filter((one) => names.has(one.alias)).map((one) => one.n);
}
