import { signal } from "@preact/signals";
import type { Keep, Store } from "../protocol/keep";
import type { World } from "../protocol/world";

const DAY = 86_400_000;
/** Milliseconds after which what was not used is dropped. */
export const KEPT = 7 * DAY;
const ROOMS = 20;
const ANSWERS = 200;
const LAST = "member";
const OWED = "sign-out owed";
/** What the application asks before it knows whose page it is: nothing else is held for whoever signs in next. */
const BEGINNING = new Set(["/api/v1/about", "/api/v1/specialties", "/api/v1/me"]);

export type News = { kind: "outbox"; stream: string } | { kind: "left" };

/**
 * What this device keeps of one member: posts on their way, drafts, the last rooms and answers of the server. Where the
 * browser keeps nothing, the same in memory, for as long as the page lives.
 */
export class Memory {
  /** Whether it outlives the page. */
  readonly lasting = signal(false);
  /** Whether a post could not be kept: it lives with the page alone. */
  readonly failed = signal(false);
  /** Told of what another tab did. */
  onNews: (news: News) => void = () => undefined;
  private keep: Keep | null = null;
  private name: string | null = null;
  /** Whether somebody has left, and nobody has come yet. */
  private shut = false;
  private held = new Map<string, unknown>();
  private drafts = new Map<string, string>();
  private channel: { post(news: News): void; close(): void } | null = null;

  constructor(private readonly world: World) {}

  /** The member who used this device last, as far as a name of their storage tells. */
  get last(): string | null {
    return this.world.local.getItem(LAST);
  }

  /** Opens the storage of a member by handle. Another member's is taken away: a device is one person's at a time. */
  async openFor(handle: string): Promise<void> {
    const name = (await this.world.sha256(`lounge ${handle}`)).slice(0, 32);
    if (this.name === name) return;
    if (this.last !== null && this.last !== name) await this.wipe();
    await this.open(name);
  }

  /** Opens the storage of the last member; false where there is none. */
  async openLast(): Promise<boolean> {
    if (this.last === null) return false;
    await this.open(this.last);
    return this.keep !== null;
  }

  private async open(name: string): Promise<void> {
    this.name = name;
    this.shut = false;
    try {
      this.keep = await this.world.keeping.open(name);
      this.world.local.setItem(LAST, name);
      await this.prune();
      for (const [key, entry] of await this.keep.all<string>("drafts")) this.drafts.set(key, entry.value);
      await this.moveIn();
      this.lasting.value = true;
    } catch {
      this.keep = null;
      this.lasting.value = false;
    }
    this.channel?.close();
    this.channel = this.world.channel(`lounge ${name}`, (news) => this.onNews(news as News));
  }

  /** Keeps for good what was held before it was known whose it is: the answers by which the application begins. */
  private async moveIn(): Promise<void> {
    const held = [...this.held];
    this.held.clear();
    for (const [place, value] of held) {
      const at = place.indexOf(" ");
      await this.put(place.slice(0, at) as Store, place.slice(at + 1), value);
    }
  }

  async get<T>(store: Store, key: string): Promise<T | undefined> {
    try {
      if (this.keep !== null) return (await this.keep.get<T>(store, key))?.value;
    } catch {
      // What cannot be read was not kept.
    }
    return this.held.get(`${store} ${key}`) as T | undefined;
  }

  async all<T>(store: Store): Promise<T[]> {
    try {
      if (this.keep !== null) return (await this.keep.all<T>(store)).map(([, entry]) => entry.value);
    } catch {
      // As above.
    }
    return [...this.held].filter(([key]) => key.startsWith(`${store} `)).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value as T);
  }

  /** Keeps something; where the browser refuses (no room left), as long as the page lives. */
  async put(store: Store, key: string, value: unknown): Promise<void> {
    if (this.shut && !BEGINNING.has(key)) return;
    try {
      if (this.keep !== null) return await this.keep.put(store, key, { at: this.world.clock.now(), value });
    } catch {
      this.lasting.value = false;
    }
    if (store === "outbox") this.failed.value = true;
    this.held.set(`${store} ${key}`, value);
  }

  async delete(store: Store, key: string): Promise<void> {
    this.held.delete(`${store} ${key}`);
    await this.keep?.delete(store, key).catch(() => undefined);
  }

  draft(key: string): string {
    return this.drafts.get(key) ?? "";
  }

  /** Keeps what is being written, at every stroke. */
  setDraft(key: string, text: string): void {
    if (text) {
      this.drafts.set(key, text);
      void this.put("drafts", key, text);
    } else if (this.drafts.delete(key)) void this.delete("drafts", key);
  }

  /** Tells the other tabs. */
  tell(news: News): void {
    this.channel?.post(news);
  }

  /** Does some work while no other tab does the same. */
  alone(name: string, work: () => Promise<void>): Promise<void> {
    return this.world.alone(`lounge ${this.name ?? ""} ${name}`, work);
  }

  /** Lets go of everything in memory, and of the storage without deleting it: another tab has done that. */
  close(): void {
    this.keep?.close();
    this.keep = null;
    this.name = null;
    this.shut = true;
    this.held.clear();
    this.drafts.clear();
    this.channel?.close();
    this.channel = null;
    this.lasting.value = false;
    this.failed.value = false;
  }

  /** Whether somebody left while the server could not be told: their cookie is still good. */
  get owed(): boolean {
    return this.world.local.getItem(OWED) !== null;
  }

  set owed(is: boolean) {
    if (is) this.world.local.setItem(OWED, "1");
    else this.world.local.removeItem(OWED);
  }

  /** Deletes all that this device keeps, of anybody. */
  async wipe(): Promise<void> {
    const last = this.last;
    this.tell({ kind: "left" });
    this.close();
    this.world.local.clear();
    this.world.session.clear();
    await this.world.keeping.wipe(last).catch(() => undefined);
  }

  /** Drops what was not used for a week, and the oldest of what there is too much of. */
  private async prune(): Promise<void> {
    const keep = this.keep;
    if (keep === null) return;
    const stale = this.world.clock.now() - KEPT;
    const bounds: [Store, number][] = [["outbox", Infinity], ["drafts", Infinity], ["rooms", ROOMS], ["answers", ANSWERS]];
    for (const [store, most] of bounds) {
      const newestFirst = (await keep.all(store)).sort(([, a], [, b]) => b.at - a.at);
      const gone = newestFirst.filter(([, entry], index) => entry.at < stale || index >= most);
      await Promise.all(gone.map(([key]) => keep.delete(store, key)));
    }
  }
}
