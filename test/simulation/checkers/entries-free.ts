/** I9: a suspect position never blocks an entry, and never lasts without an open incident. */
import type { MemoryRows } from "../memory-rows.ts";
import type { Outcome } from "../outcome.ts";
import type { Violation } from "./violation.ts";

/** Asked at every commit: refused exits that nobody would see. */
export function unseenExits(rows: MemoryRows): readonly string[] {
  const open = new Set(
    [...rows.incidentsById.values()]
      .filter(({ resolution }) => resolution === null)
      .map(({ subject }) => subject),
  );
  return [...rows.claims.values()]
    .filter(({ status, refusal }) => status === "IN_RECONCILIATION" && refusal !== null)
    .filter(({ key }) => !open.has(`claim ${key.agent}/${key.requestId}`))
    .map(({ intent }) => `the refused exit ${intent.decisionId} has no open incident`);
}

export function entriesFree({ facts }: Outcome): readonly Violation[] {
  return facts.told.flatMap(({ answer, action }) =>
    answer.status === "BLOCKED" && answer.code === "entry_blocked"
      ? [{ invariant: "I9", what: `the entry ${action.name} was blocked` }]
      : [],
  );
}
