import { signal } from "@preact/signals";
import type { Api } from "../protocol/api";
import type { Case, Correction, OwnLine, Resolution } from "../protocol/messages";
import { Refused } from "../protocol/socket";
import type { World } from "../protocol/world";
import type { RoomModel } from "./room";

/** A case's author is the first participant of its room. */
export const AUTHOR = 1;
const MOST = 100;

export type Change =
  | { action: "resolve"; resolution: Resolution }
  | { action: "reopen" }
  | { action: "withdraw" }
  | { action: "correct"; correction: Correction }
  | { action: "follow-up"; body: string };

/** One case as its page shows it: read whole, and read again when its room says that it changed. */
export class CasePage {
  readonly held = signal<Case | null>(null);
  readonly problem = signal<Refused | null>(null);
  /** The answer that helped, where the case names one that still stands. */
  readonly accepted = signal<{ seq: number; who: string; label: string; body: string } | null>(null);
  /** Keys of changes that may have been made though no answer came: the same change is sent again with its key. */
  private keys = new Map<string, string>();

  constructor(
    readonly id: string,
    private readonly api: Api,
    private readonly world: World,
    private readonly app: { cases: { refresh(found: Case): void; notified(id: string, how: OwnLine["notify"]): void }; room(stream: string): RoomModel },
  ) {}

  async load(): Promise<void> {
    this.problem.value = null;
    try {
      this.take(await this.api.case(this.id));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // What is shown already stays: the page is worth more than the news that it could not be read again.
      if (this.held.value === null || !error.retry) this.problem.value = error;
    }
  }

  /** Counts the look, where it is not the author's own. */
  async viewed(): Promise<void> {
    if (this.held.value?.mine !== false) return;
    await this.api.view(this.id).catch(() => undefined);
  }

  /** Makes a change; throws Refused. Tried again after a failure, the same change is the same request. */
  async change(change: Change): Promise<void> {
    const content = JSON.stringify(change);
    const key = this.keys.get(content) ?? this.world.uuid();
    this.keys.set(content, key);
    this.take(await this.send(change, key));
    this.keys.delete(content);
  }

  /** What others wrote, as far as it is held here: to choose the answer from. */
  answers(): { seq: number; by: string; text: string }[] {
    const room = this.room();
    const found = room?.messages.peek().filter((message) => !message.redacted && message.by !== AUTHOR) ?? [];
    return found.slice(-MOST).map((message) => ({
      seq: message.seq, by: room?.person(message.by)?.alias ?? String(message.by), text: message.body.replace(/\s+/g, " ").slice(0, 60),
    }));
  }

  async notify(how: OwnLine["notify"]): Promise<void> {
    const found = this.held.value;
    if (found === null) return;
    await this.api.notify(found.room, how);
    // What else is held of the case may be older than what the list was told since.
    this.held.value = { ...found, notify: how };
    this.app.cases.notified(this.id, how);
  }

  private room(): RoomModel | null {
    return this.held.value === null ? null : this.app.room(this.held.value.room);
  }

  private send(change: Change, key: string): Promise<Case> {
    switch (change.action) {
      case "resolve":
        return this.api.resolve(this.id, change.resolution, key);
      case "reopen":
        return this.api.reopen(this.id, key);
      case "withdraw":
        return this.api.withdraw(this.id, key);
      case "correct":
        return this.api.correct(this.id, change.correction, key);
      case "follow-up":
        return this.api.followUp(this.id, change.body, key);
    }
  }

  private take(found: Case): void {
    this.held.value = found;
    this.app.cases.refresh(found);
    if (found.accepted === null) this.accepted.value = null;
    else if (found.accepted !== this.accepted.value?.seq) void this.readAccepted(found.room, found.accepted);
  }

  private async readAccepted(room: string, seq: number): Promise<void> {
    const read = await this.api.message(room, seq).catch(() => null);
    if (read === null || read.message.redacted || this.held.value?.accepted !== seq) return;
    this.accepted.value = { seq, who: read.person?.alias ?? "", label: read.person?.label ?? "", body: read.message.body };
  }
}
