/** Claims and their settlement at the ledger itself, without a gateway and without a broker. */

import type { Claim } from "../src/claim/claim.ts";
import type { ClaimRequest } from "../src/claim/decide-claim.ts";
import type { RecordCommand } from "../src/claim/decide-record.ts";
import type { BrokerOrder } from "../src/claim/evidence.ts";
import { DEFAULT_CLAIM_POLICY } from "../src/claim/policy.ts";
import { systemClock } from "../src/core/clock.ts";
import { decimal } from "../src/core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, OwnerId } from "../src/core/ids.ts";
import { parseIntent } from "../src/identity/intent-schema.ts";
import type { Ledger } from "../src/ledger/ledger.ts";
import { intentAt } from "./bench-orders.ts";

export const ACCOUNT = "account-1" as AccountId;
export const AGENT = "bench" as AgentId;
const OWNER = "owner-1" as OwnerId;

export function claimRequest(name: string, index: number): ClaimRequest {
  const intent = parseIntent(intentAt(name, index), ACCOUNT, AGENT);
  const now = systemClock.now();
  return { intent, owner: OWNER, now, brokerTime: null, policy: DEFAULT_CLAIM_POLICY };
}

export async function claimOne(ledger: Ledger, name: string, index: number): Promise<Claim> {
  const decision = await ledger.claim(claimRequest(name, index));
  if (decision.kind !== "proceed") throw new Error(`a claim was answered with ${decision.kind}`);
  return decision.claim;
}

/** The broker's answer that settles a claim at once: all of it was filled. */
export function filledAnswer(claim: Claim): RecordCommand {
  const { intent } = claim;
  const now = systemClock.now();
  const order: BrokerOrder = {
    brokerOrderId: `order-of-${claim.clientOrderId}` as BrokerOrderId,
    clientOrderId: claim.clientOrderId,
    symbol: intent.symbol,
    side: intent.side,
    quantity: intent.quantity,
    notional: intent.notional,
    type: intent.type,
    timeInForce: intent.timeInForce,
    limitPrice: intent.limitPrice,
    stopPrice: intent.stopPrice,
    status: "filled",
    filledQuantity: intent.quantity ?? decimal("1"),
    filledAveragePrice: decimal("75.33"),
    submittedAt: now,
    replacedBy: null,
    replaces: null,
  };
  const outcome = { kind: "accepted", order } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now, callerWaits: true };
}

/** A claim and its settlement, each as the gateway asks for it. */
export async function claimAndSettle(ledger: Ledger, name: string, index: number): Promise<void> {
  await settleOne(ledger, await claimOne(ledger, name, index));
}

export async function settleOne(ledger: Ledger, claim: Claim | undefined): Promise<void> {
  if (claim === undefined) throw new Error("there is no claim to settle");
  const result = await ledger.record(claim.key, filledAnswer(claim));
  if (result.claim.status !== "SETTLED") throw new Error(`a claim is ${result.claim.status}`);
}
