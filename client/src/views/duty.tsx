import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Field, Icon, Problem, say, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { Duty, DutyChange, Span } from "../protocol/pager";
import { Refused } from "../protocol/socket";
import { words } from "../words";
import { said } from "../words/said";
import { Hours } from "./hours";
import { back } from "./router";

/** What the fields hold, as text where one types. */
interface Fields {
  paged_for: string[]; hours: Span[]; quiet: Span[]; zone: string; awake_too: boolean; budget: string; undisturbed: string; stand_in: string; stands_in: boolean;
}
type Name = "paged_for" | "budget" | "undisturbed";

const MOST = 100;

function fieldsOf(duty: Duty): Fields {
  const { paged_for, hours, quiet, zone, awake_too, budget, undisturbed_until, stand_in, stands_in } = duty;
  return { paged_for, hours, quiet, zone, awake_too, budget: String(budget), undisturbed: localText(undisturbed_until), stand_in: stand_in ?? "", stands_in };
}

/** A moment as a field for date and time has it: by the device's clock. */
function localText(at: number | null): string {
  if (at === null) return "";
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function wrongsOf(fields: Fields, before: Fields, now: number): Map<Name, string> {
  const found = new Map<Name, string>();
  const wrong = words.duty.wrong;
  if (fields.paged_for.length === 0) found.set("paged_for", wrong.specialties);
  if (!/^\d{1,3}$/.test(fields.budget.trim()) || Number(fields.budget) > MOST) found.set("budget", wrong.budget);
  if (fields.undisturbed !== "" && fields.undisturbed !== before.undisturbed && !(new Date(fields.undisturbed).getTime() > now)) found.set("undisturbed", wrong.undisturbed);
  return found;
}

/** Only what was changed: another device may have changed the rest. */
function changeOf(fields: Fields, before: Fields): Omit<DutyChange, "version"> {
  const change: Omit<DutyChange, "version"> = {};
  const differs = (name: keyof Fields) => JSON.stringify(fields[name]) !== JSON.stringify(before[name]);
  if (differs("paged_for")) change.paged_for = fields.paged_for;
  if (differs("hours")) change.hours = fields.hours;
  if (differs("quiet")) change.quiet = fields.quiet;
  if (differs("zone")) change.zone = fields.zone;
  if (differs("awake_too")) change.awake_too = fields.awake_too;
  if (differs("budget")) change.budget = Number(fields.budget);
  if (differs("undisturbed")) change.undisturbed_until = fields.undisturbed === "" ? null : new Date(fields.undisturbed).getTime();
  if (differs("stand_in")) change.stand_in = fields.stand_in.trim().toLowerCase() || null;
  if (differs("stands_in")) change.stands_in = fields.stands_in;
  return change;
}

/** What the member is paged for and when, as a plain form. */
export function DutyView({ app }: { app: App }) {
  const duty = app.duty.duty.value;
  useEffect(() => void app.duty.load(), [app.duty]);
  return (
    <div class="page">
      <div class="stack">
        <div class="line">
          <Button kind="quiet" class="icon back" aria-label={words.room.back} onClick={() => back("/pager")}><Icon name="back" /></Button>
          <h1>{words.duty.title}</h1>
        </div>
        <p class="soft">{words.duty.lead}</p>
      </div>
      {duty !== null ? <Form app={app} duty={duty} />
        : app.duty.problem.value === null ? <Skeleton /> : <Problem message={said(app.duty.problem.value)} onAgain={() => void app.duty.load()} />}
    </div>
  );
}

function Form({ app, duty }: { app: App; duty: Duty }) {
  const before = fieldsOf(duty);
  const changed = useSignal<Partial<Fields>>({});
  const tried = useSignal(false);
  const saving = useSignal(false);
  const problem = useSignal("");
  const fields: Fields = { ...before, ...changed.value };
  const set = (change: Partial<Fields>) => {
    changed.value = { ...changed.value, ...change };
    problem.value = "";
  };
  const wrongs = wrongsOf(fields, before, app.now.peek());
  const wrong = (name: Name) => (tried.value ? wrongs.get(name) : undefined);
  const save = async () => {
    tried.value = true;
    const name = [...wrongs.keys()][0];
    if (name !== undefined) {
      document.querySelector<HTMLElement>(`[name="${name}"]`)?.focus();
      return;
    }
    const change = changeOf(fields, before);
    if (Object.keys(change).length === 0) {
      say(words.duty.unchanged);
      return;
    }
    saving.value = true;
    try {
      await app.duty.change(change);
      changed.value = {};
      say(words.duty.saved);
    } catch (error) {
      problem.value = error instanceof Refused && error.code === "stale" ? words.duty.stale : said(error);
    } finally {
      saving.value = false;
    }
  };
  return (
    <form class="stack duty" noValidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <PagedFor app={app} chosen={fields.paged_for} wrong={wrong("paged_for")} onChange={(paged_for) => set({ paged_for })} />
      <Hours name="hours" label={words.duty.weekly} none={words.duty.weeklyNone} spans={fields.hours} onChange={(hours) => set({ hours })} />
      <Hours name="quiet" label={words.duty.quiet} hint={words.duty.quietHint} none={words.duty.quietNone} spans={fields.quiet} onChange={(quiet) => set({ quiet })} />
      <Zone zone={fields.zone} onChange={(zone) => set({ zone })} />
      <Toggle label={words.duty.awakeToo} hint={words.duty.awakeTooHint} on={fields.awake_too} onChange={(awake_too) => set({ awake_too })} />
      <Field label={words.duty.budget} hint={words.duty.budgetHint} wrong={wrong("budget")}>
        {(its) => <input {...its} name="budget" class="input short" inputMode="numeric" value={fields.budget} onInput={(event) => set({ budget: event.currentTarget.value })} />}
      </Field>
      <div class="stack close">
        <Field label={words.duty.undisturbed} hint={words.duty.undisturbedHint} wrong={wrong("undisturbed")}>
          {(its) => <input {...its} name="undisturbed" type="datetime-local" class="input" value={fields.undisturbed} onInput={(event) => set({ undisturbed: event.currentTarget.value })} />}
        </Field>
        {fields.undisturbed !== "" && <div><Button onClick={() => set({ undisturbed: "" })}>{words.duty.undisturbedEnd}</Button></div>}
      </div>
      <Field label={words.duty.standIn} hint={words.duty.standInHint}>
        {(its) => (
          <input {...its} class="input" autocapitalize="none" autocomplete="off" spellcheck={false} value={fields.stand_in} onInput={(event) => set({ stand_in: event.currentTarget.value })} />
        )}
      </Field>
      <Toggle label={words.duty.standsIn} on={fields.stands_in} onChange={(stands_in) => set({ stands_in })} />
      {problem.value && <p class="wrong" role="alert">{problem.value}</p>}
      <div class="saving"><Button type="submit" kind="primary" disabled={saving.value}>{saving.value ? words.duty.saving : words.duty.save}</Button></div>
    </form>
  );
}

function Toggle({ label, hint, on, onChange }: { label: string; hint?: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <div class="stack close">
      <button type="button" class="switch" role="switch" aria-checked={on} onClick={() => onChange(!on)}>
        <span>{label}</span><span class="small soft" aria-hidden="true">{on ? words.alerts.on : words.alerts.off}</span>
      </button>
      {hint && <p class="small soft">{hint}</p>}
    </div>
  );
}

/** The member's own specialties, each on or off. */
function PagedFor({ app, chosen, wrong, onChange }: { app: App; chosen: readonly string[]; wrong: string | undefined; onChange: (chosen: string[]) => void }) {
  const own = app.me.value?.specialties ?? [];
  return (
    <fieldset class="field" aria-describedby="paged-for-hint">
      <legend class="label"><b>{words.duty.specialties}</b></legend>
      <span class="hint" id="paged-for-hint">{words.duty.specialtiesHint}</span>
      <div class="choices">
        {own.map((one, index) => (
          <label class="choice" key={one}>
            <input type="checkbox" name={index === 0 ? "paged_for" : undefined} checked={chosen.includes(one)}
              onChange={() => onChange(own.filter((other) => chosen.includes(other) !== (other === one)))} />
            <span>{app.specialty(one)}</span>
          </label>
        ))}
      </div>
      {wrong && <span class="wrong" role="alert">{wrong}</span>}
    </fieldset>
  );
}

function Zone({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([zone, here, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
  return (
    <div class="stack close">
      <Field label={words.duty.zone} hint={words.duty.zoneHint}>
        {(its) => (
          <select {...its} class="input" value={zone} onChange={(event) => onChange(event.currentTarget.value)}>
            {zones.map((one) => <option key={one} value={one} selected={one === zone}>{one.replaceAll("_", " ")}</option>)}
          </select>
        )}
      </Field>
      {here !== zone && <div class="zone-here"><span class="small soft">{words.duty.zoneHere({ zone: here.replaceAll("_", " ") })}</span> <Button onClick={() => onChange(here)}>{words.duty.zoneTake}</Button></div>}
    </div>
  );
}
