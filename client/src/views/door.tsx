import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Button, Field, Icon, Problem, Skeleton } from "../design/parts";
import type { App } from "../domain/app";
import type { DemoMember } from "../protocol/api";
import { formats, words } from "../words";
import { said } from "../words/said";

/** Signing in: as one of the demo's members, or with a token from the operator. */
export function Door({ app }: { app: App }) {
  return (
    <main class="door">
      <div class="inner">
        <div class="stack">
          <span class="brand"><Icon name="mark" size={28} />{words.product}</span>
          <p class="soft">{words.tagline}</p>
        </div>
        {app.about.value?.demo ? <DemoMembers app={app} /> : <TokenForm app={app} />}
      </div>
    </main>
  );
}

function DemoMembers({ app }: { app: App }) {
  const members = useSignal<DemoMember[] | null>(null);
  const problem = useSignal("");
  const busy = useSignal(false);
  const load = () => {
    problem.value = "";
    app.api.demoMembers().then(
      (found) => { members.value = found.members; },
      () => { problem.value = words.signIn.noDemo; },
    );
  };
  useEffect(load, []);
  const enter = (handle: string) => {
    busy.value = true;
    app.signIn(app.api.demoSignIn(handle)).catch((error: unknown) => {
      busy.value = false;
      problem.value = said(error);
    });
  };
  if (problem.value) return <Problem message={problem.value} onAgain={load} />;
  if (members.value === null) return <Skeleton />;
  return (
    <section class="stack" aria-labelledby="who">
      <h1 id="who">{words.signIn.title}</h1>
      <p class="soft">{words.signIn.hint}</p>
      <ul class="panel">
        {members.value.map((member) => (
          <li key={member.handle}>
            <button type="button" class="who" disabled={busy.value} onClick={() => enter(member.handle)}>
              <span>
                <b>{member.handle}</b>
                <span class="small soft">{member.specialties.map((one) => app.specialty(one)).join(", ")}</span>
              </span>
              <span class="small soft">{formats.region(member.country)}{member.role !== "member" && ` · ${words.mePage.roles[member.role]}`}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TokenForm({ app }: { app: App }) {
  const token = useSignal("");
  const problem = useSignal("");
  const enter = () => {
    problem.value = "";
    app.signIn(app.api.signIn(token.value.trim())).catch((error: unknown) => {
      problem.value = said(error);
    });
  };
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); enter(); }}>
      <h1>{words.signIn.tokenTitle}</h1>
      <Field label={words.signIn.token} hint={words.signIn.tokenHint} wrong={problem.value}>
        {(its) => <input {...its} class="input" type="password" autocomplete="off" value={token.value} onInput={(event) => { token.value = event.currentTarget.value; }} />}
      </Field>
      <div class="choices"><Button type="submit" kind="primary" disabled={!token.value.trim()}>{words.signIn.go}</Button></div>
    </form>
  );
}
