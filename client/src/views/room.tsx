import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Button, Dialog, Empty, Icon, Problem, say, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import { Refused } from "../protocol/socket";
import { words } from "../words";
import { said } from "../words/said";
import { EarlierVersions, MessageActions } from "./actions";
import { Composer } from "./composer";
import { useRoomKeys } from "./keyboard";
import { withoutMarks } from "./markdown";
import { nameOf, type Doing } from "./message";
import { Messages } from "./messages";
import { Presence, Writing } from "./presence";
import { back, go, path, query } from "./router";
import { wide } from "./wide";
import { ThreadView } from "./thread";

interface Props {
  app: App;
  room: RoomModel;
  title: string;
  home: string;
  placeholder: string;
  facts?: ComponentChildren;
  /** What is asked of the reader here, above the field in which they write. */
  call?: ComponentChildren;
  /** What the room is about, at length: beside the discussion where there is space, else in its place while it is shown. */
  about?: { title: string; shown: boolean; content: ComponentChildren; toDiscussion: string; onShow: (shown: boolean) => void };
  /** In which one writes here. */
  language?: string;
  /** Whether names of who is there are told. */
  lounge?: boolean;
}

type Opened = { what: "actions" | "versions"; message: Held } | { what: "pins" } | null;
type Mode = { what: "new" } | { what: "reply" | "edit"; message: Held; changed?: boolean };

/** A room: what it is about, what was said, and the place to say something. */
export function RoomView({ app, room, title, home, placeholder, facts, call, about, language, lounge = false }: Props) {
  const mode = useSignal<Mode>({ what: "new" });
  const opened = useSignal<Opened>(null);
  const thread = Number(new URLSearchParams(query.value).get("t")) || null;
  const fresh = useSignal<{ count: number; show: () => void }>({ count: 0, show: () => undefined });
  const close = () => { opened.value = null; };
  const doing: Doing = {
    reply: (message) => { mode.value = { what: "reply", message }; },
    more: (message) => { opened.value = { what: "actions", message }; },
    label: (label) => app.label(label),
    thread: (seq) => go(`${path.value}?t=${room.rootOf(seq)}`),
    jump: (seq) => {
      about?.onShow(false);
      void room.jumpTo(seq).then((found) => { if (!found) say(words.room.notFound); });
    },
  };
  const turn = useSignal(0);
  const again = (text: string) => {
    const begun = app.memory.draft(room.stream);
    app.memory.setDraft(room.stream, begun ? `${begun}\n${text}` : text);
    mode.value = { what: "new" };
    turn.value++;
  };
  const edit = (message: Held) => { mode.value = { what: "edit", message }; };
  const covered = about?.shown === true && !wide.value;
  useLooking(room);
  useSought(room, () => about?.onShow(false));
  useRoomKeys(room, doing, edit);
  return (
    <section class={["room", thread !== null && "threaded", about && "with-about", covered && "covered"].filter(Boolean).join(" ")} aria-label={title}>
      <header class="room-head">
        <div class="line">
          <Button kind="quiet" class="icon back" aria-label={words.room.back} onClick={() => back(home)}><Icon name="back" /></Button>
          <h1 lang={language} dir="auto">{title}</h1>
        </div>
        {facts}
        <div class="facts room-facts">
          <Presence app={app} presence={room.presence} lounge={lounge} />
          {room.pins.value.length > 0 && (
            <button type="button" class="link" onClick={() => { opened.value = { what: "pins" }; }}>{words.room.pins({ n: room.pins.value.length })}</button>
          )}
        </div>
      </header>
      {about !== undefined && (about.shown || wide.value) && (
        <aside class="about" aria-label={about.title} tabIndex={0}>
          {about.content}
          {covered && <div class="about-end"><Button onClick={() => about.onShow(false)}>{about.toDiscussion}</Button></div>}
        </aside>
      )}
      <Discussion app={app} room={room} doing={doing} covered={covered}
        onFresh={(count, show) => { if (fresh.value.count !== count) fresh.value = { count, show }; }} />
      <footer class="composer">
        {fresh.value.count > 0 && (
          <Button kind="primary" class="fresh" onClick={() => fresh.value.show()}>
            {room.newer.value ? words.room.toNewest : words.room.fresh({ n: fresh.value.count })}
          </Button>
        )}
        <Writing presence={room.presence} />
        {call}
        {room.open.value
          ? <Writer key={turn.value} onPosted={() => about?.onShow(false)} app={app} room={room} mode={mode.value} placeholder={placeholder} lounge={lounge} onMode={(next) => { mode.value = next; }} />
          : <p class="soft">{words.room.closed}</p>}
      </footer>
      {thread !== null && <ThreadView app={app} room={room} root={thread} doing={doing} onClose={() => go(path.value, true)} />}
      {opened.value?.what === "actions" && (
        <MessageActions room={room} message={opened.value.message} onClose={close} onReply={doing.reply} onEdit={edit}
          onThread={doing.thread} onAgain={again} onVersions={(message) => { opened.value = { what: "versions", message }; }} onDirect={(message) => void direct(app, room, message)} />
      )}
      {opened.value?.what === "versions" && <EarlierVersions room={room} message={opened.value.message} onClose={close} />}
      {opened.value?.what === "pins" && <Pins room={room} doing={doing} onClose={close} />}
    </section>
  );
}

