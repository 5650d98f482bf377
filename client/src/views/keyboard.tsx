import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { Button, Dialog } from "../design/parts";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import { words } from "../words";
import type { Doing } from "./message";
import { go } from "./router";

/** Whether a key is for the page: not for a field, a dialog, or the browser. */
function ours(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const target = event.target as HTMLElement | null;
  if (target?.closest("input, textarea, select, [contenteditable]")) return false;
  return document.querySelector("dialog[open]") === null;
}

function useKeys(keys: Record<string, () => void>): void {
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const act = keys[event.key];
      if (act === undefined || !ours(event)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
}

/** Keys whose words stand under a name. */
const KEYS: Record<string, string> = { dot: ".", slash: "/", help: "?", esc: "Esc" };

const helpOpen = signal(false);

/** The keys that work everywhere. */
export function PageKeys() {
  useKeys({
    c: () => go("/cases"),
    l: () => go("/lounges"),
    n: () => go("/new"),
    f: () => go("/notices"),
    "/": () => document.querySelector<HTMLElement>(".filters button")?.focus(),
    "?": () => { helpOpen.value = true; },
  });
  if (!helpOpen.value) return null;
  const close = () => { helpOpen.value = false; };
  return (
    <Dialog title={words.keys.title} onClose={close}>
      <dl class="keys">
        {Object.entries(words.keys.all).map(([key, meaning]) => <div key={key}><dt><kbd>{KEYS[key] ?? key}</kbd></dt><dd>{meaning}</dd></div>)}
      </dl>
      <div class="actions"><Button onClick={close}>{words.room.close}</Button></div>
    </Dialog>
  );
}

function focused(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(".message[data-seq]") ?? null;
}

/** Moves on from the message that has the focus, or begins with the last one in sight. */
function step(room: RoomModel, by: 1 | -1): void {
  const messages = room.messages.peek();
  const at = focused();
  const index = at === null ? messages.length - 1 : messages.findIndex((one) => one.seq === Number(at.dataset["seq"])) + by;
  const wanted = messages[Math.min(Math.max(index, 0), messages.length - 1)];
  if (wanted === undefined) return;
  const show = () => document.querySelector<HTMLElement>(`.log .message[data-seq="${wanted.seq}"]`);
  const held = show();
  if (held !== null) {
    held.focus({ preventScroll: true });
    held.scrollIntoView({ block: "nearest" });
    return;
  }
  void room.jumpTo(wanted.seq).then(() => requestAnimationFrame(() => requestAnimationFrame(() => show()?.focus())));
}

/** The keys of a room: they act on the message that has the focus. */
export function useRoomKeys(room: RoomModel, doing: Doing, edit: (message: Held) => void): void {
  const on = (act: (message: Held) => void) => () => {
    const message = room.message(Number(focused()?.dataset["seq"]));
    if (message !== undefined && !message.redacted) act(message);
  };
  useKeys({
    j: () => step(room, 1),
    k: () => step(room, -1),
    r: () => {
      const message = room.message(Number(focused()?.dataset["seq"]));
      if (!room.mayPost.peek()) return;
      if (message !== undefined && !message.redacted) doing.reply(message);
      else document.querySelector<HTMLElement>(".composer textarea")?.focus();
    },
    e: on((message) => { if (room.owns(message) && room.open.peek()) edit(message); }),
    t: on((message) => doing.thread(message.seq)),
    ".": on(doing.more),
    "+": on(doing.more),
  });
}
