/** Intents, orders and refusals as the tests of claims, books and identity need them. */
import type { ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder, Refusal } from "../../src/claim/evidence.ts";
import { type ClaimPolicy, DEFAULT_CLAIM_POLICY } from "../../src/claim/policy.ts";
import { decimal } from "../../src/core/decimal.ts";
import type {
  AccountId,
  AgentId,
  BrokerOrderId,
  ClientOrderId,
  OwnerId,
  RequestId,
} from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";

export const ACCOUNT = "account-1" as AccountId;
export const AGENT = "momentum" as AgentId;
export const OTHER_AGENT = "reversal" as AgentId;
export const OWNER = "process-1" as OwnerId;
export const POLICY: ClaimPolicy = DEFAULT_CLAIM_POLICY;
export const SECOND = 1_000;

/** A moment of the session, in milliseconds since its start. */
export const START = Date.UTC(2026, 4, 21, 13, 42);

export function intent(changes: Partial<Intent> = {}): Intent {
  return {
    account: ACCOUNT,
    agent: AGENT,
    symbol: "TQQQ",
    side: "buy",
    effect: "open",
    quantity: decimal("6"),
    notional: null,
    type: "market",
    timeInForce: "day",
    limitPrice: null,
    stopPrice: null,
    trailPrice: null,
    trailPercent: null,
    extendedHours: false,
    extension: null,
    portion: null,
    requestId: null,
    clientOrderId: null,
    anchor: null,
    decisionId: null,
    reason: null,
    ...changes,
  };
}

export function buy(quantity: string, changes: Partial<Intent> = {}): Intent {
  return intent({ quantity: decimal(quantity), ...changes });
}

export function sell(quantity: string, changes: Partial<Intent> = {}): Intent {
  return intent({ side: "sell", effect: "close", quantity: decimal(quantity), ...changes });
}

/** `changes` for an intent that carries the bot's own client_order_id. */
export function underBotId(id: string): Partial<Intent> {
  return { clientOrderId: id as ClientOrderId };
}

/** `changes` for an intent under the library's own request id. */
export function underRequestId(id: string): Partial<Intent> {
  return { requestId: id as RequestId };
}

export interface OrderChanges extends Partial<Omit<BrokerOrder, "filledQuantity">> {
  readonly filled?: string;
  readonly price?: string | null;
}

/** The order that the broker has for `claim`, working and without a fill unless `changes` say. */
export function orderOf(claim: Claim, changes: OrderChanges = {}): BrokerOrder {
  const { filled = "0", price = "75", ...rest } = changes;
  const quantity = decimal(filled);
  return {
    brokerOrderId: `order-of-${claim.clientOrderId}` as BrokerOrderId,
    clientOrderId: claim.clientOrderId,
    symbol: claim.intent.symbol,
    side: claim.intent.side,
    quantity: claim.intent.quantity,
    notional: claim.intent.notional,
    type: claim.intent.type,
    timeInForce: claim.intent.timeInForce,
    limitPrice: claim.intent.limitPrice,
    stopPrice: claim.intent.stopPrice,
    status: "new",
    filledQuantity: quantity,
    filledAveragePrice: filled === "0" || price === null ? null : decimal(price),
    submittedAt: claim.openedAt,
    replacedBy: null,
    replaces: null,
    ...rest,
  };
}

export function filledOrder(claim: Claim, price: string | null = "75"): BrokerOrder {
  return orderOf(claim, { status: "filled", filled: claim.intent.quantity ?? "6", price });
}

export function refusal(changes: Partial<Refusal> = {}): Refusal {
  return {
    reason: "position_not_found",
    httpStatus: 422,
    brokerCode: 42_210_000,
    message: "position not found",
    relatedOrders: [],
    existingOrderId: null,
    availableQuantity: null,
    ...changes,
  };
}

/** The claim of a decision that must be `proceed`. */
export function proceeded(decision: ClaimDecision): Claim {
  if (decision.kind !== "proceed") throw new Error(`expected proceed, got ${decision.kind}`);
  return decision.claim;
}

/** The block of a decision that must be `blocked`. */
export function blockOf(decision: ClaimDecision) {
  if (decision.kind !== "blocked") throw new Error(`expected blocked, got ${decision.kind}`);
  return decision.block;
}
