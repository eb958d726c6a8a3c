import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CLAIM_STATUSES, TRANSITIONS } from "../src/claim/transitions.ts";

/** The transition table as a Mermaid diagram; one arrow a pair of states, its events below. */
function stateDiagram(): string {
  const lines = ["```mermaid", "stateDiagram-v2"];
  for (const from of ["NONE", ...CLAIM_STATUSES] as const) {
    const targets = new Map<string, string[]>();
    for (const [event, to] of Object.entries(TRANSITIONS[from])) {
      if (to !== from) targets.set(to, [...(targets.get(to) ?? []), event]);
    }
    const start = from === "NONE" ? "[*]" : from;
    for (const [to, events] of targets) lines.push(`    ${start} --> ${to}: ${events.join(", ")}`);
  }
  return [...lines, "```"].join("\n");
}

test("the diagram of a claim's life in the architecture is made from the transition table", () => {
  const document = readFileSync("docs/ARCHITECTURE.md", "utf8");
  const between = document.split("<!-- transitions -->")[1]?.split("<!-- /transitions -->")[0];
  expect(between?.trim()).toBe(stateDiagram());
});
