import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, Icon } from "../design/parts";
import type { Memory } from "../domain/memory";
import type { RoomModel } from "../domain/room";
import type { Person } from "../protocol/messages";
import { words } from "../words";

const LIMIT = 20_000;
const NEAR = 1_000;
const CANDIDATES = 6;
/** "@" and the beginning of an alias right before the caret; an alias has two words at the most. */
const CALL = /(?:^|\s)@([\p{L}\d-]*(?: [\p{L}\d-]*)?)$/u;

interface Props {
  memory: Memory;
  room: RoomModel;
  /** Where what is written is kept until it is posted. */
  draft: string;
  placeholder: string;
  now: () => number;
  /** What the text is to be: an answer, a change. */
  about?: ComponentChildren;
  onCancel?: () => void;
  /** A text to begin with, in place of the draft: a message that is changed. */
  begin?: string | undefined;
  submit?: string;
  onTyping?: (() => void) | undefined;
  /** Takes the text; false: it could not be taken, and stays. */
  onPost: (text: string, at: number) => Promise<boolean>;
}

/** Where a message is written; what is written is kept until it is posted. */
export function Composer({ memory, room, draft, placeholder, now, about, onCancel, begin, submit, onTyping, onPost }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => begin ?? memory.draft(draft));
  const taking = useRef(false);
  const calling = useCalling(room, box, text);
  const length = [...text].length;

  useLayoutEffect(() => {
    if (about !== undefined) box.current?.focus();
  }, [about !== undefined, begin]);

  const write = (value: string) => {
    setText(value);
    if (begin !== undefined) return;
    memory.setDraft(draft, value);
    if (value) onTyping?.();
  };
  const post = async () => {
    if (taking.current || !text.trim() || length > LIMIT) return;
    taking.current = true;
    try {
      if (!(await onPost(text, now()))) return;
    } finally {
      taking.current = false;
    }
    write("");
    box.current?.focus();
  };
  const choose = (person: Person) => {
    write(calling.completed(person));
    calling.close();
    box.current?.focus();
  };
  return (
    <>
      {about !== undefined && (
        <div class="replying">
          <span>{about}</span>
          <Button kind="quiet" class="icon" aria-label={words.room.cancel} onClick={onCancel}><Icon name="close" size={18} /></Button>
        </div>
      )}
      {calling.people.length > 0 && (
        <ul class="callable" role="listbox" id={calling.id} aria-label={words.room.call}>
          {calling.people.map((person, index) => (
            <li key={person.n} role="option" id={`${calling.id}-${index}`} aria-selected={index === calling.chosen}
              onPointerDown={(event) => { event.preventDefault(); choose(person); }}>
              <b>{person.alias}</b> <span class="small soft">{person.label}</span>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={(event) => { event.preventDefault(); void post(); }}>
        <textarea
          ref={box} class="input" rows={1} dir="auto" aria-label={placeholder} placeholder={placeholder} value={text}
          aria-autocomplete="list" aria-controls={calling.people.length > 0 ? calling.id : undefined}
          aria-activedescendant={calling.people.length > 0 ? `${calling.id}-${calling.chosen}` : undefined}
          onInput={(event) => { write(event.currentTarget.value); calling.look(); }}
          onClick={calling.look}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (calling.people.length > 0 && calling.key(event, choose)) return;
            const desktop = matchMedia("(hover: hover)").matches;
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (desktop && !event.shiftKey))) {
              event.preventDefault();
              void post();
            }
            if (event.key === "Escape" && onCancel !== undefined) {
              event.stopPropagation();
              onCancel();
            }
          }}
        />
        <button type="submit" class="button primary" disabled={!text.trim() || length > LIMIT}>
          <Icon name="send" size={18} />{submit ?? words.room.send}
        </button>
      </form>
      {length > LIMIT - NEAR && (
        <p class="small soft" role="status">{length > LIMIT ? words.room.over({ n: length - LIMIT }) : words.room.left({ n: LIMIT - length })}</p>
      )}
    </>
  );
}

/** Who may be meant by what stands between "@" and the caret. */
function useCalling(room: RoomModel, box: { current: HTMLTextAreaElement | null }, text: string) {
  const id = useId();
  const [begun, setBegun] = useState<string | null>(null);
  const [chosen, setChosen] = useState(0);
  const you = room.you.value;
  const people =
    begun === null
      ? []
      : [...room.names.value.values()]
          .filter((one) => one.n !== you && one.alias.toLowerCase().startsWith(begun.toLowerCase()))
          .slice(0, CANDIDATES);
  const look = () => {
    const caret = box.current?.selectionStart ?? 0;
    const found = CALL.exec((box.current?.value ?? "").slice(0, caret))?.[1] ?? null;
    if (found !== null) void room.meetAll();
    setBegun(found);
    setChosen(0);
  };
  const close = () => setBegun(null);
  const key = (event: KeyboardEvent, choose: (person: Person) => void): boolean => {
    if (event.key === "ArrowDown") setChosen((chosen + 1) % people.length);
    else if (event.key === "ArrowUp") setChosen((chosen + people.length - 1) % people.length);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && people[chosen] !== undefined) choose(people[chosen]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const completed = (person: Person): string => {
    const caret = box.current?.selectionStart ?? text.length;
    const before = text.slice(0, caret - (begun?.length ?? 0));
    return `${before}${person.alias} ${text.slice(caret)}`;
  };
  return { id, people, chosen, look, close, key, completed };
}
