import { batch, signal } from "@preact/signals";
import { Api, type About, type Board, type Catalogue, type Me, type Specialty } from "../protocol/api";
import { backOff, Refused, Socket, type Status } from "../protocol/socket";
import type { Followed, LiveEvent, Push, Room, Welcome } from "../protocol/messages";
import type { Page } from "../protocol/pager";
import type { World } from "../protocol/world";
import { Alerts, type Signals } from "./alerts";
import { CaseList } from "./cases";
import { DutyModel } from "./duty";
import { MOST, Notices, type Notice } from "./notices";
import { Memory, type News } from "./memory";
import type { Pending } from "./outbox";
import { Pager } from "./pager";
import { Ringing } from "./ringing";
import { Searches } from "./search";
import { formats, names } from "../words";
import { RoomModel } from "./room";

/** `starting`, `out` (nobody is signed in), `in`, or `broken` (the server cannot be reached at all). */
export type Stage = "starting" | "out" | "in" | "broken";

const ROOMS_KEPT = 5;

/** What of a notice, or of a page, leaves the application: what a notification says, and what pressing it opens. */
export interface Outward {
  text(notice: Notice): string;
  open(notice: Notice): void;
  pageText(page: Page, specialty: string): string;
  openPage(page: Page): void;
}

/** Everything that the pages show, for one member on one page. */
export class App {
  readonly stage = signal<Stage>("starting");
  readonly status = signal<Status>("connecting");
  /** Whether a connection stood once: before that, "connecting" is no news. */
  readonly wasOpen = signal(false);
  readonly about = signal<About | null>(null);
  readonly me = signal<Me | null>(null);
  readonly rooms = signal<Room[] | null>(null);
  /** The server's time, ticking every second. */
  readonly now = signal(0);
  /** Whether the page shows what the device kept, the server not being reached since it was opened. */
  readonly kept = signal(false);
  readonly memory: Memory;
  readonly api: Api;
  readonly cases: CaseList;
  readonly notices = new Notices();
  readonly alerts: Alerts;
  readonly pager: Pager;
  readonly searches: Searches;
  readonly duty: DutyModel;
  private readonly ringing: Ringing;
  catalogue: Catalogue = { groups: [], specialties: [] };
  private socket: Socket | null = null;
  private epoch: string | null = null;
  private positions = new Map<string, number>();
  private held = new Map<string, RoomModel>();
  private names = new Map<string, Specialty>();

  constructor(readonly world: World, signals: Signals, outward: Outward) {
    this.memory = new Memory(world);
    this.memory.onNews = (news) => this.heard(news);
    this.api = new Api(world, this.memory);
    this.cases = new CaseList(this.api);
    this.pager = new Pager(this.api.pager);
    this.searches = new Searches(this.api.pager, world.uuid);
    this.duty = new DutyModel(this.api.pager);
    this.alerts = new Alerts(world, signals, this.notices, this.pager.open, outward.text, outward.open, () => this.now.peek());
    this.ringing = new Ringing(world, signals, this.pager, this.alerts.ways, (page) => outward.pageText(page, this.specialty(page.specialty)), outward.openPage);
    this.tick();
  }

