import { useEffect, useMemo } from "preact/hooks";
import { useSignal, useSignalEffect } from "@preact/signals";
import { Button, Empty, Problem, say, Skeleton, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import { CasePage } from "../domain/casepage";
import type { RoomModel } from "../domain/room";
import { ageText } from "../domain/waiting";
import { Refused } from "../protocol/socket";
import type { Case } from "../protocol/messages";
import { words } from "../words";
import { Clock } from "./cases";
import { Correcting, FollowingUp, Resolving, Withdrawing } from "./endings";
import { go } from "./router";
import { RoomView } from "./room";

type Open = "resolve" | "correct" | "withdraw" | null;

/** One case: its facts, how it ended, what may be done with it, and its room. */
export function CaseView({ app, id }: { app: App; id: string }) {
  const page = useMemo(() => new CasePage(id, app.api, app.world, app), [id]);
  const unfolded = useSignal<boolean | null>(null);
  useEffect(() => {
    unfolded.value = null;
    void page.load().then(() => page.viewed());
  }, [page]);

  const found = page.held.value;
  const problem = page.problem.value;
  if (problem?.code === "not_found") return (
    <Empty title={words.room.missingTitle} whole>
      <p>{words.room.missing}</p>
      <div><Button onClick={() => go("/cases", true)}>{words.room.toCases}</Button></div>
    </Empty>
  );
  if (problem !== null) return <Problem message={problem.message} onAgain={() => void page.load()} />;
  if (found === null) return <Skeleton />;
  return <Whole key={id} app={app} page={page} found={found} room={app.room(found.room)} unfolded={unfolded} />;
}

interface WholeProps {
  app: App;
  page: CasePage;
  found: Case;
  room: RoomModel;
  unfolded: { value: boolean | null };
}

function Whole({ app, page, found, room, unfolded }: WholeProps) {
  useSignalEffect(() => {
    if (room.caseChanges.value > 0) void page.load();
  });
  const line = app.cases.lines.value.find((one) => one.id === found.id) ?? found;
  const open = unfolded.value ?? room.messages.value.length === 0;
  return (
    <RoomView app={app} room={room} title={found.title} home="/cases" placeholder={words.room.composer}
      facts={
        <>
          <div class="facts">
            <Urgency urgency={found.urgency} />
            <State line={found} />
            <span>{app.specialty(found.specialty)}</span>
            <span>{found.label}</span>
            <span class="nowrap">{words.ago(ageText(app.now.value - found.opened_at))}</span>
            <Clock line={line} now={app.now.value} />
            {found.views > 0 && <span class="nowrap">{words.case.views(found.views)}</span>}
          </div>
          <div class="case-bar">
            <Button kind="quiet" aria-expanded={open} onClick={() => { unfolded.value = !open; }}>
              {open ? words.room.hide : words.room.show}
            </Button>
            <Actions page={page} found={found} />
          </div>
          <Ending found={found} />
          {open && (
            <div class="case-text">
              <p>{found.presentation}</p>
              <p class="question"><span class="hidden">{words.room.question}: </span>{found.question}</p>
            </div>
          )}
          {found.follow_up !== null && found.may.includes("follow-up") && <FollowingUp page={page} days={found.follow_up} />}
        </>
      }
    />
  );
}

/** How far a case has come, where that is more than "open". */
export function State({ line }: { line: Pick<Case, "state" | "outcome"> }) {
  if (line.state === "open" || line.state === "answered") return null;
  const outcome = line.outcome === null ? "" : `: ${words.case.briefly[line.outcome]}`;
  return <span class={`badge state-${line.state}`}>{words.case.states[line.state]}{outcome}</span>;
}

function Ending({ found }: { found: Case }) {
  if (found.state !== "resolved" || found.outcome === null) return null;
  return (
    <section class="ending" aria-label={words.case.ending}>
      <p><b>{words.case.outcomes[found.outcome]}</b>{found.diagnosis && `: ${found.diagnosis}`}</p>
      {found.learned && <p class="learned">{found.learned}</p>}
      {found.accepted !== null && (
        <Button kind="quiet" onClick={() => go(`/cases/${found.id}?m=${found.accepted}`)}>{words.case.acceptedAnswer}</Button>
      )}
    </section>
  );
}

function Actions({ page, found }: { page: CasePage; found: Case }) {
  const opened = useSignal<Open>(null);
  const close = () => { opened.value = null; };
  const try_ = (work: Promise<void>, done: string) => {
    work.then(() => say(done), (error: unknown) => say(error instanceof Refused ? error.message : words.error.title));
  };
  const notify = found.notify;
  return (
    <>
      {!found.mine && (
        <Button class="toggle" aria-pressed={notify === "follow"}
          onClick={() => try_(page.notify(notify === "follow" ? "normal" : "follow"), notify === "follow" ? words.case.unfollowed : words.case.followed)}>
          {words.case.follow}
        </Button>
      )}
      <Button kind="quiet" class="toggle" aria-pressed={notify === "mute"}
        onClick={() => try_(page.notify(notify === "mute" ? "normal" : "mute"), notify === "mute" ? words.case.unmuted : words.case.muted)}>
        {words.case.mute}
      </Button>
      {found.may.includes("resolve") && <Button kind="primary" onClick={() => { opened.value = "resolve"; }}>{words.case.resolve}</Button>}
      {found.may.includes("reopen") && <Button onClick={() => try_(page.change({ action: "reopen" }), words.case.reopened)}>{words.case.reopen}</Button>}
      {found.may.includes("correct") && <Button kind="quiet" onClick={() => { opened.value = "correct"; }}>{words.case.correct}</Button>}
      {found.may.includes("withdraw") && <Button kind="quiet" onClick={() => { opened.value = "withdraw"; }}>{words.case.withdraw}</Button>}
      {opened.value === "resolve" && <Resolving page={page} onClose={close} />}
      {opened.value === "correct" && <Correcting page={page} found={found} onClose={close} />}
      {opened.value === "withdraw" && <Withdrawing page={page} onClose={close} />}
    </>
  );
}
