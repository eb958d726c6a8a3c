/**
 * Has the broker cancel every working order, and waits until those of ours have ended: what they
 * filled is in the book by then. Whether a cancel came in time only the orders themselves tell.
 */
import { type Claim, isAccepted } from "../claim/claim.ts";
import { isLive } from "../claim/transitions.ts";
import { inTime } from "../core/in-time.ts";
import type { FillPoller, FillPollerPorts } from "./fill-poller.ts";

export interface CancelPorts extends FillPollerPorts {
  readonly poller: FillPoller;
}

/** Between two looks at orders whose cancel was asked for. */
const CANCEL_PAUSE_MS = 250;

/**
 * Those of ours that have not ended `withinMs`; undefined where it is not known that the broker was
 * asked: what comes to it late would cancel orders that are placed meanwhile.
 */
export async function cancelOrders(
  { broker, ledger, clock, account, poller }: CancelPorts,
  withinMs: number,
): Promise<readonly Claim[] | undefined> {
  const giveUpAt = clock.now() + withinMs;
  const asked = await broker.cancelOrders();
  if (asked.kind === "unknown") return undefined;
  for (let looks = 0; ; looks += 1) {
    const unsettled = (await ledger.unsettledClaims(account)).filter(isAccepted);
    const live = unsettled.filter(({ status }) => isLive(status));
    if (unsettled.length === 0 || clock.now() >= giveUpAt) return live;
    // One that has ended may show legs that work; where it shows none, nothing is to be waited for.
    if (looks > 0 && live.length === 0) return [];
    // A read that hangs says nothing of any of them, and keeps nobody waiting for the others.
    await inTime(clock, giveUpAt, poller.lookAt(unsettled));
    await clock.sleep(CANCEL_PAUSE_MS);
  }
}
