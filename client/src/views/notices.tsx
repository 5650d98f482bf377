import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { Empty } from "../design/parts";
import type { App } from "../domain/app";
import type { Notice } from "../domain/notices";
import { formats, words } from "../words";
import { target } from "./places";
import { Link } from "./router";

/** What happened that concerns the member: calls, invitations, questions, news of what they follow. */
export function NoticesView({ app }: { app: App }) {
  // What was unread when the page was opened stays marked while it is looked at.
  const before = useSignal(app.notices.seen.peek());
  const notices = app.notices.all.value;
  const newest = notices[0]?.seq ?? 0;
  useEffect(() => {
    if (app.rooms.value === null) app.loadRooms().catch(() => undefined);
  }, []);
  useEffect(() => app.noticed(newest), [newest]);
  return (
    <div class="page notices">
      <h1>{words.notices.title}</h1>
      {notices.length === 0 && <Empty title={words.notices.emptyTitle}>{words.notices.empty}</Empty>}
      <ul class={notices.length > 0 ? "panel" : "hidden"}>
        {notices.map((notice) => (
          <li key={notice.seq}>
            <Link class={notice.seq > before.value ? "row new" : "row"} to={target(notice)}>
              <span class="title">{text(app, notice)}</span>
              <span class="facts">
                {notice.seq > before.value && <span class="badge today">{words.notices.fresh}</span>}
                <span class="nowrap">{formats.ago(app.now.value - notice.at)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function text(app: App, notice: Notice): string {
  const title = (id: string | null | undefined) =>
    app.cases.lines.value.find((line) => line.id === id)?.title ?? app.rooms.value?.find((one) => one.case !== null && one.case === id)?.title;
  const room = (stream: string) => app.rooms.value?.find((one) => one.stream === stream)?.title;
  switch (notice.kind) {
    case "mentioned":
      return words.notices.mentioned({ where: title(notice.case) ?? room(notice.stream) ?? words.notices.aRoom });
    case "invited":
      return words.notices.invited({ where: room(notice.stream) ?? words.notices.aRoom });
    case "followup.asked":
      return words.notices.followUp({ title: title(notice.case) ?? words.notices.aCase, days: notice.days });
    case "case.changed":
      return words.notices.moved({ title: title(notice.case) ?? words.notices.aCase });
    case "pager.alarm":
      return words.notices.alarm[notice.reason]({ title: title(notice.case) ?? words.notices.aCase });
  }
}
