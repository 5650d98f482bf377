import { render } from "preact";

render(<p>Lounge</p>, document.getElementById("app")!);
