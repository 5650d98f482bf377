import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Icon } from "../design/parts";
import type { RoomModel } from "../domain/room";
import type { Held } from "../domain/roomlog";
import { words } from "../words";

const LIMIT = 20_000;
const NEAR = 1_000;

interface Props {
  room: RoomModel;
  placeholder: string;
  replyTo: Held | null;
  replyName: string;
  onCancelReply: () => void;
  now: () => number;
}

/** Where a reply is written; what is written is kept per room until it is posted. */
export function Composer({ room, placeholder, replyTo, replyName, onCancelReply, now }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const draftKey = `draft ${room.stream}`;
  const [text, setText] = useState(() => sessionStorage.getItem(draftKey) ?? "");
  const length = [...text].length;

  useEffect(() => {
    if (replyTo !== null) box.current?.focus();
  }, [replyTo]);

  const write = (value: string) => {
    setText(value);
    if (value) sessionStorage.setItem(draftKey, value);
    else sessionStorage.removeItem(draftKey);
  };
  const post = () => {
    if (!text.trim() || length > LIMIT) return;
    room.post(text, replyTo?.seq ?? null, now());
    write("");
    onCancelReply();
    box.current?.focus();
  };
  return (
    <>
      {replyTo !== null && (
        <div class="replying">
          <span>{words.room.replyingTo(replyName)}: {replyTo.body.slice(0, 80)}</span>
          <Button kind="quiet" class="icon" aria-label={words.room.cancelReply} onClick={onCancelReply}><Icon name="close" size={18} /></Button>
        </div>
      )}
      <form onSubmit={(event) => { event.preventDefault(); post(); }}>
        <textarea
          ref={box} class="input" rows={1} aria-label={placeholder} placeholder={placeholder} value={text}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            const desktop = matchMedia("(hover: hover)").matches;
            if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (desktop && !event.shiftKey))) {
              event.preventDefault();
              post();
            }
            if (event.key === "Escape") onCancelReply();
          }}
        />
        <button type="submit" class="button primary" disabled={!text.trim() || length > LIMIT}>
          <Icon name="send" size={18} />{words.room.send}
        </button>
      </form>
      {length > LIMIT - NEAR && (
        <p class="small soft" role="status">{length > LIMIT ? words.room.over(length - LIMIT) : words.room.left(LIMIT - length)}</p>
      )}
    </>
  );
}
