import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { Button, Empty, Problem, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { Room } from "../protocol/messages";
import { formats, words } from "../words";
import { NewRoom } from "./newroom";
import { Link, path } from "./router";

const GROUPS = ["general", "specialty", "country", "language", "off-topic"];
const SHOWN = 99;

/** The standing rooms, one's own rooms, and the rooms of cases in which one takes part. */
export function LoungesView({ app }: { app: App }) {
  const broken = useSignal(false);
  const opening = useSignal(false);
  const load = () => {
    broken.value = false;
    app.loadRooms().catch(() => { broken.value = true; });
  };
  useEffect(load, []);
  const rooms = app.rooms.value;
  const newest = (one: Room, other: Room) => other.last_at - one.last_at;
  const lounges = (rooms ?? []).filter((room) => room.kind === "lounge").sort(byGroup);
  const own = (rooms ?? []).filter((room) => room.kind === "direct" || room.kind === "consult").sort(newest);
  const cases = (rooms ?? []).filter((room) => room.kind === "case").sort(newest);
  return (
    <>
      <div class="list-head">
        <div class="line">
          <h1>{words.loungesPage.title}</h1>
          <Button onClick={() => { opening.value = true; }}>{words.newRoom.button}</Button>
        </div>
      </div>
      {opening.value && <NewRoom app={app} onClose={() => { opening.value = false; }} />}
      {broken.value && <Problem message={words.error.unreachable} onAgain={load} />}
      {rooms === null && !broken.value && <Skeleton />}
      {rooms !== null && lounges.length === 0 && <Empty title={words.loungesPage.emptyTitle}>{words.loungesPage.empty}</Empty>}
      <ul>{lounges.map((room) => <RoomLine key={room.stream} app={app} room={room} to={`/rooms/${room.stream}`} />)}</ul>
      {own.length > 0 && <div class="list-head"><h2>{words.loungesPage.own}</h2></div>}
      <ul>{own.map((room) => <RoomLine key={room.stream} app={app} room={room} to={`/rooms/${room.stream}`} />)}</ul>
      {cases.length > 0 && <div class="list-head"><h2>{words.loungesPage.cases}</h2></div>}
      <ul>{cases.map((room) => <RoomLine key={room.stream} app={app} room={room} to={`/cases/${room.case}`} />)}</ul>
    </>
  );
}

function byGroup(one: Room, other: Room): number {
  return GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group) || (one.title < other.title ? -1 : 1);
}

function RoomLine({ app, room, to }: { app: App; room: Room; to: string }) {
  const muted = room.notify === "mute";
  const group = words.loungesPage.groups[room.group as keyof typeof words.loungesPage.groups];
  return (
    <li>
      <Link class="row" to={to} aria-current={path.value === to ? "page" : undefined}>
        <span class="title" dir="auto">{titleOf(app, room)}</span>
        <span class="facts">
          {group && <span>{group}</span>}
          {room.unread > 0 && !muted && <span class="badge today">{words.loungesPage.unread({ n: room.unread > SHOWN ? `${SHOWN}+` : room.unread })}</span>}
          {muted && <span>{words.loungesPage.muted}</span>}
          <span>{words.loungesPage.messages({ n: room.posts })}</span>
          {room.posts > 0 && <span class="nowrap">{formats.ago(app.now.value - room.last_at)}</span>}
        </span>
      </Link>
    </li>
  );
}

/** Standing rooms are called what they are for in the reader's language; others what their members called them. */
export function titleOf(app: App, room: Room): string {
  if (room.group === "general" && room.title === "Everybody") return words.loungesPage.everybody;
  if (room.group === "off-topic") return words.loungesPage.offTopic;
  if (room.group === "language") return formats.language(room.language);
  return room.kind === "lounge" ? app.part(room.title) : room.title;
}
