import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import "./page.css";
import { choose, LANGUAGES, locale } from "../words";
import { Button, Choices, Dialog, Empty, Field, Icon, ICON_NAMES, Problem, say, Skeleton, Urgency } from "./parts";

/** What the design system is made of, read from the style sheets themselves; its words are for developers and stay English. */
const COLOURS = [
  "page", "surface", "raised", "sunken", "line", "line-strong", "ink", "ink-soft", "accent", "accent-ink", "accent-soft", "accent-hover",
  "emergency", "emergency-soft", "urgent", "urgent-soft", "today", "today-soft", "routine", "routine-soft", "good", "heat-1", "heat-2", "heat-3",
];
const TEXTS = ["text-s", "text-m", "text-l", "text-xl"];
const SPACES = ["s1", "s2", "s3", "s4", "s5", "s6", "s8", "s12"];
const SHAPES = ["radius-s", "radius-m", "radius-round"];
const TIMES = ["quick", "breath", "patience"];
const LOCALES = [...Object.keys(LANGUAGES), "en-XA", "ar-XB"];

export function DesignPage() {
  return (
    <div class="page design" lang="en" dir="ltr">
      <h1>Design</h1>
      <p class="soft">Everything that pages are made of, in every state. docs/explanation/design.md says why. Change appearance, contrast and language, and look again.</p>
      <Part title="Languages, and two for tests">
        <div class="choices">{LOCALES.map((tag) => <Button key={tag} class="toggle" aria-pressed={locale.value === tag} onClick={() => void choose(tag)}>{tag}</Button>)}</div>
      </Part>
      <Part title="Colours"><ul class="swatches">{COLOURS.map((name) => <Swatch key={name} name={name} />)}</ul></Part>
      <Part title="Type">{TEXTS.map((name) => <p key={name} style={{ font: `var(--${name}) / var(--loose) var(--font)` }}>{name}: Potassium 7.1 mmol/L, 03:12</p>)}</Part>
      <Part title="Spaces">{SPACES.map((name) => <Measure key={name} name={name} />)}</Part>
      <Part title="Edges and elevation">
        <ul class="swatches">{SHAPES.map((name) => <li key={name}><span class={`sample ${name}`} />{name}</li>)}<li><span class="sample raised" />shadow</li></ul>
      </Part>
      <Part title="Motion"><Values names={TIMES} /><p class="small soft">All become none where less motion is wanted.</p></Part>
      <Part title="Icons"><ul class="swatches">{ICON_NAMES.map((name) => <li key={name}><Icon name={name} />{name}</li>)}</ul></Part>
      <Components />
    </div>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return <section class="stack"><h2>{title}</h2>{children}</section>;
}

function Swatch({ name }: { name: string }) {
  return <li><span class="sample" style={{ background: `var(--${name})` }} />{name}</li>;
}

function Measure({ name }: { name: string }) {
  return <p class="small"><span class="measure" style={{ width: `var(--${name})` }} /> {name}</p>;
}

function Values({ names }: { names: readonly string[] }) {
  const [values, setValues] = useState<string[]>([]);
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    setValues(names.map((name) => style.getPropertyValue(`--${name}`)));
  }, [names]);
  return <p class="small">{names.map((name, index) => `${name} ${values[index] ?? ""}`).join(" · ")}</p>;
}

function Components() {
  const choice = useSignal("one");
  const on = useSignal(true);
  const open = useSignal(false);
  const options = [{ value: "one", label: "First" }, { value: "two", label: "Second" }];
  return (
    <>
      <Part title="Buttons">
        <div class="choices">
          <Button kind="primary">Primary</Button><Button>Plain</Button><Button kind="quiet">Quiet</Button>
          <Button kind="primary" disabled>Disabled</Button><Button class="toggle" aria-pressed>Pressed</Button>
          <Button kind="quiet" class="icon" aria-label="Close"><Icon name="close" /></Button>
        </div>
      </Part>
      <Part title="Fields">
        <Field label="A label" hint="What it is for, before it goes wrong.">{(its) => <input {...its} class="input" />}</Field>
        <Field label="A wrong one" wrong="Say what to do, not what is forbidden.">{(its) => <input {...its} class="input" value="x" />}</Field>
        <Field label="A text">{(its) => <textarea {...its} class="input" rows={2} />}</Field>
        <Field label="One of many">{(its) => <select {...its} class="input"><option>First</option></select>}</Field>
        <Choices name="design" label="One of a few" options={options} value={choice.value} onChange={(value) => { choice.value = value; }} />
        <button type="button" class="switch" role="switch" aria-checked={on.value} onClick={() => { on.value = !on.value; }}><span>On or off</span><span class="small soft">{on.value ? "On" : "Off"}</span></button>
      </Part>
      <Part title="Badges: a colour and a word, never a colour alone">
        <div class="choices">
          <Urgency urgency="emergency" /><Urgency urgency="urgent" /><Urgency urgency="today" /><Urgency urgency="routine" />
          <span class="badge waiting">Waiting 03:12</span><span class="badge answered">First reply after 6 min</span>
          <span class="badge state-resolved">Resolved: confirmed</span><span class="badge state-reopened">Reopened</span><span class="badge state-withdrawn">Withdrawn</span>
          <span class="count">3</span>
        </div>
      </Part>
      <Part title="A row of a list">
        <div class="panel"><a class="row" href="/design"><span class="facts"><Urgency urgency="urgent" /><span>Cardiology</span></span><span class="title">A title of one line</span><span class="facts"><span class="badge waiting">Waiting 03:12</span></span></a></div>
      </Part>
      <Part title="Banners, what is said in passing, dialogs">
        <p class="banner">A banner that informs.</p>
        <p class="banner notice">A banner that asks for patience.</p>
        <div class="choices">
          <Button onClick={() => say("Done", { label: "Undo", act: () => say("Undone") })}>Say it</Button>
          <Button onClick={() => { open.value = true; }}>Ask it</Button>
        </div>
        {open.value && (
          <Dialog title="A dialog" onClose={() => { open.value = false; }}>
            <p>For what cannot be undone, or must be filled in.</p>
            <div class="actions"><Button kind="primary" onClick={() => { open.value = false; }}>Close</Button></div>
          </Dialog>
        )}
      </Part>
      <Part title="Nothing, trouble, waiting">
        <div class="panel"><Empty title="Nothing yet">Why, and what to do.</Empty></div>
        <div class="panel"><Problem message="What happened, and what to do." onAgain={() => undefined} /></div>
        <div class="panel"><Skeleton rows={3} /></div>
      </Part>
    </>
  );
}
