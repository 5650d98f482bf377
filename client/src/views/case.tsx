import { useEffect, useMemo } from "preact/hooks";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { Button, Dialog, Empty, Icon, Problem, say, Skeleton, Urgency } from "../design/parts";
import type { App } from "../domain/app";
import { AUTHOR, CasePage } from "../domain/casepage";
import type { RoomModel } from "../domain/room";
import type { Case } from "../protocol/messages";
import { formats, words } from "../words";
import { said } from "../words/said";
import { Clock } from "./cases";
import { OwnPage, SearchLine } from "./casepager";
import { Correcting, Resolving } from "./endings";
import { Facts } from "./facts";
import { InLanguage, isOver, State } from "./state";
import { go, query } from "./router";
import { RoomView } from "./room";

type Open = "more" | "resolve" | "correct" | null;

/** One case: its facts, how it ended, what may be done with it, and its room. */
export function CaseView({ app, id }: { app: App; id: string }) {
  const page = useMemo(() => new CasePage(id, app.api, app.world, app), [id]);
  const unfolded = useSignal<boolean | null>(null);
  useEffect(() => {
    unfolded.value = null;
    // Whoever comes from the list knows the room already: it is followed while the case is read, in one round trip.
    const line = app.cases.lines.peek().find((one) => one.id === id);
    if (line !== undefined) app.room(line.room);
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
  if (problem !== null) return <Problem message={said(problem)} onAgain={() => void page.load()} />;
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
  // The list tells of a first reply, but only of the cases that it shows.
  const answered = useComputed(() => room.messages.value.some((message) => message.by !== AUTHOR));
  useSignalEffect(() => {
    if (answered.value && page.held.peek()?.first_reply_at === null) void page.load();
  });
  const line = app.cases.lines.value.find((one) => one.id === found.id) ?? found;
  useEffect(() => app.notices.lookedAt(found.id, app.now.peek()), [app.notices.all.value, found.id]);
  // Who has never read here is shown the case, as a letter is read before its answers; who has, the discussion.
  const unread = !found.mine && room.reading.newAfter.value === 0 && !query.value.includes("m=");
  const ended = found.state === "resolved" && !query.value.includes("m=");
  const open = unfolded.value ?? (unread || ended || room.messages.value.length === 0);
  const write = () => {
    unfolded.value = false;
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".room .composer textarea")?.focus());
  };
  // Whoever comes to write is led to the field, once.
  const comes = query.value.includes("write=1");
  useEffect(() => {
    if (!comes) return;
    go(`/cases/${found.id}`, true);
    write();
  }, [comes]);
  const toDiscussion = words.room.hide({ n: line.replies });
  return (
    <RoomView app={app} room={room} title={found.title} language={found.language} home="/cases" placeholder={words.room.composer}
      call={!found.mine && <OwnPage app={app} id={found.id} onWrite={write} />}
      about={{
        title: words.case.about, shown: open, content: <Facts app={app} page={page} found={found} />, toDiscussion,
        onShow: (shown) => { unfolded.value = shown; },
      }}
      facts={
        <>
          <div class="facts">
            <Urgency urgency={found.urgency} over={isOver(found)} />
            <State line={found} />
            <span>{app.specialty(found.specialty)}</span>
            <span>{app.label(found.label)}</span>
            <InLanguage language={found.language} />
            <span class="nowrap">{formats.ago(app.now.value - found.opened_at)}</span>
            <Clock line={line} now={app.now.value} />
            {found.views > 0 && <span class="nowrap">{words.case.views({ n: found.views })}</span>}
          </div>
          <div class="case-bar">
            <Button class="toggle narrow" aria-expanded={open} aria-pressed={open} onClick={() => { unfolded.value = !open; }}>
              {open ? toDiscussion : words.room.show}
            </Button>
            <Actions page={page} found={found} />
          </div>
          {(found.mine || app.me.value?.role === "moderator") && <SearchLine app={app} id={found.id} told={found.mine} />}
        </>
      }
    />
  );
}

/** What may be done with the case now. */
function Actions({ page, found }: { page: CasePage; found: Case }) {
  const opened = useSignal<Open>(null);
  const close = () => { opened.value = null; };
  const try_ = (work: Promise<void>, done: string) => {
    work.then(() => say(done), (error: unknown) => say(said(error)));
  };
  const notify = found.notify;
  // Done at once, and taken back as easily: nobody is asked whether they are sure.
  const withdraw = () => {
    page.change({ action: "withdraw" }).then(
      () => say(words.case.withdrawn, { label: words.error.undo, act: () => try_(page.change({ action: "reopen" }), words.case.reopened) }),
      (error: unknown) => say(said(error)),
    );
  };
  const following = notify === "follow";
  const follow = () => try_(page.notify(following ? "normal" : "follow"), following ? words.case.unfollowed : words.case.followed);
  const muted = notify === "mute";
  const mute = () => try_(page.notify(muted ? "normal" : "mute"), muted ? words.case.unmuted : words.case.muted);
  const does = (work: () => void) => () => {
    close();
    work();
  };
  return (
    <>
      {!found.mine && <Button class="toggle" aria-pressed={following} onClick={follow}>{words.case.follow}</Button>}
      {found.may.includes("resolve") && <Button kind="primary" onClick={() => { opened.value = "resolve"; }}>{words.case.resolve}</Button>}
      {found.may.includes("reopen") && <Button onClick={() => try_(page.change({ action: "reopen" }), words.case.reopened)}>{words.case.reopen}</Button>}
      <Button kind="quiet" class="icon" aria-label={words.case.more} aria-haspopup="dialog" onClick={() => { opened.value = "more"; }}><Icon name="more" /></Button>
      {opened.value === "more" && (
        <Dialog title={words.case.more} onClose={close} sheet>
          <div class="menu">
            <Button kind="quiet" class="toggle" aria-pressed={muted} onClick={does(mute)}>{words.case.mute}</Button>
            {found.may.includes("correct") && <Button kind="quiet" onClick={() => { opened.value = "correct"; }}>{words.case.correct}</Button>}
            {found.may.includes("withdraw") && <Button kind="quiet" onClick={does(withdraw)}>{words.case.withdraw}</Button>}
          </div>
        </Dialog>
      )}
      {opened.value === "resolve" && <Resolving page={page} onClose={close} />}
      {opened.value === "correct" && <Correcting page={page} found={found} onClose={close} />}
    </>
  );
}
