/** The claims of a session, folded from the ledger's own events. */
import type { Claim } from "../claim/claim.ts";
import { evolveClaim } from "../claim/evolve.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export interface SessionClaim {
  readonly claim: Claim;
  /** Every id under which the claim may have an order at the broker. */
  readonly clientOrderIds: readonly string[];
  /** The rows whose tries opened an attempt: those that the latch let send. */
  readonly sentBy: readonly string[];
}

/** By agent and request id; see {@link claimName}. */
export function claimsOf(events: readonly StoredEvent[]): ReadonlyMap<string, SessionClaim> {
  const claims = new Map<string, SessionClaim>();
  for (const event of events) {
    if (event.subject !== "claim") continue;
    const name = claimName(event.key);
    const before = claims.get(name);
    const claim = evolveClaim(before?.claim, event.key, event.body, event.at);
    const { type } = event.body;
    const sender = type === "claimed" || type === "reopened" ? rowIdOf(event) : null;
    claims.set(name, {
      claim,
      clientOrderIds: [...new Set([...(before?.clientOrderIds ?? []), claim.clientOrderId])],
      sentBy: [...(before?.sentBy ?? []), ...(sender === null ? [] : [sender])],
    });
  }
  return claims;
}

/** The claim that each row's last try came to: its own, or the one that it ran into. */
export function claimsByRow(events: readonly StoredEvent[]): ReadonlyMap<string, SessionClaim> {
  const claims = claimsOf(events);
  const byRow = new Map<string, SessionClaim>();
  for (const event of events) {
    const rowId = rowIdOf(event);
    const key = claimKeyOf(event);
    const claim = key === null ? undefined : claims.get(claimName(key));
    if (rowId !== null && claim !== undefined) byRow.set(rowId, claim);
  }
  return byRow;
}

/** The bot names its row as the decision behind an intent; null where an event tells of none. */
export function rowIdOf({ body }: StoredEvent): string | null {
  switch (body.type) {
    case "claimed":
    case "intent_blocked":
      return body.intent.decisionId;
    case "reopened":
    case "repeat_answered":
      return body.decisionId;
    default:
      return null;
  }
}

/** The claim that an event is about or, of an intent turned away, the one that caused it. */
export function claimKeyOf(event: StoredEvent): ClaimKey | null {
  if (event.subject === "claim") return event.key;
  return event.body.type === "intent_blocked" ? event.body.cause : null;
}

export function claimName({ agent, requestId }: ClaimKey): string {
  return `${agent}/${requestId}`;
}
