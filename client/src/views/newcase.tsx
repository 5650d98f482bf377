import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button, say, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import { blank, drafted, restored, STEP_OF, STEPS, wrongs, type Form, type Name, type Step, type Wrong } from "../domain/draft";
import { Refused } from "../protocol/socket";
import { formats, words } from "../words";
import { said } from "../words/said";
import { Referral } from "./facts";
import { ownLanguage } from "./language";
import { AudienceStep, FindingsStep, PatientStep, QuestionStep } from "./newsteps";
import { go } from "./router";

const PLACE = "new case";

/** What a step needs of the form: its fields, what is wrong with them, and how to change them. */
export interface StepProps {
  app: App;
  form: Form;
  wrong: (name: Name) => string | undefined;
  set: (change: Partial<Form>) => void;
}

function text(name: Name, wrong: Wrong): string {
  if (wrong.kind === "long") return words.form.tooLong({ n: wrong.by });
  if (wrong.kind === "age") return words.form.needed.age({ most: wrong.most });
  if (wrong.kind === "unread") return words.form.unread({ n: wrong.lines });
  return words.form.needed[name as "title" | "specialty" | "question" | "presentation" | "specialties" | "members"];
}

/** A case is written in steps that can be taken in any order, and seen as others will see it before it is posted. */
export function NewCase({ app }: { app: App }) {
  const language = ownLanguage(app);
  const form = useSignal<Form>(restored(app.memory.draft(PLACE), language) ?? blank(app.world.uuid(), language));
  const tried = useSignal(false);
  const posting = useSignal(false);
  const problem = useSignal("");
  const heading = useRef<HTMLHeadingElement>(null);
  const value = form.value;
  const found = wrongs(value);
  const shown: Map<Name, Wrong> = tried.value ? found : new Map();

  /** What was changed is another content, and wants another key. It is kept at once: the page may go any moment. */
  const set = (change: Partial<Form>) => {
    form.value = { ...form.value, ...change, key: problem.value ? app.world.uuid() : form.value.key };
    app.memory.setDraft(PLACE, JSON.stringify(form.value));
    problem.value = "";
  };
  const to = (step: Step) => {
    set({ step });
    requestAnimationFrame(() => heading.current?.focus());
  };
  const fresh = () => {
    app.memory.setDraft(PLACE, "");
    form.value = blank(app.world.uuid(), language);
    tried.value = false;
    problem.value = "";
  };
  const discard = () => {
    const before = form.value;
    fresh();
    say(words.form.discarded, { label: words.error.undo, act: () => set(before) });
  };
  const post = async () => {
    tried.value = true;
    if (wrongs(form.value).size > 0) return;
    posting.value = true;
    problem.value = "";
    try {
      const opened = await app.api.open(drafted(form.value), form.value.key);
      app.cases.keep(opened);
      fresh();
      say(words.form.posted);
      app.alerts.offer();
      go(`/cases/${opened.id}`, true);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.value = said(error);
    } finally {
      posting.value = false;
    }
  };
  const at = STEPS.indexOf(value.step);
  const last = value.step === "preview";
  const props: StepProps = { app, form: value, set, wrong: (name) => (shown.has(name) ? text(name, shown.get(name)!) : undefined) };
  return (
    <form class="page" noValidate onSubmit={(event) => { event.preventDefault(); if (last) void post(); else to(STEPS[at + 1]!); }}>
      <div class="stack">
        <h1>{words.form.title}</h1>
        <p class="soft">{words.form.lead}</p>
      </div>
      <Steps form={value} wrong={shown} onStep={to} />
      {tried.value && shown.size > 0 && <Problems wrong={shown} onField={(name) => { to(STEP_OF[name]); focusOn(name); }} />}
      <section class="stack" aria-labelledby="step">
        <h2 id="step" ref={heading} tabIndex={-1}>
          {words.form.names[value.step]} <span class="small soft">{words.form.step({ at: at + 1, all: STEPS.length })}</span>
        </h2>
        {value.step === "question" && <QuestionStep {...props} />}
        {value.step === "patient" && <PatientStep {...props} />}
        {value.step === "findings" && <FindingsStep {...props} />}
        {value.step === "audience" && <AudienceStep {...props} />}
        {last && <Preview app={app} form={value} />}
      </section>
      {problem.value && <p class="wrong" role="alert"><b>{words.form.failed}</b> {problem.value}</p>}
      <div class="choices">
        {at > 0 && <Button onClick={() => to(STEPS[at - 1]!)}>{words.form.previous}</Button>}
        {last
          ? <Button type="submit" kind="primary" disabled={posting.value}>{posting.value ? words.form.posting : words.form.submit}</Button>
          : <Button type="submit" kind="primary">{words.form.next}</Button>}
        {at < STEPS.length - 2 && <Button kind="quiet" onClick={() => to("preview")}>{words.form.skip}</Button>}
      </div>
      <div class="choices saved">
        <p class="small soft">{words.form.saved}</p>
        <Button kind="quiet" onClick={discard}>{words.form.discard}</Button>
      </div>
    </form>
  );
}

function focusOn(name: Name): void {
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(`[name="${name}"]`)?.focus()));
}

function Steps({ form, wrong, onStep }: { form: Form; wrong: Map<Name, Wrong>; onStep: (step: Step) => void }) {
  const broken = new Set([...wrong.keys()].map((name) => STEP_OF[name]));
  return (
    <nav class="steps" aria-label={words.form.steps}>
      <ol>
        {STEPS.map((step, index) => (
          <li key={step}>
            <button type="button" class={broken.has(step) ? "step broken" : "step"} aria-current={form.step === step ? "step" : undefined} onClick={() => onStep(step)}>
              <span class="number" aria-hidden="true">{formats.number(index + 1)}</span>
              <span class="name">{words.form.names[step]}</span>
              {broken.has(step) && <span class="hidden"> ({words.form.stepWrong})</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** All that is missing at once, each a way to its field. */
function Problems({ wrong, onField }: { wrong: Map<Name, Wrong>; onField: (name: Name) => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <div class="problems" role="alert" tabIndex={-1} ref={box}>
      <h2>{words.form.problems({ n: wrong.size })}</h2>
      <ul>{[...wrong].map(([name, its]) => <li key={name}><button type="button" class="link" onClick={() => onField(name)}>{text(name, its)}</button></li>)}</ul>
    </div>
  );
}

function Preview({ app, form }: { app: App; form: Form }) {
  const draft = drafted(form);
  const or = (told: string) => told || words.form.nothingYet;
  return (
    <>
      <p class="soft">{words.form.preview}</p>
      <article class="panel preview">
        <h3 lang={form.language}>{or(draft.title)}</h3>
        <div class="facts"><Urgency urgency={draft.urgency} />{draft.specialty && <span>{app.specialty(draft.specialty)}</span>}</div>
        <Referral case={{ ...draft, question: or(draft.question), presentation: or(draft.presentation) }} />
      </article>
    </>
  );
}
