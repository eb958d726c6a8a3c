/** Claims and their settlement at the ledger itself, without a gateway and without a broker. */

import type { Claim } from "../src/claim/claim.ts";
import type { ClaimRequest } from "../src/claim/decide-claim.ts";
import type { RecordCommand } from "../src/claim/decide-record.ts";
import type { BrokerOrder } from "../src/claim/evidence.ts";
import { DEFAULT_CLAIM_POLICY } from "../src/claim/policy.ts";
import { systemClock } from "../src/core/clock.ts";
import { decimal, ZERO } from "../src/core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, OwnerId } from "../src/core/ids.ts";
import { parseIntent } from "../src/identity/intent-schema.ts";
import type { Ledger } from "../src/ledger/ledger.ts";
import { intentAt } from "./bench-orders.ts";

const ACCOUNT = "account-1" as AccountId;
const AGENT = "bench" as AgentId;
const OWNER = "owner-1" as OwnerId;
const PRICE = decimal("75.33");

/** What the gateway asks the ledger for, once it has parsed its caller's intents. */
export function claimRequests(name: string, count: number): readonly ClaimRequest[] {
  const now = systemClock.now();
  const asked = { owner: OWNER, now, brokerTime: null, policy: DEFAULT_CLAIM_POLICY };
  return Array.from({ length: count }, (_, index) => ({
    intent: parseIntent(intentAt(name, index), ACCOUNT, AGENT),
    ...asked,
  }));
}

export async function claimOne(ledger: Ledger, request: ClaimRequest | undefined): Promise<Claim> {
  if (request === undefined) throw new Error("there is nothing to claim");
  const decision = await ledger.claim(request);
  if (decision.kind !== "proceed") throw new Error(`a claim was answered with ${decision.kind}`);
  return decision.claim;
}

/** The broker's answer that settles a claim at once: all of it was filled. */
function filledAnswer(claim: Claim): RecordCommand {
  const { intent } = claim;
  const now = systemClock.now();
  const order: BrokerOrder = {
    brokerOrderId: `order-of-${claim.clientOrderId}` as BrokerOrderId,
    clientOrderId: claim.clientOrderId,
    filledAveragePrice: PRICE,
    filledQuantity: intent.quantity ?? ZERO,
    limitPrice: intent.limitPrice,
    notional: intent.notional,
    quantity: intent.quantity,
    replacedBy: null,
    replaces: null,
    side: intent.side,
    status: "filled",
    stopPrice: intent.stopPrice,
    submittedAt: now,
    symbol: intent.symbol,
    timeInForce: intent.timeInForce,
    type: intent.type,
  };
  const outcome = { kind: "accepted", order } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now, callerWaits: true };
}

/** A claim and its settlement, each as the gateway asks for it. */
export async function claimAndSettle(
  ledger: Ledger,
  request: ClaimRequest | undefined,
): Promise<void> {
  await settleOne(ledger, await claimOne(ledger, request));
}

export async function settleOne(ledger: Ledger, claim: Claim | undefined): Promise<void> {
  if (claim === undefined) throw new Error("there is no claim to settle");
  const result = await ledger.record(claim.key, filledAnswer(claim));
  if (result.claim.status !== "SETTLED") throw new Error(`a claim is ${result.claim.status}`);
}
