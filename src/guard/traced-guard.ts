/** What a trace says of the guard's operations: what was asked, of which claim, and the answer. */
import type { GuardCommand } from "../claim/decide-guard.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { GuardResult } from "../ledger/ledger.ts";
import { attributesOf, linksOf, rememberClaimSpan } from "../telemetry/claim-spans.ts";
import { type Operation, traced } from "../telemetry/traced.ts";

const OPERATIONS: Readonly<Record<GuardCommand["type"], Operation>> = {
  claim: "claim",
  settle: "settle",
  release: "release",
  doubt: "doubt",
  lapse: "doubt",
  weigh: "verdict",
};

/** The span of a claim that proceeds is the one that all that follows is linked to. */
export function tracedGuard(
  key: ClaimKey,
  command: GuardCommand,
  work: () => Promise<GuardResult>,
): Promise<GuardResult> {
  const operation = OPERATIONS[command.type];
  const action = command.type === "claim" ? { "tradelatch.action": command.action } : {};
  const attributes = { ...attributesOf(key), ...action };
  return traced({ operation, attributes, links: linksOf(key), describe }, async (span) => {
    const result = await work();
    if (result.answer.kind === "proceed") rememberClaimSpan(key, span);
    return result;
  });
}

function describe({ answer, claim, incident }: GuardResult) {
  const { kind } = answer;
  const outcome = kind === "settled" ? (claim?.outcome ?? kind) : kind;
  const attributes = incident === null ? {} : { "tradelatch.incident": incident };
  return { result: outcome, attributes };
}
