/** Who opened which attempt, as the store committed it; also what a power failure took back. */
import type { EpochMs } from "../../../src/core/clock.ts";
import type { Facts, PostFact } from "../facts.ts";
import { groupedBy } from "./grouped.ts";

export interface Opening {
  readonly at: EpochMs;
  /** The claim that was opened. */
  readonly claim: string;
  readonly owner: string;
  readonly sendDeadline: EpochMs;
}

/** Oldest first. */
export function openingsOf(facts: Facts, clientOrderId: string): readonly Opening[] {
  return facts.commits.flatMap(({ at, events }) =>
    events.flatMap((event) => {
      const { body } = event;
      if (body.type !== "claimed" && body.type !== "reopened") return [];
      if (body.clientOrderId !== clientOrderId || event.subject !== "claim") return [];
      const claim = `${event.key.agent}/${event.key.requestId}`;
      return [{ at, claim, owner: body.owner, sendDeadline: body.sendDeadline }];
    }),
  );
}

/**
 * The POSTs of each client_order_id, oldest first. Two agents may give one id to orders of their
 * own; whose POST one of those was the wire does not say, so such ids are left out.
 */
export function postsOfOneClaim(facts: Facts): ReadonlyMap<string, readonly PostFact[]> {
  const posts = facts.posts.filter(({ method }) => method === "POST");
  const byId = groupedBy(posts, ({ clientOrderId }) => clientOrderId);
  const own = [...byId].filter(([id]) => {
    const claims = openingsOf(facts, id).map(({ claim }) => claim);
    return new Set(claims).size <= 1;
  });
  return new Map(own);
}
