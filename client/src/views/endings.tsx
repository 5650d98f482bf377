import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Button, Choices, Dialog, Field, say } from "../design/parts";
import type { CasePage, Change } from "../domain/casepage";
import { Refused } from "../protocol/socket";
import { AGES, lineOf, resultsOf } from "../domain/summary";
import type { Case, Correction, Summary } from "../protocol/messages";
import { words } from "../words";
import { said } from "../words/said";

const OUTCOMES = ["confirmed", "probable", "unresolved", "referred"] as const;

interface FormProps {
  page: CasePage;
  title: string;
  submit: string;
  done: string;
  /** What to send, or what is wrong with it. */
  change: () => Change | string;
  onClose: () => void;
  children: ComponentChildren;
}

/** A change of a case in a dialog: what was written stays there until the server has taken it. */
function ChangeForm({ page, title, submit, done, change, onClose, children }: FormProps) {
  const problem = useSignal("");
  const sending = useSignal(false);
  const send = async () => {
    const wanted = change();
    if (typeof wanted === "string") {
      problem.value = wanted;
      return;
    }
    sending.value = true;
    problem.value = "";
    try {
      await page.change(wanted);
      say(done);
      onClose();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = said(error);
    } finally {
      sending.value = false;
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" noValidate onSubmit={(event) => { event.preventDefault(); void send(); }}>
        {children}
        {problem.value && <p class="wrong" role="alert">{problem.value}</p>}
        <div class="actions">
          <Button kind="quiet" onClick={onClose}>{words.case.cancel}</Button>
          <Button type="submit" kind="primary" disabled={sending.value}>{submit}</Button>
        </div>
      </form>
    </Dialog>
  );
}

export function Resolving({ page, onClose }: { page: CasePage; onClose: () => void }) {
  const outcome = useSignal<(typeof OUTCOMES)[number]>("confirmed");
  const diagnosis = useSignal("");
  const learned = useSignal("");
  const accepted = useSignal("");
  const needed = outcome.value === "confirmed" || outcome.value === "probable";
  const change = (): Change | string => {
    if (needed && !diagnosis.value.trim()) return words.case.diagnosisNeeded;
    return {
      action: "resolve",
      resolution: {
        outcome: outcome.value, diagnosis: diagnosis.value.trim(), learned: learned.value.trim(),
        accepted: accepted.value ? Number(accepted.value) : null,
      },
    };
  };
  return (
    <ChangeForm page={page} title={words.case.resolveTitle} submit={words.case.resolve} done={words.case.resolved} change={change} onClose={onClose}>
      <Choices name="outcome" label={words.case.outcome} value={outcome.value} onChange={(value) => { outcome.value = value; }}
        options={OUTCOMES.map((one) => ({ value: one, label: words.case.outcomes[one] }))} />
      <Field label={needed ? words.case.diagnosis : words.case.diagnosisOptional}>
        {(its) => <input {...its} class="input" maxLength={500} value={diagnosis.value} onInput={(event) => { diagnosis.value = event.currentTarget.value; }} />}
      </Field>
      <Field label={words.case.learned} hint={words.case.learnedHint}>
        {(its) => <textarea {...its} class="input" rows={4} maxLength={5000} value={learned.value} onInput={(event) => { learned.value = event.currentTarget.value; }} />}
      </Field>
      <Accepted page={page} value={accepted.value} onChange={(value) => { accepted.value = value; }} />
      <p class="small soft">{words.case.resolveNote}</p>
    </ChangeForm>
  );
}

/** Which message answered the case: a choice of those that others wrote, by their first words. */
function Accepted({ page, value, onChange }: { page: CasePage; value: string; onChange: (value: string) => void }) {
  const answers = page.answers();
  if (answers.length === 0) return null;
  return (
    <Field label={words.case.accepted}>
      {(its) => (
        <select {...its} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{words.case.acceptedNone}</option>
          {answers.map((answer) => <option key={answer.seq} value={String(answer.seq)}>{answer.by}: {answer.text}</option>)}
        </select>
      )}
    </Field>
  );
}

const TEXTS = [
  { name: "title", rows: 2, most: 200 },
  { name: "presentation", rows: 8, most: 20_000 },
  { name: "question", rows: 3, most: 2_000 },
  { name: "diagnosis", rows: 1, most: 500 },
  { name: "learned", rows: 4, most: 5_000 },
] as const;

const PARTS = [{ name: "age", rows: 1 }, { name: "history", rows: 4 }, { name: "examination", rows: 4 }, { name: "investigations", rows: 6 }] as const;

type Parts = Record<(typeof PARTS)[number]["name"], string>;

/** The parts of a summary as texts to be changed; the age keeps its unit. */
function partsOf({ summary }: Case): Parts {
  return {
    age: summary.patient === null ? "" : String(summary.patient.age), history: summary.history, examination: summary.examination,
    investigations: summary.investigations.map(lineOf).join("\n"),
  };
}

/** The summary with what was changed, null where nothing was, or what is wrong. */
function corrected(found: Case, parts: Parts): Summary | string | null {
  const before = partsOf(found);
  if (PARTS.every(({ name }) => parts[name].trim() === before[name].trim())) return null;
  const unit = found.summary.patient?.unit ?? "years";
  const age = parts.age.trim();
  if (age && !(/^\d{1,3}$/.test(age) && Number(age) <= AGES[unit])) return words.form.needed.age({ most: AGES[unit] });
  const { results, unread } = resultsOf(parts.investigations);
  if (unread.length > 0) return words.form.unread({ n: unread.length });
  return {
    patient: age ? { age: Number(age), unit, sex: found.summary.patient?.sex ?? "other" } : null,
    history: parts.history.trim(), examination: parts.examination.trim(), investigations: results,
  };
}

export function Correcting({ page, found, onClose }: { page: CasePage; found: Case; onClose: () => void }) {
  const texts = useSignal<Record<string, string>>({
    title: found.title, presentation: found.presentation, question: found.question, diagnosis: found.diagnosis, learned: found.learned,
  });
  // What the dialog began with: what changed elsewhere meanwhile must be seen, not overwritten.
  const begun = useSignal(found);
  const urgency = useSignal(found.urgency);
  const summary = useSignal(partsOf(found));
  const shown = TEXTS.filter((one) => found.state === "resolved" || (one.name !== "diagnosis" && one.name !== "learned"));
  const change = (): Change | string => {
    const correction: Correction = { rev: begun.value.rev };
    for (const { name } of shown) {
      const text = texts.value[name]!.trim();
      if (text !== begun.value[name]) correction[name] = text;
    }
    const parts = corrected(begun.value, summary.value);
    if (typeof parts === "string") return parts;
    if (parts !== null) correction.summary = parts;
    if (urgency.value !== begun.value.urgency) correction.urgency = urgency.value;
    return Object.keys(correction).length > 1 ? { action: "correct", correction } : words.case.nothingChanged;
  };
  return (
    <ChangeForm page={page} title={words.case.correctTitle} submit={words.case.correctSubmit} done={words.case.corrected} change={change} onClose={onClose}>
      <p class="small soft">{words.case.correctNote}</p>
      {shown.map(({ name, rows, most }) => (
        <Field key={name} label={words.case.fields[name]}>
          {(its) => (
            <textarea {...its} class="input" rows={rows} maxLength={most} value={texts.value[name]}
              onInput={(event) => { texts.value = { ...texts.value, [name]: event.currentTarget.value }; }} />
          )}
        </Field>
      ))}
      {PARTS.map(({ name, rows }) => (
        <Field key={name} label={words.form[name]}>
          {(its) => (
            <textarea {...its} class="input" rows={rows} maxLength={5_000} value={summary.value[name]}
              onInput={(event) => { summary.value = { ...summary.value, [name]: event.currentTarget.value }; }} />
          )}
        </Field>
      ))}
      <Choices name="corrected-urgency" label={words.list.urgency} value={urgency.value} onChange={(value) => { urgency.value = value; }}
        options={(["emergency", "urgent", "today", "routine"] as const).map((one) => ({ value: one, label: words.urgency[one] }))} />
    </ChangeForm>
  );
}

/** What became of the patient: asked of the author, answered in the closed room. */
export function FollowingUp({ page, days }: { page: CasePage; days: number }) {
  const text = useSignal("");
  const problem = useSignal("");
  const send = async () => {
    if (!text.value.trim()) return;
    try {
      await page.change({ action: "follow-up", body: text.value });
      text.value = "";
      say(words.case.followUpSent);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = said(error);
    }
  };
  return (
    <form class="ending stack" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <Field label={words.case.followUp({ days })} wrong={problem.value || undefined}>
        {(its) => <textarea {...its} class="input" rows={2} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />}
      </Field>
      <div><Button type="submit" kind="primary" disabled={!text.value.trim()}>{words.case.followUpSend}</Button></div>
    </form>
  );
}
