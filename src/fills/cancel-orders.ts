/**
 * Has the broker cancel every working order, and waits until those of ours have ended: what they
 * filled is in the book by then. Whether a cancel came in time only the orders themselves tell.
 */
import { isAccepted } from "../claim/claim.ts";
import { isLive } from "../claim/transitions.ts";
import type { FillPoller, FillPollerPorts } from "./fill-poller.ts";

export interface CancelPorts extends FillPollerPorts {
  readonly poller: FillPoller;
}

/** Between two looks at orders whose cancel was asked for. */
const CANCEL_PAUSE_MS = 250;

/** False where they have not ended `withinMs`, or the broker could not be asked. */
export async function cancelOrders(
  { broker, ledger, clock, account, poller }: CancelPorts,
  withinMs: number,
): Promise<boolean> {
  const giveUpAt = clock.now() + withinMs;
  const asked = await broker.cancelOrders();
  if (asked.kind === "unknown") return false;
  for (let looks = 0; ; looks += 1) {
    const unsettled = (await ledger.unsettledClaims(account)).filter(isAccepted);
    if (unsettled.length === 0) return true;
    // One that has ended may show legs that work; where it shows none, nothing is to be waited for.
    if (looks > 0 && unsettled.every(({ status }) => !isLive(status))) return true;
    if (clock.now() >= giveUpAt) return false;
    await poller.lookAt(unsettled);
    await clock.sleep(CANCEL_PAUSE_MS);
  }
}
