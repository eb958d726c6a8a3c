/**
 * Whether an order that took a partly filled one's place counts what that one has filled as its
 * own. Alpaca's documents do not say, and both have been seen; the account's activities tell, for
 * they list what each order has executed by itself.
 */
import type { BrokerOrder } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, compare, isZero, subtract, ZERO } from "../core/decimal.ts";
import { type Broker, LIST_MARGIN_MS } from "./broker.ts";

type ChainPorts = Pick<Broker, "brokerTime" | "fillActivities">;

/** Undefined while the activities cannot be read, or lack what the order has filled. */
export async function countsChain(
  broker: ChainPorts,
  before: BrokerOrder,
  successor: BrokerOrder,
  now: EpochMs,
): Promise<boolean | undefined> {
  const { filledQuantity, brokerOrderId, status } = successor;
  const isPossible = compare(filledQuantity, before.filledQuantity) >= 0;
  if (isZero(before.filledQuantity) || !isPossible) return false;
  const aheadMs = (broker.brokerTime() ?? now) - now;
  const after = (successor.submittedAt ?? now) - aheadMs - LIST_MARGIN_MS;
  const reading = await broker.fillActivities({ orderIds: [brokerOrderId], after });
  if (reading.kind === "unknown") return undefined;
  const own = reading.value.reduce((sum, { quantity }) => add(sum, quantity), ZERO);
  if (compare(own, filledQuantity) === 0) return false;
  // One that has filled in full has filled something by itself: its activities are still missing.
  if (isZero(own) && status === "filled") return undefined;
  return compare(own, subtract(filledQuantity, before.filledQuantity)) === 0 ? true : undefined;
}
