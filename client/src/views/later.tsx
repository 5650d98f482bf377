import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem, Skeleton } from "../design/parts";
import { words } from "../words";

/** A view that comes in a part of its own: fetched when it is shown for the first time, or before by `fetch`. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> & { fetch(): Promise<void> } {
  let found: ComponentType<P> | null = null;
  const fetched = () => load().then((view) => { found = view; });
  function Later(props: P) {
    const [state, setState] = useState<"waits" | "there" | "missing">(found === null ? "waits" : "there");
    useEffect(() => {
      if (found === null) fetched().then(() => setState("there"), () => setState("missing"));
    }, []);
    if (found !== null) {
      const View = found;
      return <View {...props} />;
    }
    // A part of a release that the server no longer has: the page as a whole is out of date.
    return state === "missing" ? <Problem message={words.error.unreachable} onAgain={() => location.reload()} /> : <Skeleton />;
  }
  return Object.assign(Later, { fetch: () => fetched().catch(() => undefined) });
}
