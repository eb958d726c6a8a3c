/**
 * What a trace says of the ledger's operations: how a claim was decided, what a refused close
 * meant, and when a claim was settled, by whichever record that came about.
 */
import type { Attributes } from "@opentelemetry/api";
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { ClaimRequest } from "../claim/decide-claim.ts";
import type { ClaimKey } from "../core/ids.ts";
import { attributesOf, linksOf, rememberClaimSpan } from "../telemetry/claim-spans.ts";
import { noteDone, startOfWork, traced } from "../telemetry/traced.ts";
import type { Judgement, RecordResult } from "./ledger.ts";

/** The span of a claim that proceeds is the one that all that follows is linked to. */
export function tracedClaim(
  { intent }: ClaimRequest,
  claim: () => Promise<ClaimDecision>,
): Promise<ClaimDecision> {
  const { account, agent, symbol, side } = intent;
  const attributes: Attributes = {
    "tradelatch.account": account,
    "tradelatch.agent": agent,
    "tradelatch.symbol": symbol,
  };
  if (side !== null) attributes["tradelatch.side"] = side;
  return traced({ operation: "claim", attributes, describe: describeDecision }, async (span) => {
    const decision = await claim();
    if (decision.kind === "proceed") rememberClaimSpan(decision.claim.key, span);
    return decision;
  });
}

function describeDecision(decision: ClaimDecision) {
  const key = decision.claim?.key;
  const code = decision.kind === "blocked" ? { "tradelatch.block": decision.block.code } : {};
  return {
    result: decision.kind,
    attributes: { ...(key === undefined ? {} : attributesOf(key)), ...code },
  };
}

export async function tracedVerdict(
  key: ClaimKey,
  judge: () => Promise<Judgement>,
): Promise<Judgement> {
  const startedAt = startOfWork();
  const judgement = await traced(
    {
      ...{ operation: "verdict", attributes: attributesOf(key), links: linksOf(key) },
      describe: ({ verdict }) => ({ result: verdict?.kind ?? "undecided" }),
    },
    judge,
  );
  if (judgement.verdict !== null) noteSettled(startedAt, judgement.claim);
  return judgement;
}

/** Most records change nothing or little, and are no span: that a claim was settled by one is. */
export async function tracedRecord(record: () => Promise<RecordResult>): Promise<RecordResult> {
  const startedAt = startOfWork();
  const result = await record();
  if (result.kind === "recorded" && result.changed) noteSettled(startedAt, result.claim);
  return result;
}

function noteSettled(startedAt: number, { key, status, outcome }: Claim): void {
  if (status !== "SETTLED") return;
  const described = { result: outcome ?? "unknown", attributes: attributesOf(key) };
  noteDone("settle", startedAt, described, linksOf(key));
}
