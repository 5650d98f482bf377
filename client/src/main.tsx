import { render } from "preact";
import "./design/tokens.css";
import "./design/base.css";
import "./design/parts.css";
import "./design/layout.css";
import { App } from "./domain/app";
import { browserWorld } from "./protocol/world";
import { installWorker } from "./protocol/worker";
import { applyTheme } from "./views/me";
import { Root } from "./views/root";

applyTheme();
const app = new App(browserWorld());
render(<Root app={app} />, document.getElementById("app")!);
void app.start();
if (import.meta.env.PROD) void installWorker();
