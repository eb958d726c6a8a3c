/** Commands as the gateway would give them, with one bot on one account unless a test says more. */
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimRequest } from "../../src/claim/decide-claim.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import type { PositionRead } from "../../src/claim/decide-verdict.ts";
import type { BrokerOrder, Refusal } from "../../src/claim/evidence.ts";
import { type ClaimPolicy, DEFAULT_CLAIM_POLICY } from "../../src/claim/policy.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, OwnerId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { type IntentInput, parseIntent } from "../../src/identity/intent-schema.ts";
import type { Ledger, Note } from "../../src/ledger/ledger.ts";

export const ACCOUNT = "account-1" as AccountId;
export const BOT = "bot" as AgentId;
export const OWNER = "owner-1" as OwnerId;
export const POLICY: ClaimPolicy = DEFAULT_CLAIM_POLICY;

/** 21 May 2026, 09:40 in New York. */
export const START: EpochMs = Date.UTC(2026, 4, 21, 13, 40);

/** A buy of 6 TQQQ to open, changed by `fields`, by a try that has read the orders at work. */
export function claimCommand(
  fields: Partial<IntentInput> = {},
  { now = START, agent = BOT, account = ACCOUNT, policy = POLICY, owner = OWNER } = {},
): ClaimRequest & { readonly intent: Intent } {
  const input = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6", ...fields };
  const intent = parseIntent(input, account, agent) as Intent;
  return { intent, owner, now, brokerTime: null, policy, unread: [] };
}

/** The broker's order for `claim`, working and without a fill unless `fields` say otherwise. */
export function brokerOrder(claim: Claim, fields: Partial<BrokerOrder> = {}): BrokerOrder {
  const { intent } = claim;
  return {
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
    status: "new",
    filledQuantity: decimal("0"),
    filledAveragePrice: null,
    submittedAt: claim.openedAt,
    replacedBy: null,
    replaces: null,
    ...fields,
  };
}

/** The order after `quantity` of its shares were filled at `price` each. */
export function filledOrder(claim: Claim, quantity: string, price = "50"): BrokerOrder {
  const whole = claim.intent.quantity === decimal(quantity);
  return brokerOrder(claim, {
    status: whole ? "filled" : "partially_filled",
    filledQuantity: decimal(quantity),
    filledAveragePrice: decimal(price),
  });
}

export const INSUFFICIENT_QUANTITY: Refusal = {
  reason: "insufficient_quantity",
  httpStatus: 422,
  brokerCode: 40310000,
  message: "insufficient qty available for order",
  relatedOrders: [],
  existingOrderId: null,
  availableQuantity: decimal("0"),
};

export function accepted(claim: Claim, now: EpochMs = START): RecordCommand {
  const outcome = { kind: "accepted", order: brokerOrder(claim) } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now, callerWaits: true };
}

export function refused(claim: Claim, now: EpochMs = START): RecordCommand {
  const outcome = { kind: "refused", refusal: INSUFFICIENT_QUANTITY } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now, callerWaits: true };
}

export function ambiguous(claim: Claim, now: EpochMs = START): RecordCommand {
  const outcome = { kind: "ambiguous", reason: "socket hang up" } as const;
  return { type: "answer", fencing: claim.fencing, outcome, now, callerWaits: true };
}

export function orderRead(order: BrokerOrder, now: EpochMs = START): RecordCommand {
  return { type: "order", order, source: "poll", now };
}

export function notSent(claim: Claim, now: EpochMs = START): RecordCommand {
  return { type: "not_sent", fencing: claim.fencing, reason: "connection refused", now };
}

/** What may become of a claim's order, for tests that draw it. */
export const ORDER_COMMANDS: readonly ((claim: Claim) => RecordCommand)[] = [
  accepted,
  refused,
  ambiguous,
  notSent,
  (claim) => orderRead(brokerOrder(claim)),
  (claim) => orderRead(filledOrder(claim, "1")),
  (claim) => orderRead(filledOrder(claim, claim.intent.quantity ?? "1")),
  (claim) => orderRead(brokerOrder(claim, { status: "canceled" })),
];

/** The reads that prove an order absent, the first of them at `from`. */
export function absenceReads(from: EpochMs): readonly RecordCommand[] {
  const single = [0, 8_000, 16_000].map((later) => from + later);
  const reads = single.map((at) => ({ scope: "single", readAt: at, now: at }) as const);
  const scan = { scope: "list", readAt: from + 17_000, now: from + 17_000 } as const;
  return [...reads, scan].map((read) => ({ type: "not_found", policy: POLICY, ...read }));
}

/** That a repeat of `claim` was told to wait. */
export function pendingNote(claim: Claim): Note {
  const body = {
    type: "repeat_answered",
    answer: "PENDING",
    code: null,
    decisionId: null,
  } as const;
  return { subject: "claim", key: claim.key, symbol: claim.intent.symbol, body };
}

/** What the broker holds of a symbol, by two reads that agree and lie far enough apart. */
export function agreedReads(quantity: string): readonly PositionRead[] {
  const [held, averagePrice] = [decimal(quantity), decimal("70")];
  const read = { quantity: held, available: held, averagePrice };
  return [0, 10_000].map((time) => ({ ...read, at: START + time }));
}

/** Such reads with what the book holds then, and what the ledger knows. */
export async function comparedReads(
  ledger: Pick<Ledger, "lastSequence">,
  quantity: string,
  bookNet: string,
) {
  const seenThrough = await ledger.lastSequence();
  const reads = agreedReads(quantity);
  return { reads, bookNet: decimal(bookNet), seenThrough, movedAt: null };
}
