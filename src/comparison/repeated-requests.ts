/**
 * Claims of one request that have an order each: where two of these have done something, what was
 * asked for once has happened twice, whatever ids the orders have.
 */
import { grouped } from "./grouped.ts";
import { hasFilled, isAtWork } from "./order-group.ts";
import type { Pairing } from "./pairing.ts";
import type { RecordedClaim } from "./recorded.ts";
import { symbolOf } from "./terms.ts";

/** A guess that an order is the claim's proves nothing, and what turns a position is no repeat. */
export function claimsThatRepeat(pairings: readonly Pairing[]): ReadonlySet<RecordedClaim> {
  const did = pairings.flatMap(({ claim, group, match }) => {
    const [first] = group?.orders ?? [];
    if (claim.requestId === null || claim.says === "skipped" || match === "heuristic") return [];
    if (group === null || first === undefined || !(hasFilled(group) || isAtWork(group))) return [];
    const { account, agent, requestId } = claim;
    return [
      { claim, of: JSON.stringify([account, agent, requestId, symbolOf(first), first.side]) },
    ];
  });
  const twice = [...grouped(did, ({ of }) => of).values()].filter(({ length }) => length > 1);
  return new Set(twice.flatMap((all) => all.map(({ claim }) => claim)));
}