/** Opens a room with the author of a message, each under the alias of this room: the two always have the same one. */
async function direct(app: App, room: RoomModel, message: Held): Promise<void> {
  try {
    const stream = await app.api.begin({ kind: "direct", participants: [{ stream: room.stream, n: message.by }] }, app.world.uuid());
    go(`/rooms/${stream}`);
  } catch (error) {
    say(said(error));
  }
}

interface WriterProps {
  app: App;
  room: RoomModel;
  mode: Mode;
  placeholder: string;
  lounge: boolean;
  /** Something was written: whoever wrote it wants to see it. */
  onPosted: () => void;
  onMode: (mode: Mode) => void;
}

/** The composer for what is being done: a new message, an answer, or a change of an own one. */
function Writer({ app, room, mode, placeholder, lounge, onPosted, onMode }: WriterProps) {
  const done = () => onMode({ what: "new" });
  const now = () => app.now.peek();
  if (mode.what !== "edit") {
    const about = mode.what === "reply" ? `${words.room.replyingTo({ who: nameOf(room, mode.message.by) })}: ${withoutMarks(mode.message.body).slice(0, 80)}` : undefined;
    return (
      <Composer key="new" memory={app.memory} room={room} draft={room.stream} placeholder={placeholder} now={now} about={about} onCancel={done}
        onTyping={lounge ? () => room.presence.typing() : undefined}
        onPost={async (text, at) => {
          await room.post(text, mode.what === "reply" ? mode.message.seq : null, at);
          done();
          onPosted();
          return true;
        }} />
    );
  }
  const change = async (text: string): Promise<boolean> => {
    try {
      await room.edit(mode.message, text);
      done();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const stands = room.message(mode.message.seq);
      if (error.code === "stale" && stands !== undefined && !stands.redacted) {
        onMode({ what: "edit", message: stands, changed: true });
      } else say(error.code === "lost" ? words.room.editLater : said(error));
      return false;
    }
  };
  return (
    <Composer key={`edit ${mode.message.seq}`} memory={app.memory} room={room} draft={`${room.stream} edit`} placeholder={placeholder} now={now} about={mode.changed ? words.room.changedMeanwhile({ text: withoutMarks(mode.message.body).slice(0, 300) }) : words.room.editing}
      begin={mode.message.body} submit={words.room.save} onCancel={done} onPost={change} />
  );
}

function Pins({ room, doing, onClose }: { room: RoomModel; doing: Doing; onClose: () => void }) {
  return (
    <Dialog title={words.room.pins({ n: room.pins.value.length })} onClose={onClose}>
      <div class="menu">
        {room.pins.value.map((seq) => {
          const message = room.message(seq);
          return (
            <Button kind="quiet" key={seq} onClick={() => { onClose(); doing.jump(seq); }}>
              {message === undefined ? words.room.quoteGone : `${nameOf(room, message.by)}: ${withoutMarks(message.body).slice(0, 100)}`}
            </Button>
          );
        })}
      </div>
    </Dialog>
  );
}

/** Tells the room whether it is looked at: shown, on a page that is in sight. */
function useLooking(room: RoomModel): void {
  useEffect(() => {
    const look = () => room.presence.look(document.visibilityState === "visible");
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      room.presence.look(false);
    };
  }, [room]);
}

/** Goes to the message that the address names. */
function useSought(room: RoomModel, onFound: () => void): void {
  const wanted = Number(new URLSearchParams(query.value).get("m"));
  const ready = room.phase.value === "ready";
  useEffect(() => {
    if (!ready || !Number.isSafeInteger(wanted) || wanted < 1) return;
    onFound();
    void room.jumpTo(wanted).then((found) => { if (!found) say(words.room.notFound); });
  }, [room, ready, wanted]);
}

interface DiscussionProps {
  app: App;
  room: RoomModel;
  doing: Doing;
  covered: boolean;
  onFresh: (count: number, show: () => void) => void;
}

function Discussion({ app, room, doing, covered, onFresh }: DiscussionProps) {
  switch (room.phase.value) {
    case "loading":
      return <Skeleton />;
    case "missing":
      return <Empty title={words.room.missingTitle}>{words.room.missing}</Empty>;
    case "broken":
      return <Problem message={room.problem.value} onAgain={() => location.reload()} />;
    case "ready":
      if (room.messages.value.length === 0 && room.outbox.pending.value.length === 0) {
        return <Empty title={words.room.emptyTitle}>{words.room.empty}</Empty>;
      }
      return <Messages key={room.stream} room={room} now={app.now.value} doing={doing} covered={covered} onFresh={onFresh} />;
  }
}
