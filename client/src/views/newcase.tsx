import { useSignal } from "@preact/signals";
import { Button, Choices, Field, say } from "../design/parts";
import type { App } from "../domain/app";
import { Refused } from "../protocol/socket";
import type { Draft } from "../protocol/messages";
import { words } from "../words";
import { go } from "./router";

interface Form {
  title: string;
  specialty: string;
  urgency: "emergency" | "urgent" | "today" | "routine";
  presentation: string;
  question: string;
  audience: "all" | "specialties" | "members";
  specialties: string[];
  members: string;
  /** The key under which this draft is posted, however often it is tried. */
  key: string;
}

type Name = "title" | "specialty" | "presentation" | "question" | "specialties" | "members";

const LIMITS = { title: 200, presentation: 20_000, question: 2_000 } as const;

function blank(key: string): Form {
  return { title: "", specialty: "", urgency: "urgent", presentation: "", question: "", audience: "all", specialties: [], members: "", key };
}

function handles(text: string): string[] {
  return [...new Set(text.toLowerCase().split(/[\s,;]+/).filter(Boolean))];
}

function wrongs(form: Form): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  const needed = words.form.needed;
  for (const name of ["title", "presentation", "question"] as const) {
    const over = [...form[name]].length - LIMITS[name];
    if (!form[name].trim()) found[name] = needed[name];
    else if (over > 0) found[name] = words.form.tooLong(over);
  }
  if (!form.specialty) found.specialty = needed.specialty;
  if (form.audience === "specialties" && form.specialties.length === 0) found.specialties = needed.specialties;
  if (form.audience === "members" && handles(form.members).length === 0) found.members = needed.members;
  return found;
}

export function NewCase({ app }: { app: App }) {
  const place = "new case";
  const form = useSignal<Form>(restored(app.memory.draft(place)) ?? blank(app.world.uuid()));
  const tried = useSignal(false);
  const posting = useSignal(false);
  const problem = useSignal("");
  const wrong = tried.value ? wrongs(form.value) : {};

  /** What was changed is another content, and wants another key. It is kept at once: the page may go any moment. */
  const set = (change: Partial<Form>) => {
    form.value = { ...form.value, ...change, key: problem.value ? app.world.uuid() : form.value.key };
    app.memory.setDraft(place, JSON.stringify(form.value));
    problem.value = "";
  };
  const post = async () => {
    tried.value = true;
    const missing = Object.keys(wrongs(form.value));
    if (missing.length > 0) {
      document.querySelector<HTMLElement>(`[name="${missing[0]}"]`)?.focus();
      return;
    }
    posting.value = true;
    problem.value = "";
    try {
      const opened = await app.api.open(drafted(form.value), form.value.key);
      app.cases.keep(opened);
      app.memory.setDraft(place, "");
      form.value = blank(app.world.uuid());
      say(words.form.posted);
      go(`/cases/${opened.id}`, true);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = error.message;
    } finally {
      posting.value = false;
    }
  };
  const value = form.value;
  return (
    <form class="page" noValidate onSubmit={(event) => { event.preventDefault(); void post(); }}>
      <div class="stack">
        <h1>{words.form.title}</h1>
        <p class="soft">{words.form.lead}</p>
      </div>
      <Field label={words.form.caseTitle} hint={words.form.caseTitleHint} wrong={wrong.title}>
        {(its) => <input {...its} name="title" class="input" value={value.title} onInput={(event) => set({ title: event.currentTarget.value })} />}
      </Field>
      <Field label={words.form.specialty} wrong={wrong.specialty}>
        {(its) => (
          <select {...its} name="specialty" class="input" value={value.specialty} onChange={(event) => set({ specialty: event.currentTarget.value })}>
            <option value="">{words.form.choose}</option>
            <SpecialtyOptions app={app} />
          </select>
        )}
      </Field>
      <Choices name="urgency" label={words.form.urgency} hint={words.urgencyHint[value.urgency]} value={value.urgency} onChange={(urgency) => set({ urgency })}
        options={(["emergency", "urgent", "today", "routine"] as const).map((one) => ({ value: one, label: words.urgency[one] }))} />
      <Field label={words.form.presentation} hint={words.form.presentationHint} wrong={wrong.presentation}>
        {(its) => <textarea {...its} name="presentation" class="input" rows={9} value={value.presentation} onInput={(event) => set({ presentation: event.currentTarget.value })} />}
      </Field>
      <Field label={words.form.question} hint={words.form.questionHint} wrong={wrong.question}>
        {(its) => <textarea {...its} name="question" class="input" rows={3} value={value.question} onInput={(event) => set({ question: event.currentTarget.value })} />}
      </Field>
      <Choices name="audience" label={words.form.audience} value={value.audience} onChange={(audience) => set({ audience })}
        options={(["all", "specialties", "members"] as const).map((one) => ({ value: one, label: words.form[one] }))} />
      {value.audience === "specialties" && (
        <Field label={words.form.specialtiesLabel} wrong={wrong.specialties}>
          {(its) => (
            <select {...its} name="specialties" class="input" multiple size={8}
              onChange={(event) => set({ specialties: Array.from(event.currentTarget.selectedOptions, (option) => option.value) })}>
              {app.catalogue.specialties.map((one) => <option key={one.id} value={one.id} selected={value.specialties.includes(one.id)}>{one.name}</option>)}
            </select>
          )}
        </Field>
      )}
      {value.audience === "members" && (
        <Field label={words.form.membersLabel} wrong={wrong.members}>
          {(its) => <input {...its} name="members" class="input" value={value.members} onInput={(event) => set({ members: event.currentTarget.value })} />}
        </Field>
      )}
      <div class="stack">
        {problem.value && <p class="wrong" role="alert"><b>{words.form.failed}</b> {problem.value}</p>}
        <div class="choices">
          <Button type="submit" kind="primary" disabled={posting.value}>{posting.value ? words.form.posting : words.form.submit}</Button>
        </div>
        <p class="small soft">{words.form.saved}</p>
      </div>
    </form>
  );
}

function SpecialtyOptions({ app }: { app: App }) {
  return (
    <>
      {app.catalogue.groups.map((group) => (
        <optgroup key={group.id} label={group.name}>
          {app.catalogue.specialties.filter((one) => one.group === group.id).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
        </optgroup>
      ))}
    </>
  );
}

function drafted(form: Form): Draft {
  return {
    title: form.title.trim(),
    specialty: form.specialty,
    urgency: form.urgency,
    presentation: form.presentation.trim(),
    question: form.question.trim(),
    audience: {
      kind: form.audience,
      specialties: form.audience === "specialties" ? form.specialties : [],
      members: form.audience === "members" ? handles(form.members) : [],
    },
  };
}

function restored(text: string): Form | null {
  try {
    const kept = JSON.parse(text || "null") as Form | null;
    return kept === null ? null : { ...blank(kept.key), ...kept };
  } catch {
    return null;
  }
}
