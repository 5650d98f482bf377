import { signal, type Signal } from "@preact/signals";
import type { LiveEvent, SearchChanged } from "../protocol/messages";
import type { PagerApi, Search, Steering } from "../protocol/pager";
import { Refused } from "../protocol/socket";

/** The searches for responders to the member's cases: read while somebody looks at one, and kept current by the feed. */
export class Searches {
  private readonly held = new Map<string, Signal<Search | null>>();
  /** Cases that are being read; true where what is read is old already. */
  private readonly reading = new Map<string, boolean>();
  /** Keys of what may have been done though no answer came: the same is asked again by its key. */
  private readonly keys = new Map<string, string>();
  /** Whose searches these are: an answer to who has left is nobody's. */
  private generation = 0;

  constructor(private readonly api: PagerApi, private readonly uuid: () => string) {}

  /** The search for a case: null while it is not read, and where there is none. */
  of(id: string): Signal<Search | null> {
    let found = this.held.get(id);
    if (found === undefined) this.held.set(id, (found = signal<Search | null>(null)));
    return found;
  }

  /** Reads it; nobody but the author and moderators is told of one. */
  async load(id: string): Promise<void> {
    if (this.reading.has(id)) {
      this.reading.set(id, true);
      return;
    }
    const { generation } = this;
    this.reading.set(id, false);
    let found: Search | null = null;
    try {
      found = await this.api.search(id);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    if (generation !== this.generation) return;
    if (found !== null) this.of(id).value = found;
    const old = this.reading.get(id);
    this.reading.delete(id);
    if (old) await this.load(id);
  }

  /** Takes an event of the own feed: the numbers at once, and who they are by reading anew. */
  event(event: LiveEvent): void {
    if (event.kind !== "search.changed") return;
    const change = event.data as SearchChanged;
    const search = this.held.get(change.case);
    if (search === undefined) return;
    if (search.value !== null) search.value = { ...search.value, ...change };
    void this.load(change.case);
  }

  /** What was held may be old: the feed was not told in full. */
  refresh(): void {
    for (const id of this.held.keys()) void this.load(id);
  }

  /** Asks more people, widens whom may be asked, or asks nobody else. Throws Refused. */
  async steer(id: string, what: Steering): Promise<void> {
    const { generation } = this;
    const name = `${what} ${id}`;
    const key = this.keys.get(name) ?? this.uuid();
    this.keys.set(name, key);
    try {
      const found = await this.api.steer(id, what, key);
      if (generation !== this.generation) return;
      this.of(id).value = found;
      this.keys.delete(name);
    } catch (error) {
      if (generation === this.generation && (!(error instanceof Refused) || !error.retry)) this.keys.delete(name);
      throw error;
    }
  }

  clear(): void {
    this.generation++;
    this.held.clear();
    this.reading.clear();
    this.keys.clear();
  }
}
