import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Button, Empty, Icon, Problem, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/roomlog";
import { words } from "../words";
import { Composer } from "./composer";
import { Messages } from "./messages";
import { back } from "./router";

interface Props {
  app: App;
  room: RoomModel;
  title: string;
  home: string;
  placeholder: string;
  facts?: ComponentChildren;
}

/** A room: what it is about, what was said, and the place to say something. */
export function RoomView({ app, room, title, home, placeholder, facts }: Props) {
  const replyTo = useSignal<Held | null>(null);
  const fresh = useSignal<{ count: number; show: () => void }>({ count: 0, show: () => undefined });
  const name = replyTo.value === null ? "" : (room.person(replyTo.value.by)?.alias ?? words.room.somebody(replyTo.value.by));
  return (
    <section class="room" aria-label={title}>
      <header class="room-head">
        <div class="line">
          <Button kind="quiet" class="icon back" aria-label={words.room.back} onClick={() => back(home)}><Icon name="back" /></Button>
          <h1>{title}</h1>
        </div>
        {facts}
      </header>
      <Discussion app={app} room={room} onReply={(message) => { replyTo.value = message; }}
        onFresh={(count, show) => { if (fresh.value.count !== count) fresh.value = { count, show }; }} />
      <footer class="composer">
        {fresh.value.count > 0 && (
          <Button kind="primary" class="fresh" onClick={() => fresh.value.show()}>{words.room.fresh(fresh.value.count)}</Button>
        )}
        {room.open.value ? (
          <Composer room={room} placeholder={placeholder} replyTo={replyTo.value} replyName={name}
            onCancelReply={() => { replyTo.value = null; }} now={() => app.now.peek()} />
        ) : (
          <p class="soft">{words.room.closed}</p>
        )}
      </footer>
    </section>
  );
}

interface DiscussionProps {
  app: App;
  room: RoomModel;
  onReply: (message: Held) => void;
  onFresh: (count: number, show: () => void) => void;
}

function Discussion({ app, room, onReply, onFresh }: DiscussionProps) {
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
      return <Messages key={room.stream} room={room} now={app.now.value} onReply={onReply} onFresh={onFresh} />;
  }
}
