import { useEffect } from "preact/hooks";
import type { App } from "../domain/app";
import { words } from "../words";
import { titleOf } from "./lounges";
import { RoomView } from "./room";
import { InLanguage } from "./state";

/** A standing room, or one of a few. */
export function LoungeView({ app, stream }: { app: App; stream: string }) {
  const known = app.rooms.value?.find((one) => one.stream === stream);
  useEffect(() => {
    if (known === undefined) app.loadRooms().catch(() => undefined);
  }, [stream]);
  const days = known?.retention_days;
  return (
    <RoomView app={app} room={app.room(stream)} title={known === undefined ? words.lounges : titleOf(app, known)} language={known?.language ?? "en"} home="/lounges" placeholder={words.room.composerLounge} lounge={known?.kind === "lounge"}
      facts={<>{known && <div class="facts"><InLanguage language={known.language} /></div>}{days && <p class="small soft">{words.loungesPage.kept({ days })}</p>}</>} />
  );
}
