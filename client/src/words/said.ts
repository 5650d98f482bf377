import { Refused } from "../protocol/socket";
import { locale, words } from "./index";

/** Codes after which the server's own text says which part of what was sent is wrong. */
const DETAILED = new Set(["invalid", "bad_request"]);

/** What a reader is told of an error: by its code in their language, or in the server's own English. */
export function said(error: unknown): string {
  if (!(error instanceof Refused)) return words.error.title;
  const known = Object.hasOwn(words.error.codes, error.code) ? words.error.codes[error.code as keyof typeof words.error.codes] : undefined;
  const ours = !locale.peek().startsWith("en");
  if (known === undefined || (!ours && error.code !== "lost")) return error.message;
  return ours && DETAILED.has(error.code) ? `${known} (${error.message})` : known;
}
