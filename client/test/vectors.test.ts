import { expect, test } from "vitest";
import histories from "./roomlog.jsonl?raw";
import { RoomLog } from "../src/domain/roomlog";
import type { Followed, LiveEvent, Message, Slice } from "../src/protocol/messages";

// Written by `python -m tests.vectors`; the drill's client, in Python, passes the same ones (tests/unit/test_vectors.py).

type Step = { followed: Followed } | { event: LiveEvent } | { gap: { head: number } } | { page: Slice };

interface History {
  steps: Step[];
  holds: Message[];
  pins: number[];
  state: string;
  position: number;
}

function holding(messages: Message[]): RoomLog {
  const log = new RoomLog();
  log.page({ op: "slice", id: 1, stream: "room", messages, people: [], head: 0, more: false });
  return log;
}

test.each(histories.trim().split("\n").map((line, number) => [number, JSON.parse(line) as History]))(
  "history %i ends with what stands",
  (_, history) => {
    const log = new RoomLog();
    for (const step of history.steps) {
      if ("followed" in step) log.followed(step.followed);
      else if ("event" in step) log.event(step.event);
      else if ("gap" in step) log.gap(step.gap.head);
      else log.page(step.page);
    }
    expect(log.pins).toEqual(history.pins);
    expect(log.state).toBe(history.state);
    expect(log.position).toBe(history.position);
    expect(log.messages).toEqual(holding(history.holds).messages);
  },
);
