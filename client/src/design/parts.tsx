import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words";

type Kind = "primary" | "plain" | "quiet";

export function Button({ kind = "plain", ...rest }: { kind?: Kind } & JSX.IntrinsicElements["button"]) {
  return <button type="button" {...rest} class={`button ${kind} ${(rest.class as string | undefined) ?? ""}`} />;
}

const ICONS = {
  cases: "M4 5h16M4 12h16M4 19h10",
  lounges: "M4 5h16v11H9l-5 4z",
  plus: "M12 5v14M5 12h14",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c1-4.5 4-6.500 8-6.500s7 2 8 6.500",
  bell: "M6 17h12l-1.5-2.500V10a4.500 4.500 0 0 0-9 0v4.500zM10 20a2 2 0 0 0 4 0",
  pager: "M3.500 8.500h17V19h-17zM7 12.500h6M7 15.500h3M17 15.500h.01M9 5.500a4.500 4.500 0 0 1 6 0",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  send: "M4 12h15M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
  reply: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  check: "M4 12.500l5 5L20 6.500",
  star: "M12 3.500l2.600 5.400 5.900.8-4.300 4.100 1 5.900L12 16.900l-5.200 2.800 1-5.900L3.500 9.700l5.900-.8z",
  question: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 18h.01",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  thanks: "M4 11h16v9H4zM12 8v12M3 8h18v3H3zM12 8C9 3 5 5 7 8M12 8c3-5 7-3 5 0",
  heart: "M12 20S4.500 15.500 3.500 10A4.600 4.600 0 0 1 12 7a4.600 4.600 0 0 1 8.500 3c-1 5.500-8.500 10-8.500 10z",
  laugh: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM8 13.500a4.200 4.200 0 0 0 8 0zM9 9.500h.01M15 9.500h.01",
  mark: "M3 12h4l2.5-6 4 12 2.5-6h5",
} as const;

export type IconName = keyof typeof ICONS;
export const ICON_NAMES = Object.keys(ICONS) as IconName[];

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  wrong?: string | undefined;
  children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ComponentChildren;
}

/** A label, perhaps a hint, what is wrong, and the control that they are about. */
export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {children({ id, "aria-describedby": `${id}-hint ${id}-wrong`, "aria-invalid": Boolean(wrong) })}
      <span class="wrong" id={`${id}-wrong`} role={wrong ? "alert" : undefined}>{wrong}</span>
    </div>
  );
}

interface ChoicesProps<T extends string> {
  name: string;
  label: string;
  hint?: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few, all in sight. */
export function Choices<T extends string>({ name, label, hint, options, value, onChange }: ChoicesProps<T>) {
  return (
    <fieldset class="field">
      <legend class="label"><b>{label}</b></legend>
      <div class="choices">
        {options.map((option) => (
          <label class="choice" key={option.value}>
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
      {hint && <span class="hint">{hint}</span>}
    </fieldset>
  );
}

/** How soon an answer is needed; what is over alarms nobody. */
export function Urgency({ urgency, over = false }: { urgency: keyof typeof words.urgency; over?: boolean }) {
  return <span class={`badge ${over ? "routine" : urgency}`}>{words.urgency[urgency]}</span>;
}

/** Nothing to show, and why; `whole`: it is all that the page has. */
export function Empty({ title, whole = false, children }: { title: string; whole?: boolean; children?: ComponentChildren }) {
  const Heading = whole ? "h1" : "h2";
  return <div class="state"><Heading>{title}</Heading><div class="soft stack">{children}</div></div>;
}

export function Problem({ message, onAgain }: { message: string; onAgain: () => void }) {
  return (
    <div class="state" role="alert">
      <h2>{words.error.title}</h2>
      <p class="soft">{message}</p>
      <Button onClick={onAgain}>{words.error.again}</Button>
    </div>
  );
}

/** Grey rows while something loads, the first after a moment: what is quick should not flicker. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div class="stack page skeletons" role="status" aria-label={words.status.loading}>
      {Array.from({ length: rows }, (_, index) => <div class="skeleton" key={index} />)}
    </div>
  );
}

interface DialogProps {
  title: string;
  onClose: () => void;
  /** On a phone it comes from below, where the thumb is. */
  sheet?: boolean;
  children: ComponentChildren;
}

/** A dialog; pressing beside it closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, sheet = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.showModal();
    return () => {
      if (before?.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const id = useId();
  const beside = (event: MouseEvent) => {
    const dialog = element.current;
    if (dialog === null || event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!within) onClose();
  };
  return (
    <dialog ref={element} class={sheet ? "sheet" : undefined} aria-labelledby={id} onClose={onClose} onClick={beside}>
      <div class="stack"><h2 id={id}>{title}</h2>{children}</div>
    </dialog>
  );
}

/** What can be done about what is said, such as taking it back. */
interface Remedy { label: string; act: () => void }

const PASSING = 4_000;
/** Who may take something back is given the time to see it: WCAG 2.2, 2.2.1, wants limits that can be met. */
const REMEDIABLE = 12_000;

const told = signal<{ text: string; remedy: Remedy | undefined } | null>(null);

/** Says something in passing, perhaps with what can be done about it. */
export function say(text: string, remedy?: Remedy): void {
  const mine = { text, remedy };
  told.value = mine;
  setTimeout(() => {
    if (told.peek() === mine) told.value = null;
  }, remedy === undefined ? PASSING : REMEDIABLE);
}

export function Toasts() {
  const now = told.value;
  const act = () => {
    told.value = null;
    now?.remedy?.act();
  };
  return (
    <div role="status" aria-live="polite">
      {now && (
        <div class="toast">
          <span>{now.text}</span>
          {now.remedy && <button type="button" class="button remedy" onClick={act}>{now.remedy.label}</button>}
        </div>
      )}
    </div>
  );
}
