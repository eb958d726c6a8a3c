/**
 * Whether an order that took a partly filled one's place counts what that one has filled as its
 * own. Alpaca's documents do not say, and both have been seen; the account's activities tell, for
 * they list what each order has executed by itself. They may list it late: what they lack of an
 * order that has only just moved is no proof that another one filled it. What a combo fills its
 * legs count.
 */
import type { BrokerOrder } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, compare, isZero, subtract, ZERO } from "../core/decimal.ts";
import { isCombo } from "../identity/combo.ts";
import type { Intent } from "../identity/intent.ts";
import { type Broker, LIST_MARGIN_MS } from "./broker.ts";
import { fillsSince } from "./fills-since.ts";

type ChainPorts = Pick<Broker, "brokerTime" | "fillActivities" | "orderWire">;

/** So long the account's lists have been seen to lag behind its orders. */
const LAG_MS = 10_000;
/** In which an order has filled nothing by itself. */
const UNFILLED: ReadonlySet<string> = new Set(["accepted", "held", "new", "pending_new"]);

/**
 * `intent`: of the claim that has the orders. Undefined while the activities cannot be read, or may
 * lack what the order has filled.
 */
export async function countsChain(
  broker: ChainPorts,
  intent: Intent,
  before: BrokerOrder,
  successor: BrokerOrder,
  now: EpochMs,
): Promise<boolean | undefined> {
  const { filledQuantity, brokerOrderId, status } = successor;
  const isPossible = compare(filledQuantity, before.filledQuantity) >= 0;
  if (isCombo(intent) || isZero(before.filledQuantity) || !isPossible) return false;
  const theirs = broker.brokerTime() ?? now;
  const since = (successor.submittedAt ?? now) - LIST_MARGIN_MS;
  const reading = await fillsSince(broker, brokerOrderId, since, now);
  if (reading.kind === "unknown") return undefined;
  const own = reading.value.reduce((sum, { quantity }) => add(sum, quantity), ZERO);
  if (compare(own, filledQuantity) === 0) return false;
  if (compare(own, subtract(filledQuantity, before.filledQuantity)) !== 0) return undefined;
  if (isZero(own) && UNFILLED.has(status)) return true;
  // One that has filled in full has filled something by itself: its activities are still missing.
  if (isZero(own) && status === "filled") return undefined;
  const movedAt = await lastMove(broker, successor);
  return movedAt !== undefined && theirs - movedAt >= LAG_MS ? true : undefined;
}

/** When the order last changed, by the broker's clock. */
async function lastMove(
  broker: ChainPorts,
  { brokerOrderId }: BrokerOrder,
): Promise<EpochMs | undefined> {
  const reading = await broker.orderWire(brokerOrderId);
  if (reading.kind === "unknown") return undefined;
  const { updated_at: text } = JSON.parse(reading.value) as { readonly updated_at?: unknown };
  const at = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
}
