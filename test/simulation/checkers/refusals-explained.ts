/** I8: every refusal names its cause and links to the claim that brought it about. */
import type { BlockCode } from "../../../src/claim/answer.ts";
import type { ToldFact } from "../facts.ts";
import type { Outcome } from "../outcome.ts";
import type { Violation } from "./violation.ts";

/** Refusals that some claim always brings about. */
const HAVE_A_CLAIM: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "fingerprint_mismatch",
  "exit_duplicate_after_422",
  "insufficient_quantity",
  "refused_by_broker",
  "not_sent",
]);

export function refusalsExplained(outcome: Outcome): readonly Violation[] {
  return outcome.facts.told.flatMap((told) =>
    unexplained(outcome, told).map(
      (what): Violation => ({ invariant: "I8", what: `${told.action.name}: ${what}` }),
    ),
  );
}

function unexplained({ disk }: Outcome, { answer }: ToldFact): readonly string[] {
  if (answer.status !== "BLOCKED") return [];
  const { code, message, hint, cause } = answer;
  if (message === "" || hint === "") return [`${code} says nothing`];
  if (cause === null) return HAVE_A_CLAIM.has(code) ? [`${code} names no cause`] : [];
  return disk.rows.claim(cause) === undefined ? [`${code} names a claim that is not there`] : [];
}
