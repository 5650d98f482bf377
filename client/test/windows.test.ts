import { expect, test } from "vitest";
import { RoomLog } from "../src/domain/roomlog";
import type { Held } from "../src/domain/message";
import type { LiveEvent, Message, Slice } from "../src/protocol/messages";

/** Numbers that look drawn by lot and are the same every time (mulberry32). */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const asMessage = (held: Held): Message => ({
  seq: held.seq, by: held.by, at: held.at, body: held.body, rev: held.rev, ref: held.ref, reply_to: held.replyTo, reactions: held.reactions,
  mentions: held.mentions, edited_at: held.editedAt, redacted: held.redacted, pinned: held.pinned, note: held.note,
});

/** A server: a log, and pages of it as it stands. */
class Server {
  readonly whole = new RoomLog();

  constructor(private readonly draw: () => number) {
    this.whole.followed({ op: "followed", id: 1, stream: "s", head: 0, complete: true, rights: ["read"], state: "open", messages: [] });
  }

  act(): LiveEvent {
    const seq = this.whole.position + 1;
    const standing = this.whole.messages.filter((one) => !one.redacted);
    const pick = () => standing[Math.floor(this.draw() * standing.length)]!.seq;
    const lot = this.draw();
    const kind = standing.length === 0 || lot < 0.55 ? "posted" : lot < 0.7 ? "edited" : lot < 0.85 ? "reacted" : lot < 0.95 ? "pinned" : "redacted";
    const data = {
      posted: () => ({ body: `m${seq}`, ...(standing.length > 0 && this.draw() < 0.3 ? { reply_to: pick() } : {}) }),
      edited: () => ({ target: pick(), body: `e${seq}` }),
      reacted: () => ({ target: pick(), mark: "agree", set: this.draw() < 0.7 }),
      pinned: () => ({ target: pick(), set: this.draw() < 0.6 }),
      redacted: () => ({ target: pick() }),
    }[kind]();
    const event: LiveEvent = { op: "event", stream: "s", seq, kind, at: seq, by: 1 + Math.floor(this.draw() * 3), data, ref: `r${seq}` };
    this.whole.event(event);
    return event;
  }

  read(part: { before?: number; after?: number }, limit: number): Slice {
    const { before = Infinity, after } = part;
    const found = this.whole.messages.filter((one) => (after === undefined ? one.seq < before : one.seq > after));
    const page = after === undefined ? found.slice(-limit) : found.slice(0, limit);
    return { op: "slice", id: 1, stream: "s", messages: page.map(asMessage), people: [], head: this.whole.position, more: found.length > limit };
  }
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))("wherever a window lies, it is what a fresh read of it shows (seed %i)", (seed) => {
  const draw = lots(seed);
  const server = new Server(draw);
  const log = new RoomLog();
  for (let n = 0; n < 30; n++) server.act();
  const newest = server.read({}, 8);
  log.followed({ op: "followed", id: 1, stream: "s", head: newest.head, complete: true, rights: ["read"], state: "open", messages: newest.messages, pins: server.whole.pins });
  const happen = () => {
    for (let n = Math.floor(draw() * 4); n > 0; n--) log.event(server.act());
  };
  for (let step = 0; step < 60; step++) {
    const lot = draw();
    const first = log.messages[0]?.seq;
    const last = log.messages.at(-1)?.seq;
    if (lot < 0.2 && first !== undefined) log.page(server.read({ before: first }, 5));
    else if (lot < 0.4 && log.newer && last !== undefined) log.page(server.read({ after: last }, 5), "newer");
    else if (lot < 0.5) {
      const seq = server.whole.messages[Math.floor(draw() * server.whole.messages.length)]!.seq;
      log.jump(server.read({ before: seq + 1 }, 4));
      happen();
      log.page(server.read({ after: seq }, 4), "newer");
    } else if (lot < 0.55) log.renew(server.read({}, 8));
    happen();
    const seqs = log.messages.map((one) => one.seq);
    const between = server.whole.messages.filter((one) => one.seq >= seqs[0]! && one.seq <= seqs.at(-1)!);
    expect(log.messages).toEqual(between);
    expect(log.pins).toEqual(server.whole.pins);
    if (!log.newer) expect(seqs.at(-1)).toBe(server.whole.messages.at(-1)!.seq);
  }
});

test("an event on one of ten thousand messages does not walk them all a dozen times", () => {
  const log = new RoomLog();
  const messages = Array.from({ length: 10_000 }, (_, n): Message => ({ seq: n + 1, by: 1 + (n % 20), at: n, body: `m${n}`, rev: n + 1, ref: `r${n}` }));
  log.followed({ op: "followed", id: 1, stream: "s", head: 10_000, complete: true, rights: ["read"], state: "open", messages });
  const begun = performance.now();
  for (let n = 1; n <= 200; n++) log.event({ op: "event", stream: "s", seq: 10_000 + n, kind: "reacted", at: n, by: 2, data: { target: n * 7, mark: "agree", set: true } });
  // Half a millisecond each on the slowest of machines; a walk with a comparison for each would take seconds.
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(log.get(7)!.reactions).toEqual({ agree: [2] });
});
