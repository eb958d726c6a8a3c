/** When a claim and orders that no id ties look like one another. Never more than a guess. */
import type { EpochMs } from "../core/clock.ts";
import type { OrderGroup } from "./order-group.ts";
import type { RecordedClaim, RecordedTerms } from "./recorded.ts";
import { areTermsStated, symbolOf } from "./terms.ts";

/** How long after its claim an order may come. */
const LATER_MAX_MS = 60_000;
/** An order is never before its claim, but clocks differ. */
const CLOCKS_DIFFER_MS = 10_000;

/** The same text for the same terms; null where they are not stated, which is like nothing. */
export function terms(record: RecordedTerms | undefined): string | null {
  if (record === undefined || !areTermsStated(record) || record.at === null) return null;
  const { side, quantity, notional } = record;
  return JSON.stringify([symbolOf(record), side, quantity, notional]);
}

export function closeInTime(claim: RecordedClaim, { orders }: OrderGroup): boolean {
  const at = orders[0]?.at ?? null;
  if (at === null || claim.at === null) return false;
  return at >= claim.at - CLOCKS_DIFFER_MS && at <= claim.at + LATER_MAX_MS;
}

/** Whether two orders are so close that the second may be the first once more. */
export function mayBeOneTwice(a: EpochMs | null, b: EpochMs | null): boolean {
  return a !== null && b !== null && Math.abs(a - b) <= LATER_MAX_MS;
}
