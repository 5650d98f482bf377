import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Field, Problem, say } from "../design/parts";
import type { App } from "../domain/app";
import { nextAt, switchedUntil, undisturbedUntil } from "../domain/duty";
import type { Duty } from "../protocol/pager";
import { formats, words } from "../words";
import { said } from "../words/said";

const HOUR = 3_600_000;
const CHOICES = [2, 8, 12];
/** Hours that the switch is on for, where nothing else is chosen: a night. */
const USUAL = 8;

/** The switch: one press to be on call, one to be off; for how long stands below it. */
export function OnCall({ app }: { app: App }) {
  const model = app.duty;
  const duty = model.duty.value;
  const time = useSignal("");
  const wrong = useSignal("");
  const now = app.now.value;
  const until = duty === null ? null : switchedUntil(duty, now);
  const ended = duty !== null && duty.on_call_until !== null && until === null;
  useEffect(() => void model.load(), [model, ended]);
  if (duty === null) {
    return model.problem.value === null ? null : <Problem message={said(model.problem.value)} onAgain={() => void model.load()} />;
  }
  const turn = async (to: number | null, remedy?: { label: string; act: () => void }) => {
    wrong.value = "";
    try {
      await model.onCall(to);
      say(to === null ? words.pager.nowOff : words.pager.nowOn({ time: formats.soon(to, app.now.peek()) }), remedy);
    } catch (error) {
      say(said(error));
      return;
    }
    // In the press that turns it on: the browser asks for leave, and lets the sound play, only then.
    if (to !== null) await app.alerts.engage();
  };
  const on = until !== null;
  const press = () => (on ? turn(null, { label: words.error.undo, act: () => void turn(until) }) : turn(app.now.peek() + USUAL * HOUR));
  const untilTime = (event: Event) => {
    event.preventDefault();
    const at = nextAt(time.value, app.now.peek());
    wrong.value = at === null ? words.pager.timeNeeded : "";
    if (at !== null) void turn(at);
  };
  const undisturbed = undisturbedUntil(duty, now);
  const state = on ? words.pager.until({ time: formats.soon(until, now) }) : stateOff(duty);
  return (
    <section class="stack on-call" aria-labelledby="on-call">
      <button type="button" class="switch big" role="switch" aria-checked={on} aria-describedby="on-call-state" onClick={() => void press()}>
        <span><b id="on-call">{words.pager.onCall}</b> <span id="on-call-state" class="state-text">{state}</span></span>
        <span class="track" aria-hidden="true" />
      </button>
      {undisturbed !== null && <p class="banner notice">{words.pager.notDisturbed({ time: formats.soon(undisturbed, now) })}</p>}
      <div class="stack">
        <p class="small soft" id="how-long">{words.pager.howLong}</p>
        <form class="choices spans" aria-labelledby="how-long" onSubmit={untilTime} noValidate>
          {CHOICES.map((hours) => (
            <Button key={hours} class="toggle" onClick={() => void turn(app.now.peek() + hours * HOUR)}>{words.pager.hours({ n: hours })}</Button>
          ))}
          <div class="until">
            <Field label={words.pager.untilTime} wrong={wrong.value || undefined}>
              {(its) => <input {...its} type="time" class="input" value={time.value} onInput={(event) => { time.value = event.currentTarget.value; }} />}
            </Field>
            <Button type="submit">{words.pager.setTime}</Button>
          </div>
        </form>
      </div>
      <Rings app={app} />
    </section>
  );
}

/** Without the switch: on call by the hours, or who may be paged all the same. */
function stateOff(duty: Duty): string {
  if (duty.now.on_call) return words.pager.byHours;
  if (duty.awake_too) return words.pager.offAwake;
  return duty.hours.length > 0 ? words.pager.offCall : words.pager.offNone;
}

/** Whether this device rings; one that does not is of no use at night, so it is said. */
function Rings({ app }: { app: App }) {
  const alerts = app.alerts;
  const rings = alerts.ways.value.has("sound") || alerts.ways.value.has("notifications");
  const blocked = alerts.permission === "denied" && alerts.ways.value.has("sound");
  return (
    <div class="rings">
      <p class="small soft">{blocked ? words.alerts.blocked : rings ? words.pager.rings : words.pager.silent}</p>
      {rings ? <Button kind="quiet" onClick={() => alerts.rehearse()}>{words.pager.tryIt}</Button> : <Button kind="quiet" onClick={() => void alerts.engage(true)}>{words.pager.ringHere}</Button>}
    </div>
  );
}
