/** The claims of a session, folded from the ledger's own events. */
import type { Claim } from "../claim/claim.ts";
import { evolveClaim } from "../claim/evolve.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export interface SessionClaim {
  readonly claim: Claim;
  /** Every id under which the claim may have an order at the broker. */
  readonly clientOrderIds: readonly string[];
}

/** By agent and request id; see {@link claimName}. */
export function claimsOf(events: readonly StoredEvent[]): ReadonlyMap<string, SessionClaim> {
  const claims = new Map<string, SessionClaim>();
  for (const event of events) {
    if (event.subject !== "claim") continue;
    const name = claimName(event.key);
    const before = claims.get(name);
    const claim = evolveClaim(before?.claim, event.key, event.body, event.at);
    const ids = new Set([...(before?.clientOrderIds ?? []), claim.clientOrderId]);
    claims.set(name, { claim, clientOrderIds: [...ids] });
  }
  return claims;
}

export function claimName(key: { readonly agent: string; readonly requestId: string }): string {
  return `${key.agent}/${key.requestId}`;
}
