import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

/** The path shown, and what follows "?"; history moves them, and so does `go`. */
export const path = signal(location.pathname);
export const query = signal(location.search);

const follow = () => {
  path.value = location.pathname;
  query.value = location.search;
};

addEventListener("popstate", follow);

export function go(to: string, replace = false): void {
  if (to === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  follow();
}

/** Back to where one came from, or to `fallback` where this is the first page of the visit. */
export function back(fallback: string): void {
  if (history.length > 1) history.back();
  else go(fallback, true);
}

interface LinkProps {
  to: string;
  class?: string;
  "aria-current"?: "page" | undefined;
  "aria-label"?: string;
  children: ComponentChildren;
}

/** A link within the application; modified clicks stay the browser's. */
export function Link({ to, children, ...rest }: LinkProps) {
  return (
    <a
      {...rest}
      aria-current={rest["aria-current"]}
      href={to}
      onClick={(event) => {
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