  async start(): Promise<void> {
    if (this.memory.owed) {
      // Whoever left without a connection has left: their cookie lets nobody in.
      if (!(await this.toldToLeave())) {
        this.stage.value = "broken";
        return;
      }
      this.memory.owed = false;
    }
    await this.memory.openLast();
    try {
      // All at once: the page has asked for them while the program was on its way.
      const asked = this.api.me();
      asked.catch(() => undefined);
      [this.about.value, this.catalogue] = await Promise.all([this.api.about(), this.api.catalogue()]);
      this.names = new Map(this.catalogue.specialties.map((one) => [one.id, one]));
      const me = await asked;
      this.kept.value = this.api.fromDevice.size > 0;
      await this.enterAs(me);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.code === "sign_in_needed") await this.memory.wipe();
      this.stage.value = error.code === "sign_in_needed" ? "out" : "broken";
    }
  }

  private async enterAs(me: Me): Promise<void> {
    await this.memory.openFor(me.handle);
    this.me.value = me;
    // Shown while the connection is being made; read again once it tells what changes.
    void this.cases.load();
    this.enter();
  }

  specialty(id: string): string {
    return names.specialties?.[id] ?? this.names.get(id)?.name ?? id;
  }

  group(id: string): string {
    return names.groups?.[id] ?? this.catalogue.groups.find((one) => one.id === id)?.name ?? id;
  }

  /** What somebody is known as beside their alias, such as "Neurology, Kenya": the parts that the reader's language has. */
  label(label: string): string {
    return label.split(", ").map((part) => this.part(part)).join(", ");
  }

  /** A name as the server writes it, in the reader's language. */
  part(name: string): string {
    const specialty = this.catalogue.specialties.find((one) => one.name === name);
    if (specialty !== undefined) return this.specialty(specialty.id);
    const group = this.catalogue.groups.find((one) => one.name === name);
    if (group !== undefined) return this.group(group.id);
    return names.regions?.[name] ?? formats.regionNamed(name);
  }

  async signIn(prove: Promise<unknown>): Promise<void> {
    await prove;
    await this.enterAs(await this.api.me());
  }

  async signOut(): Promise<void> {
    const told = await this.toldToLeave();
    this.leave();
    await this.memory.wipe();
    this.memory.owed = !told;
  }

  /** Ends the session at the server; false where it could not be told. */
  private async toldToLeave(): Promise<boolean> {
    try {
      await this.api.signOut();
    } catch (error) {
      return error instanceof Refused && error.code === "sign_in_needed";
    }
    return true;
  }

  /** How many posts have not gone out. */
  async unsent(): Promise<number> {
    return (await this.memory.all("outbox")).length;
  }

  private heard(news: News): void {
    if (news.kind === "outbox") void this.held.get(news.stream)?.outbox.reload();
    else {
      this.memory.close();
      this.leave();
    }
  }

  /** The connection failed: perhaps because nobody is signed in any more. */
  private async askWhetherOut(): Promise<void> {
    try {
      await this.api.stillMe();
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "sign_in_needed" || this.stage.peek() !== "in") return;
      this.leave();
      await this.memory.wipe();
    }
  }

  /** The room with this stream; the last few are kept, so that going back shows at once what was there. */
  room(stream: string): RoomModel {
    const known = this.held.get(stream);
    if (known !== undefined) {
      this.held.delete(stream);
      this.held.set(stream, known);
      return known;
    }
    const room = new RoomModel(stream, this.world, this.socket!, this.memory, () => this.readAll(stream));
    this.held.set(stream, room);
    void room.restore().then(() => {
      if (this.epoch !== null && this.status.peek() === "open") void room.follow(this.epoch);
    });
    for (const [name, old] of this.held) {
      if (this.held.size <= ROOMS_KEPT) break;
      if (old.outbox.unsent) continue;
      old.unfollow();
      this.held.delete(name);
    }
    return room;
  }

  /** The list of rooms counts nothing as new in a room that was just read. */
  private readAll(stream: string): void {
    const rooms = this.rooms.peek();
    if (rooms?.some((room) => room.stream === stream && room.unread > 0)) {
      this.rooms.value = rooms.map((room) => (room.stream === stream ? { ...room, unread: 0 } : room));
    }
  }

  async loadRooms(): Promise<void> {
    const found: Room[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.api.rooms(cursor);
      found.push(...page.rooms);
      cursor = page.next;
    } while (cursor !== null && found.length < 500);
    this.rooms.value = found;
  }

  private enter(): void {
    this.stage.value = "in";
    this.alerts.begin();
    this.ringing.begin();
    this.socket = new Socket(this.world, {
      onStatus: (status) => {
        this.status.value = status;
        if (status === "open") {
          this.wasOpen.value = true;
          this.kept.value = false;
        }
        if (status === "offline") void this.askWhetherOut();
        if (status === "ended") this.leave();
      },
      onWelcome: (welcome) => void this.welcomed(welcome),
      onPush: (push) => this.take(push),
    });
    this.socket.start();
  }

  private leave(): void {
    const socket = this.socket;
    this.socket = null;
    this.me.value = null;
    this.rooms.value = null;
    this.alerts.end();
    this.ringing.end();
    this.notices.clear();
    for (const one of [this.pager, this.searches, this.duty]) one.clear();
    for (const room of this.held.values()) room.end();
    this.held.clear();
    this.positions.clear();
    this.epoch = null;
    this.wasOpen.value = false;
    this.stage.value = "out";
    socket?.stop();
  }

  private async welcomed(welcome: Welcome): Promise<void> {
    if (this.epoch !== welcome.epoch) this.positions.clear();
    this.epoch = welcome.epoch;
    const rooms = [...this.held.values()].map((room) => room.follow(welcome.epoch));
    const missed = await this.followBoards(welcome.epoch);
    if (missed || this.cases.phase.value !== "ready") await this.cases.load();
    await Promise.all(rooms);
    // What was written before the page was opened goes out as well, in rooms that nobody looks at.
    const waiting = await this.memory.all<Pending>("outbox");
    for (const stream of new Set(waiting.map((one) => one.stream))) if (!this.held.has(stream)) this.room(stream);
  }

  /** Follows the own feed and all boards, or some of them; returns whether the list must be read anew. */
  private async followBoards(epoch: string, some?: readonly string[], tries = 0): Promise<boolean> {
    const me = this.me.value;
    const socket = this.socket;
    if (me === null || socket === null) return false;
    const streams = some ?? streamsOf(me);
    let missed = false;
    const again: string[] = [];
    const follow = async (stream: string) => {
      const since = this.positions.get(stream) ?? null;
      const reply = await socket.ask<Followed>({ op: "follow", stream, since, epoch });
      this.positions.set(stream, reply.head);
      if (since === null || !reply.complete) missed = true;
      else this.tellAll(stream, reply, since);
      if (stream !== me.feed) return;
      if (since === null || !reply.complete || this.pager.phase.value !== "ready") this.catchUp();
      this.notices.read(reply.seen ?? 0);
      if (since === null) await this.lookBack(socket, stream, reply.head, epoch);
      this.alerts.caughtUp(reply.head);
    };
    // Each for itself: one that cannot be followed takes no other along.
    await Promise.all(streams.map((stream) => follow(stream).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      missed = true;
      if (error.code === "since_ahead" || error.code === "wrong_epoch") this.positions.delete(stream);
      if (error.code === "since_ahead" || (error.retry && error.code !== "lost")) again.push(stream);
    })));
    if (again.length > 0) this.world.clock.after(backOff(tries + 3, this.world.random()), () => {
      if (this.socket !== socket || this.epoch !== epoch || this.status.peek() !== "open") return;
      void this.followBoards(epoch, again, tries + 1).then((had) => (had ? this.cases.load() : undefined));
    });
    return missed;
  }

  /** Reads the newest of what the own feed has told before; what comes while it is followed anew is told by this alone. */
  private async lookBack(socket: Socket, feed: string, head: number, epoch: string): Promise<void> {
    if (head === 0) return;
    const since = Math.max(0, head - MOST);
    const reply = await socket.ask<Followed>({ op: "follow", stream: feed, since, epoch });
    if (!reply.complete) this.catchUp();
    const position = this.positions.get(feed) ?? head;
    this.positions.set(feed, Math.max(position, reply.head));
    for (const event of (reply.events ?? []) as LiveEvent[]) if (event.seq <= position) this.notices.event(event);
    this.tellAll(feed, reply, position);
  }

  /** Tells the events of a reply that are above a position; together, so that a page which came and went meanwhile rings for nobody. */
  private tellAll(stream: string, reply: Followed, position: number): void {
    batch(() => {
      for (const event of (reply.events ?? []) as LiveEvent[]) if (event.seq > position) this.tell(stream, event);
    });
  }

  /** Reads what the feed may not have told. */
  private catchUp(): void {
    void this.pager.load();
    this.searches.refresh();
  }

  /** Keeps, and tells the other devices, that the notices up to this one were looked at. */
  noticed(upTo: number): void {
    const feed = this.me.value?.feed;
    if (feed === undefined || upTo <= this.notices.seen.value) return;
    this.notices.read(upTo);
    this.socket?.ask({ op: "seen", stream: feed, seq: upTo }).catch(() => undefined);
  }

  private tell(stream: string, event: LiveEvent): void {
    this.cases.event(event);
    if (stream === this.me.value?.feed) for (const one of [this.notices, this.pager, this.searches]) one.event(event);
  }

  private take(push: Push): void {
    if (push.op === "event" && this.positions.has(push.stream)) {
      this.positions.set(push.stream, push.seq);
      this.tell(push.stream, push);
      return;
    }
    if (push.op === "seen" && push.stream === this.me.value?.feed) {
      this.notices.read(push.seq);
      return;
    }
    if (push.op === "gap" && this.positions.has(push.stream)) {
      this.positions.set(push.stream, push.head);
      void this.cases.load();
      if (push.stream === this.me.value?.feed) this.catchUp();
      return;
    }
    for (const room of this.held.values()) room.take(push);
  }

  private tick(): void {
    this.now.value = this.world.clock.now() + (this.socket?.offset ?? 0);
    this.world.clock.after(1000, () => this.tick());
  }
}

/** What tells of what is for this member, and of cases: the own feed comes first, since the server answers in that order. */
function streamsOf(me: Me): string[] {
  return [...new Set([me.feed, ...me.boards.map((board: Board) => board.stream)])];
}
