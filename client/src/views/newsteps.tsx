import { Choices, Field } from "../design/parts";
import { COUNTRIES } from "../domain/countries";
import { AGES, resultsOf } from "../domain/summary";
import { formats, words } from "../words";
import { LanguageField } from "./language";
import type { StepProps } from "./newcase";
import { Referral } from "./facts";
import { SpecialtiesPicker, SpecialtyPicker } from "./specialtypicker";

const URGENCIES = ["emergency", "urgent", "today", "routine"] as const;
const UNITS = Object.keys(AGES) as (keyof typeof AGES)[];

export function QuestionStep({ app, form, wrong, set }: StepProps) {
  return (
    <>
      <Field label={words.form.caseTitle} hint={words.form.caseTitleHint} wrong={wrong("title")}>
        {(its) => <input {...its} name="title" class="input" value={form.title} onInput={(event) => set({ title: event.currentTarget.value })} />}
      </Field>
      <Field label={words.form.question} hint={words.form.questionHint} wrong={wrong("question")}>
        {(its) => <textarea {...its} name="question" class="input" rows={3} value={form.question} onInput={(event) => set({ question: event.currentTarget.value })} />}
      </Field>
      <Field label={words.form.specialty} wrong={wrong("specialty")}>
        {(its) => <SpecialtyPicker app={app} its={its} name="specialty" value={form.specialty} onChange={(specialty) => set({ specialty })} />}
      </Field>
      <Choices name="urgency" label={words.form.urgency} hint={words.urgencyHint[form.urgency]} value={form.urgency} onChange={(urgency) => set({ urgency })}
        options={URGENCIES.map((one) => ({ value: one, label: words.urgency[one] }))} />
    </>
  );
}

export function PatientStep({ form, wrong, set }: StepProps) {
  return (
    <>
      <div class="beside">
        <Field label={`${words.form.age} (${words.form.optional})`} hint={words.form.ageHint} wrong={wrong("age")}>
          {(its) => <input {...its} name="age" class="input short" inputMode="numeric" value={form.age} onInput={(event) => set({ age: event.currentTarget.value })} />}
        </Field>
        <Field label={words.form.ageUnit}>
          {(its) => (
            <select {...its} class="input" value={form.unit} onChange={(event) => set({ unit: event.currentTarget.value as typeof form.unit })}>
              {UNITS.map((unit) => <option key={unit} value={unit}>{words.form.ageUnits[unit]}</option>)}
            </select>
          )}
        </Field>
      </div>
      <Choices name="sex" label={words.form.sex} value={form.sex} onChange={(sex) => set({ sex })}
        options={(["female", "male", "other"] as const).map((one) => ({ value: one, label: words.form.sexes[one] }))} />
      <Field label={words.form.presentation} hint={words.form.presentationHint} wrong={wrong("presentation")}>
        {(its) => <textarea {...its} name="presentation" class="input" rows={8} value={form.presentation} onInput={(event) => set({ presentation: event.currentTarget.value })} />}
      </Field>
    </>
  );
}

export function FindingsStep({ form, wrong, set }: StepProps) {
  const { results } = resultsOf(form.investigations);
  return (
    <>
      {(["history", "examination"] as const).map((name) => (
        <Field key={name} label={`${words.form[name]} (${words.form.optional})`} hint={name === "history" ? words.form.historyHint : words.form.examinationHint} wrong={wrong(name)}>
          {(its) => <textarea {...its} name={name} class="input" rows={4} value={form[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} />}
        </Field>
      ))}
      <Field label={`${words.form.investigations} (${words.form.optional})`} hint={words.form.investigationsHint} wrong={wrong("investigations")}>
        {(its) => (
          <textarea {...its} name="investigations" class="input" rows={5} spellcheck={false} value={form.investigations}
            onInput={(event) => set({ investigations: event.currentTarget.value })} />
        )}
      </Field>
      {results.length > 0 && (
        <div class="panel preview">
          <Referral case={{ question: "", presentation: "", language: form.language, summary: { patient: null, history: "", examination: "", investigations: results } }} />
        </div>
      )}
    </>
  );
}

export function AudienceStep({ app, form, wrong, set }: StepProps) {
  return (
    <>
      <Choices name="audience" label={words.form.audience} value={form.audience} onChange={(audience) => set({ audience })}
        options={(["all", "specialties", "members"] as const).map((one) => ({ value: one, label: words.form[one] }))} />
      {form.audience === "specialties" && (
        <Field label={words.form.specialtiesLabel} wrong={wrong("specialties")}>
          {(its) => <SpecialtiesPicker app={app} its={its} name="specialties" value={form.specialties} onChange={(specialties) => set({ specialties })} />}
        </Field>
      )}
      {form.audience === "members" && (
        <Field label={words.form.membersLabel} wrong={wrong("members")}>
          {(its) => <input {...its} name="members" class="input" value={form.members} onInput={(event) => set({ members: event.currentTarget.value })} />}
        </Field>
      )}
      <LanguageField app={app} value={form.language} onChange={(language) => set({ language })} />
      <Field label={`${words.form.licence} (${words.form.optional})`} hint={words.form.licenceHint}>
        {(its) => (
          <select {...its} name="licence" class="input" value={form.licence} onChange={(event) => set({ licence: event.currentTarget.value })}>
            <option value="">{words.form.licenceNone}</option>
            {COUNTRIES.map((code) => ({ code, name: formats.region(code) })).sort((a, b) => a.name.localeCompare(b.name))
              .map(({ code, name }) => <option key={code} value={code} selected={code === form.licence}>{name}</option>)}
          </select>
        )}
      </Field>
    </>
  );
}
