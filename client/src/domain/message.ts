import type { LiveEvent, Message } from "../protocol/messages";

/** A message as held here: nothing is left out. */
export interface Held {
  seq: number;
  by: number;
  at: number;
  body: string;
  rev: number;
  ref: string;
  replyTo: number | null;
  reactions: Record<string, number[]>;
  mentions: number[];
  editedAt: number | null;
  redacted: boolean;
  pinned: boolean;
  note: string | null;
}

/** What an event of a room may carry: which of it, depends on its kind. */
export interface Data {
  body?: string;
  reply_to?: number | null;
  redacted?: boolean;
  target?: number;
  mark?: string;
  set?: boolean;
  n?: number;
  alias?: string;
  label?: string;
  mentions?: number[];
  note?: string | null;
  after?: number;
  upto?: number;
}

export function held(message: Message): Held {
  return {
    seq: message.seq,
    by: message.by,
    at: message.at,
    body: message.body,
    rev: message.rev,
    ref: message.ref ?? "",
    replyTo: message.reply_to ?? null,
    reactions: message.reactions ?? {},
    mentions: message.mentions ?? [],
    editedAt: message.edited_at ?? null,
    redacted: message.redacted ?? false,
    pinned: message.pinned ?? false,
    note: message.note ?? null,
  };
}

export function posted(event: LiveEvent, data: Data): Held {
  return {
    seq: event.seq,
    by: event.by,
    at: event.at,
    body: data.body ?? "",
    rev: event.seq,
    ref: event.ref ?? "",
    replyTo: data.reply_to ?? null,
    reactions: {},
    mentions: data.mentions ?? [],
    editedAt: null,
    redacted: data.redacted ?? false,
    pinned: false,
    note: data.note ?? null,
  };
}

/** A message as an event on it leaves it: the same object, where it stood so already. */
export function changed(message: Held, event: LiveEvent, data: Data): Held {
  if (event.seq <= message.rev) return message;
  const rev = event.seq;
  switch (event.kind) {
    case "edited":
      return { ...message, rev, body: data.body ?? "", editedAt: event.at };
    case "redacted":
      return emptied(message, rev);
    case "reacted":
      return message.redacted ? { ...message, rev } : { ...message, rev, reactions: toggled(message.reactions, data.mark!, event.by, data.set ?? true) };
    case "pinned":
      return { ...message, rev, pinned: (data.set ?? false) && !message.redacted };
    default:
      return { ...message, rev };
  }
}

/** A message whose words were taken away by event `rev`. */
export function emptied(message: Held, rev: number): Held {
  return { ...message, rev, body: "", reactions: {}, mentions: [], pinned: false, note: null, redacted: true };
}

/** A participant leaves the mark's list, and joins its end where it is set; an empty list goes. */
function toggled(reactions: Record<string, number[]>, mark: string, by: number, set: boolean): Record<string, number[]> {
  const list = (reactions[mark] ?? []).filter((n) => n !== by);
  if (set) list.push(by);
  const { [mark]: _, ...others } = reactions;
  return list.length > 0 ? { ...others, [mark]: list } : others;
}
