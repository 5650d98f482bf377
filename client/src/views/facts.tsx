import { Button } from "../design/parts";
import type { App } from "../domain/app";
import type { CasePage } from "../domain/casepage";
import { flagOf, numberOf, OLDEST } from "../domain/summary";
import type { Case, Investigation, Patient } from "../protocol/messages";
import { formats, words } from "../words";
import { FollowingUp } from "./endings";
import { Markdown, withoutMarks } from "./markdown";
import { go } from "./router";

/** A case as a referral tells it, with how it ended on top, and what is asked of its author. */
export function Facts({ app, page, found }: { app: App; page: CasePage; found: Case }) {
  return (
    <div class="case-facts">
      <Ending app={app} page={page} found={found} />
      {found.follow_up !== null && found.may.includes("follow-up") && <FollowingUp page={page} days={found.follow_up} />}
      <Referral case={found} />
    </div>
  );
}

export type Told = Pick<Case, "presentation" | "question" | "summary" | "language">;

/** The question first, then the patient, the story, what was found: the parts that there are. */
export function Referral({ case: told }: { case: Told }) {
  const { patient, history, examination, investigations } = told.summary;
  const parts = [
    { name: words.case.presentation, text: told.presentation },
    { name: words.case.history, text: history },
    { name: words.case.examination, text: examination },
  ];
  return (
    <div class="referral">
      {told.question && (
        <section class="question">
          <h2>{words.case.question}</h2>
          <p lang={told.language} dir="auto">{told.question}</p>
        </section>
      )}
      {patient !== null && <section><h2>{words.case.patient}</h2><p>{patientText(patient)}</p></section>}
      {parts.map(({ name, text }) => text && <section key={name}><h2>{name}</h2><div class="body" lang={told.language} dir="auto"><Markdown text={text} /></div></section>)}
      {investigations.length > 0 && <Investigations results={investigations} language={told.language} />}
    </div>
  );
}

export function patientText({ age, unit, sex }: Patient): string {
  const old = unit === "years" && age >= OLDEST ? words.case.ageOver : formats.age(age, unit);
  return `${old}, ${words.case.sex[sex]}`;
}

function Investigations({ results, language }: { results: readonly Investigation[]; language: string }) {
  return (
    <section>
      <h2 id="investigations">{words.case.investigations}</h2>
      <table class="results" aria-labelledby="investigations">
        <thead>
          <tr><th scope="col">{words.case.investigation}</th><th scope="col">{words.case.result}</th><th scope="col">{words.case.reference}</th></tr>
        </thead>
        <tbody>{results.map((one, index) => <Result key={index} result={one} language={language} />)}</tbody>
      </table>
    </section>
  );
}

function Result({ result, language }: { result: Investigation; language: string }) {
  const flag = flagOf(result);
  const { low, high } = result;
  const range =
    low !== null && high !== null ? words.case.range({ low: formats.number(low), high: formats.number(high) })
      : high !== null ? words.case.below({ high: formats.number(high) })
        : low !== null ? words.case.above({ low: formats.number(low) }) : "";
  return (
    <tr class={flag === null ? undefined : "flagged"}>
      <th scope="row" lang={language} dir="auto">{result.name}</th>
      <td>
        <span class={numberOf(result.value) === null ? undefined : "figure"}>
          <span lang={language} dir="auto">{result.value}</span>{result.unit && <> <span class="unit">{result.unit}</span></>}
        </span>
        {flag !== null && <> <span class="flag"><span aria-hidden="true">{flag === "high" ? "↑" : "↓"}</span> {words.case[flag]}</span></>}
      </td>
      <td class="soft range">{range}</td>
    </tr>
  );
}

function Ending({ app, page, found }: { app: App; page: CasePage; found: Case }) {
  if (found.state !== "resolved" || found.outcome === null) return null;
  const accepted = page.accepted.value;
  return (
    <section class="ending" aria-label={words.case.ending}>
      <p><b>{words.case.outcomes[found.outcome]}</b>{found.diagnosis && `: ${found.diagnosis}`}</p>
      {found.learned && <p class="learned" lang={found.language} dir="auto">{found.learned}</p>}
      {found.accepted !== null && (
        <>
          {accepted !== null && (
            <blockquote class="accepted">
              <p class="small soft">{words.case.acceptedBy({ who: `${accepted.who} (${app.label(accepted.label)})` })}</p>
              <p lang={found.language} dir="auto">{withoutMarks(accepted.body).slice(0, 400)}</p>
            </blockquote>
          )}
          <Button kind="quiet" onClick={() => go(`/cases/${found.id}?m=${found.accepted}`)}>{words.case.acceptedAnswer}</Button>
        </>
      )}
    </section>
  );
}
