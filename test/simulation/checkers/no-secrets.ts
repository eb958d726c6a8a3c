/** I11: the broker's secret is in no log line, event, incident, receipt or answer. */
import { SECRET } from "../broker-side.ts";
import type { Outcome } from "../outcome.ts";
import type { Violation } from "./violation.ts";

export function noSecrets({ facts, disk }: Outcome): readonly Violation[] {
  const shown: readonly (readonly [string, unknown])[] = [
    ["the log", facts.log],
    ["the events", disk.rows.events],
    ["the claims", disk.claims()],
    ["the incidents", [...disk.rows.incidentsById.values()]],
    ["the answers", facts.told.map(({ answer }) => answer)],
  ];
  return shown
    .filter(([, content]) => JSON.stringify(content).includes(SECRET))
    .map(([where]) => ({ invariant: "I11", what: `the broker's secret is in ${where}` }));
}
