import { Icon, say, type IconName } from "../design/parts";
import type { Mark, RoomModel } from "../domain/room";
import type { Held } from "../domain/message";
import { formats, words } from "../words";
import { said } from "../words/said";

/** The marks, those of use to a patient first. */
export const MARKS: readonly { mark: Mark; icon: IconName }[] = [
  { mark: "agree", icon: "check" },
  { mark: "disagree", icon: "close" },
  { mark: "important", icon: "star" },
  { mark: "question", icon: "question" },
  { mark: "seen-this", icon: "eye" },
  { mark: "thanks", icon: "thanks" },
  { mark: "heart", icon: "heart" },
  { mark: "laugh", icon: "laugh" },
];

export function toggle(room: RoomModel, message: Held, mark: Mark): void {
  const set = !holds(room, message, mark);
  room.react(message.seq, mark, set).catch((error: unknown) => say(said(error)));
}

export function holds(room: RoomModel, message: Held, mark: Mark): boolean {
  const you = room.you.value;
  return you !== null && (message.reactions[mark] ?? []).includes(you);
}

/** The marks that a message bears, with how many set each; pressing one sets or clears one's own. */
export function Reactions({ message, room }: { message: Held; room: RoomModel }) {
  const set = MARKS.filter(({ mark }) => (message.reactions[mark]?.length ?? 0) > 0);
  if (set.length === 0) return null;
  return (
    <div class="reactions">
      {set.map(({ mark, icon }) => {
        const by = message.reactions[mark]!;
        const names = formats.list(by.map((n) => room.person(n)?.alias ?? words.room.somebody({ n })));
        return (
          <button type="button" class="chip" key={mark} aria-pressed={holds(room, message, mark)} title={`${words.marks[mark]}: ${names}`}
            aria-label={words.room.reaction({ mark: words.marks[mark], n: by.length, names })} onClick={() => toggle(room, message, mark)}>
            <Icon name={icon} size={16} />{formats.number(by.length)}
          </button>
        );
      })}
    </div>
  );
}
