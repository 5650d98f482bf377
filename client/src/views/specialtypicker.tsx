import { useSignal } from "@preact/signals";
import { useId, useMemo, useRef } from "preact/hooks";
import { Button, Icon } from "../design/parts";
import type { App } from "../domain/app";
import { find, findable } from "../domain/finding";
import { locale, names, words } from "../words";
import { SpecialtyOptions } from "./specialtyoptions";

/** A search over what specialties are called and what is typed for them; what is found is pressed. Stands above a list. */
function Finder({ app, onPick }: { app: App; onPick: (id: string) => void }) {
  const typed = useSignal("");
  const told = useId();
  const all = useMemo(
    () => app.catalogue.specialties.map((one) =>
      findable(one.id, app.specialty(one.id), [one.name, ...(one.synonyms ?? []), ...(names.synonyms?.[one.id]?.split(", ") ?? [])])),
    [app.catalogue, locale.value],
  );
  const found = find(typed.value, all);
  const pick = (id: string) => {
    typed.value = "";
    onPick(id);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    // It takes the first of what is found, and never sends the form.
    event.preventDefault();
    if (found[0] !== undefined) pick(found[0]);
  };
  return (
    <div class="finder">
      <input class="input" type="search" enterkeyhint="search" autocomplete="off" autocapitalize="off" spellcheck={false} maxLength={60}
        aria-label={words.form.findSpecialty} aria-describedby={told} placeholder={words.form.findSpecialtyHint}
        value={typed.value} onInput={(event) => { typed.value = event.currentTarget.value; }} onKeyDown={press} />
      <span id={told} class={found.length > 0 ? "hidden" : "hint"} role="status">{typed.value.trim() && words.form.foundSpecialties({ n: found.length })}</span>
      {found.length > 0 && (
        <ul class="panel">
          {found.map((id) => (
            <li key={id}>
              <button type="button" class="found" onClick={() => pick(id)}>
                <span>{app.specialty(id)}</span>
                <span class="small soft">{app.group(app.catalogue.specialties.find((one) => one.id === id)!.group)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface PickerProps {
  app: App;
  /** What a field gives its control. */
  its: { id: string; "aria-describedby": string; "aria-invalid": boolean };
  name: string;
}

/** One specialty: looked for, or chosen from the list. */
export function SpecialtyPicker({ app, its, name, value, onChange }: PickerProps & { value: string; onChange: (id: string) => void }) {
  const list = useRef<HTMLSelectElement>(null);
  const pick = (id: string) => {
    onChange(id);
    // The list says what was chosen, also to those who do not see it.
    list.current?.focus();
  };
  return (
    <>
      <Finder app={app} onPick={pick} />
      <select {...its} ref={list} name={name} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{words.form.choose}</option>
        <SpecialtyOptions app={app} />
      </select>
    </>
  );
}

/** Several specialties: looked for one by one, or chosen from the list; each can be left out again. */
export function SpecialtiesPicker({ app, its, name, value, onChange }: PickerProps & { value: readonly string[]; onChange: (ids: string[]) => void }) {
  return (
    <>
      <Finder app={app} onPick={(id) => onChange([...new Set([...value, id])])} />
      {value.length > 0 && (
        <ul class="choices">
          {value.map((id) => (
            <li key={id}>
              <Button aria-label={words.form.leaveOut({ name: app.specialty(id) })} onClick={() => onChange(value.filter((one) => one !== id))}>
                {app.specialty(id)} <Icon name="close" size={16} />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <select {...its} name={name} class="input" multiple size={8}
        onChange={(event) => onChange(Array.from(event.currentTarget.selectedOptions, (option) => option.value))}>
        <SpecialtyOptions app={app} chosen={value} />
      </select>
    </>
  );
}
