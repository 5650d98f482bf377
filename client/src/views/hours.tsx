import { useSignal } from "@preact/signals";
import { Button, Field, Icon } from "../design/parts";
import { DAYS, ordered, overnight, spansOf, type WrongHours } from "../domain/duty";
import type { Span } from "../protocol/pager";
import { formats, words } from "../words";

interface Props { name: string; label: string; hint?: string; none: string; spans: readonly Span[]; onChange: (spans: Span[]) => void }

const WORKDAYS = [0, 1, 2, 3, 4];

function told(span: Span): string {
  const its = { from: span.from, to: span.to };
  return overnight(span) ? words.duty.spanOver(its) : words.duty.span(its);
}

/** Hours of the week: what there is, each with a way to remove it, and a row to add the same hours on several days. */
export function Hours({ name, label, hint, none, spans, onChange }: Props) {
  const days = useSignal<readonly number[]>(WORKDAYS);
  const from = useSignal("08:00");
  const to = useSignal("18:00");
  const wrong = useSignal<WrongHours | null>(null);
  const add = () => {
    const found = spansOf(days.value, from.value, to.value);
    wrong.value = Array.isArray(found) ? null : found;
    if (Array.isArray(found)) onChange(ordered([...spans, ...found]));
  };
  const toggle = (day: number) => {
    days.value = days.value.includes(day) ? days.value.filter((one) => one !== day) : [...days.value, day].sort();
  };
  const of = (...kinds: WrongHours[]) => (wrong.value !== null && kinds.includes(wrong.value) ? words.duty.wrong[wrong.value] : undefined);
  return (
    <fieldset class="stack" aria-describedby={hint && `${name}-hint`}>
      <legend><h2>{label}</h2></legend>
      {hint && <p class="hint small soft" id={`${name}-hint`}>{hint}</p>}
      {spans.length === 0 ? <p class="soft">{none}</p> : (
        <ul class="panel spans-list">
          {DAYS.filter((day) => spans.some((span) => span.day === day)).map((day) => (
            <li key={day}>
              <b>{formats.weekday(day)}</b>
              <ul>
                {spans.filter((span) => span.day === day).map((span) => (
                  <li key={span.from + span.to}>
                    <span>{told(span)}</span>
                    <Button kind="quiet" class="icon" aria-label={words.duty.remove({ what: `${formats.weekday(day)}, ${told(span)}` })}
                      onClick={() => onChange(spans.filter((one) => one !== span))}><Icon name="close" size={18} /></Button>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
      <div class="adding">
        <div class="stack close">
          <div class="choices days" role="group" aria-label={words.duty.days}>
            {DAYS.map((day) => (
              <Button key={day} class="toggle" title={formats.weekday(day)} aria-pressed={days.value.includes(day)} onClick={() => toggle(day)}>{formats.weekday(day, "short")}</Button>
            ))}
          </div>
          {of("days") && <p class="wrong" role="alert">{of("days")}</p>}
        </div>
        <div class="from-to">
          <Field label={words.duty.from} wrong={of("from", "quarter")}>
            {(its) => <input {...its} type="time" step={900} class="input" value={from.value} onInput={(event) => { from.value = event.currentTarget.value; }} />}
          </Field>
          <Field label={words.duty.to} wrong={of("to")}>
            {(its) => <input {...its} type="time" step={900} class="input" value={to.value} onInput={(event) => { to.value = event.currentTarget.value; }} />}
          </Field>
          <Button onClick={add}>{words.duty.addHours}</Button>
        </div>
      </div>
    </fieldset>
  );
}
