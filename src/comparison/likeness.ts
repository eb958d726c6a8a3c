/**
 * Finds orders that look like a claim or like another order, where no id ties them: the same terms,
 * at most a minute apart. Never more than a guess.
 */
import type { EpochMs } from "../core/clock.ts";
import { grouped } from "./grouped.ts";
import type { OrderGroup } from "./order-group.ts";
import type { RecordedTerms } from "./recorded.ts";
import { areTermsStated, symbolOf } from "./terms.ts";

/** How long after its claim an order may come, and how far apart the same order twice. */
const APART_MAX_MS = 60_000;
/** An order is never before its claim, but clocks differ. */
const CLOCKS_DIFFER_MS = 10_000;

export class LikeOrders {
  /** By terms, each sorted by time. */
  readonly #byTerms: ReadonlyMap<string | null, readonly OrderGroup[]>;

  constructor(groups: readonly OrderGroup[]) {
    const timed = groups.filter((group) => termsOf(group.orders[0]) !== null);
    const sorted = timed.sort((a, b) => timeOf(a) - timeOf(b));
    this.#byTerms = grouped(sorted, ({ orders }) => termsOf(orders[0]));
  }

  /** Those that may be the order of a claim with these terms. */
  ofClaim(claim: RecordedTerms): readonly OrderGroup[] {
    return this.#between(claim, CLOCKS_DIFFER_MS, APART_MAX_MS);
  }

  /** Those that may be the same order once more. */
  twinsOf(order: RecordedTerms): readonly OrderGroup[] {
    return this.#between(order, APART_MAX_MS, APART_MAX_MS);
  }

  #between(record: RecordedTerms, beforeMs: number, afterMs: number): readonly OrderGroup[] {
    const key = termsOf(record);
    const alike = key === null ? undefined : this.#byTerms.get(key);
    if (alike === undefined || record.at === null) return [];
    const found: OrderGroup[] = [];
    for (let place = placeOf(alike, record.at - beforeMs); place < alike.length; place += 1) {
      const group = alike[place] as OrderGroup;
      if (timeOf(group) > record.at + afterMs) break;
      found.push(group);
    }
    return found;
  }
}

/** The same text for the same terms; null where they are not stated, which is like nothing. */
function termsOf(record: RecordedTerms | undefined): string | null {
  if (record === undefined || !areTermsStated(record) || record.at === null) return null;
  const { side, quantity, notional } = record;
  return JSON.stringify([symbolOf(record), side, quantity, notional]);
}

function timeOf({ orders }: OrderGroup): EpochMs {
  return orders[0]?.at ?? 0;
}

/** The first place whose time is not before `from`. */
function placeOf(groups: readonly OrderGroup[], from: EpochMs): number {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(groups[middle] as OrderGroup) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
