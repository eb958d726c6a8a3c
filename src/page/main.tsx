/** Begins the page. */
import { render } from "preact";
import { App } from "./app.tsx";
import { PageStore } from "./page-state.ts";
import { SidecarClient } from "./sidecar-client.ts";

const root = document.getElementById("app");
if (root !== null) {
  root.replaceChildren();
  render(<App client={new SidecarClient()} store={new PageStore()} />, root);
}
