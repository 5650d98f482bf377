import { useEffect } from "preact/hooks";
import { Empty, Problem, Skeleton } from "../design/parts";
import { useSignal } from "@preact/signals";
import type { App } from "../domain/app";
import type { Room } from "../protocol/messages";
import { ageText } from "../domain/waiting";
import { words } from "../words";
import { Link, path } from "./router";
import { RoomView } from "./room";

/** The standing rooms, and below them the rooms of cases in which one takes part. */
export function LoungesView({ app }: { app: App }) {
  const broken = useSignal(false);
  const load = () => {
    broken.value = false;
    app.loadRooms().catch(() => { broken.value = true; });
  };
  useEffect(load, []);
  const rooms = app.rooms.value;
  const lounges = (rooms ?? []).filter((room) => room.kind === "lounge");
  const cases = (rooms ?? []).filter((room) => room.kind === "case").sort((a, b) => b.last_at - a.last_at);
  return (
    <>
      <div class="list-head"><h1>{words.loungesPage.title}</h1></div>
      {broken.value && <Problem message={words.error.unreachable} onAgain={load} />}
      {rooms === null && !broken.value && <Skeleton />}
      {rooms !== null && lounges.length === 0 && <Empty title={words.loungesPage.emptyTitle}>{words.loungesPage.empty}</Empty>}
      <ul>{lounges.map((room) => <RoomLine key={room.stream} app={app} room={room} to={`/rooms/${room.stream}`} />)}</ul>
      {cases.length > 0 && <div class="list-head"><h2>{words.loungesPage.cases}</h2></div>}
      <ul>{cases.map((room) => <RoomLine key={room.stream} app={app} room={room} to={`/cases/${room.case}`} />)}</ul>
    </>
  );
}

function RoomLine({ app, room, to }: { app: App; room: Room; to: string }) {
  return (
    <li>
      <Link class="row" to={to} aria-current={path.value === to ? "page" : undefined}>
        <span class="title">{room.title}</span>
        <span class="facts">
          <span>{room.posts === 1 ? "1 message" : `${room.posts} messages`}</span>
          {room.posts > 0 && <span class="nowrap">{words.ago(ageText(app.now.value - room.last_at))}</span>}
        </span>
      </Link>
    </li>
  );
}

export function LoungeView({ app, stream }: { app: App; stream: string }) {
  useEffect(() => {
    if (app.rooms.value === null) app.loadRooms().catch(() => undefined);
  }, []);
  const room = app.rooms.value?.find((one) => one.stream === stream);
  return <RoomView app={app} room={app.room(stream)} title={room?.title ?? words.lounges} home="/lounges" placeholder={words.room.composerLounge} />;
}
