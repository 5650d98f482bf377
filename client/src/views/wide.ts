import { signal } from "@preact/signals";

/** Where a room has what it is about beside it; the style sheets name the same width. */
const media = matchMedia("(min-width: 80rem)");

export const wide = signal(media.matches);

media.addEventListener("change", () => { wide.value = media.matches; });
