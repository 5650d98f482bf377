import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Icon, Problem, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { RoomModel } from "../domain/room";
import { words } from "../words";
import { said } from "../words/said";
import { Composer } from "./composer";
import { MessageView, type Doing } from "./message";

interface Props {
  app: App;
  room: RoomModel;
  root: number;
  doing: Doing;
  onClose: () => void;
}

/** A message and all that answers it, beside the room, or in its place on a phone. */
export function ThreadView({ app, room, root, doing, onClose }: Props) {
  const loading = useSignal(true);
  const problem = useSignal("");
  const load = () => {
    problem.value = "";
    room.loadThread(root).then(
      () => { loading.value = false; },
      (error: unknown) => { problem.value = said(error); },
    );
  };
  useEffect(() => {
    loading.value = true;
    load();
  }, [root]);
  const messages = room.thread(root);
  return (
    <aside class="thread" aria-label={words.room.thread} onKeyDown={(event) => { if (event.key === "Escape") onClose(); }}>
      <header class="thread-head">
        <h2>{words.room.thread}</h2>
        <Button kind="quiet" class="icon" aria-label={words.room.closeThread} onClick={onClose}><Icon name="close" /></Button>
      </header>
      <div class="thread-log" tabIndex={0} role="log" aria-label={words.room.thread}>
        {problem.value && <Problem message={problem.value} onAgain={load} />}
        {loading.value && !problem.value && messages.length < 2 && <Skeleton rows={2} />}
        {messages.map((message) => (
          <MessageView key={message.seq} message={message.replyTo === root ? { ...message, replyTo: null } : message}
            room={room} now={app.now.value} doing={doing} threads={false} />
        ))}
      </div>
      {room.mayPost.value && (
        <footer class="composer">
          <Composer memory={app.memory} room={room} draft={`${room.stream} ${root}`} placeholder={words.room.threadComposer} now={() => app.now.peek()}
            onPost={(text, at) => room.post(text, root, at).then(() => true)} />
        </footer>
      )}
    </aside>
  );
}
