/** The fills of one order, as the account's activities tell them. */
import type { EpochMs } from "../core/clock.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type { Broker, FillActivity, Reading } from "./broker.ts";

/** `since` is of the broker's clock; `now` is ours, by which activities are asked for. */
export function fillsSince(
  broker: Pick<Broker, "brokerTime" | "fillActivities">,
  brokerOrderId: BrokerOrderId,
  since: EpochMs,
  now: EpochMs,
): Promise<Reading<readonly FillActivity[]>> {
  const aheadMs = (broker.brokerTime() ?? now) - now;
  return broker.fillActivities({ orderIds: [brokerOrderId], after: since - aheadMs });
}
