/**
 * The identity of one logical action: the same on every try, whoever makes it.
 *
 * What a retry may change is never in the preimage: decision ids, reasons, prices, the time of the
 * call, counters. With an anchored open the amount is left out too, so that two instances that
 * disagree on size share one identity and the second is refused by its fingerprint.
 */
import type { DecimalText } from "../core/decimal.ts";
import type {
  AccountId,
  AgentId,
  BrokerOrderId,
  ClaimKey,
  ClientOrderId,
  RequestId,
} from "../core/ids.ts";
import { canonicalHash } from "./canonical-json.ts";
import type { Anchor, Intent } from "./intent.ts";

/** The anchor of an intent that has none: a number given once it is known to be a new action. */
export interface ArrivalAnchor {
  readonly arrival: number;
}

/** The caller's own name for the action, or undefined where it gives none. */
export function explicitRequestId(
  intent: Pick<Intent, "requestId" | "clientOrderId">,
): RequestId | undefined {
  return intent.requestId ?? (intent.clientOrderId as RequestId | null) ?? undefined;
}

/** `SHA-256(JCS(preimage))` in hex. */
export function deriveRequestId(intent: Intent, anchor: Anchor | ArrivalAnchor): RequestId {
  return canonicalHash(requestPreimage(intent, anchor)) as RequestId;
}

/** What {@link deriveRequestId} hashes; kept with the claim so that anyone can recompute the id. */
export function requestPreimage(
  intent: Intent,
  anchor: Anchor | ArrivalAnchor,
): Record<string, unknown> {
  return {
    v: 1,
    account: intent.account,
    agent: intent.agent,
    symbol: intent.symbol,
    side: intent.side,
    effect: intent.effect,
    ...("bar" in anchor ? {} : amountOf(intent)),
    anchor,
  };
}

function amountOf(intent: Intent): Record<string, DecimalText | string | null> {
  if (intent.portion !== null) return { portion: intent.portion };
  return intent.quantity === null ? { notional: intent.notional } : { quantity: intent.quantity };
}

/** One symbol's close, of a request for all of them that its caller gave the one name `key`. */
export function derivePartRequestId(key: string, symbol: string): RequestId {
  return canonicalHash({ key, symbol }) as RequestId;
}

/** The claim of a leg, by the order that it is a leg of and the broker's id of it. */
export function deriveLegRequestId(parent: ClaimKey, leg: BrokerOrderId): RequestId {
  const { account, agent, requestId } = parent;
  return canonicalHash({ account, agent, parent: requestId, leg }) as RequestId;
}

/**
 * The id under which the broker knows the order that replaces `brokerOrderId` with `terms`: the
 * same for the same request, so that it can be found again and is never made twice.
 */
export function deriveReplacementId(
  account: AccountId,
  agent: AgentId,
  brokerOrderId: BrokerOrderId,
  terms: Readonly<Record<string, unknown>>,
): ClientOrderId {
  const digest = canonicalHash({ account, agent, replaces: brokerOrderId, terms }).slice(0, 32);
  return `tl-${digest}-r` as ClientOrderId;
}

/**
 * The id under which the broker knows one attempt, 37 characters for the first nine attempts and
 * never over 48. Its uniqueness at the broker is the last fence against a second order.
 */
export function deriveClientOrderId(
  account: AccountId,
  agent: AgentId,
  requestId: RequestId,
  attempt: number,
): ClientOrderId {
  const digest = canonicalHash([account, agent, requestId]).slice(0, 32);
  return `tl-${digest}-${attempt}` as ClientOrderId;
}
