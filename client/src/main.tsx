import { render } from "preact";
import "./design/tokens.css";
import "./design/base.css";
import "./design/parts.css";
import "./design/layout.css";
import "./design/case.css";
import "./design/forms.css";
import "./design/pager.css";
import { App, type Outward } from "./domain/app";
import type { Notice } from "./domain/notices";
import { browserSignals } from "./protocol/signals";
import { browserWorld } from "./protocol/world";
import { installWorker } from "./protocol/worker";
import { applyLook } from "./views/look";
import { target } from "./views/places";
import { Root } from "./views/root";
import { go } from "./views/router";
import { preferred, speak, words } from "./words";

applyLook();

/** What is said where anybody may read it: what happened, and never in which case. */
function outwardText(notice: Notice): string {
  const kinds = words.alerts.kinds;
  switch (notice.kind) {
    case "mentioned":
      return kinds.mentioned;
    case "invited":
      return kinds.invited;
    case "followup.asked":
      return kinds.followup;
    case "case.changed":
      return kinds.moved;
    case "pager.alarm":
      return kinds.alarm;
  }
}

const outward: Outward = {
  text: outwardText,
  open: (notice) => go(target(notice)),
  pageText: (page, specialty) => words.alerts.page[page.urgency]({ specialty }),
  openPage: () => go("/pager"),
};
const app = new App(browserWorld(), browserSignals(words.product), outward);
// What is not English comes in a part of its own, fetched while the server is asked who is here.
const spoken = speak(preferred());
void app.start();
await spoken;
const page = document.getElementById("app")!;
// What stood there while this was on its way was a picture of it.
page.replaceChildren();
render(<Root app={app} />, page);
if (import.meta.env.PROD) void installWorker();
