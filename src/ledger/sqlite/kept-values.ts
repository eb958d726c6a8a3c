/**
 * Claims and books as a connection keeps them in memory: copies of its own, frozen, so that nobody
 * who is given one can change what is kept. Field by field, for the reason that claim.ts has.
 */
import { type Book, copiedBook, type Reservation } from "../../book/book.ts";
import { type Claim, copiedClaim } from "../../claim/claim.ts";
import type { Intent } from "../../identity/intent.ts";
import { frozen } from "./frozen.ts";

/** Terms that came from the claim's caller as they were (a bracket's) are not ours to freeze. */
export function keptClaim(claim: Claim): Claim {
  const kept = copiedClaim(claim);
  if (!Object.isFrozen(kept.intent)) kept.intent = copiedIntent(kept.intent);
  return kept.intent.extension === null ? frozen(kept) : kept;
}

export function keptBook(book: Book): Book {
  const kept = copiedBook(book);
  if (!Object.isFrozen(kept.reservations)) {
    kept.reservations = kept.reservations.map(copiedReservation);
  }
  return frozen(kept);
}

function copiedReservation({ agent, requestId, quantity }: Reservation): Reservation {
  return { agent, requestId, quantity };
}

function copiedIntent(intent: Intent): Intent {
  return {
    account: intent.account,
    agent: intent.agent,
    anchor: intent.anchor,
    clientOrderId: intent.clientOrderId,
    decisionId: intent.decisionId,
    effect: intent.effect,
    extendedHours: intent.extendedHours,
    extension: intent.extension,
    limitPrice: intent.limitPrice,
    notional: intent.notional,
    portion: intent.portion,
    quantity: intent.quantity,
    reason: intent.reason,
    requestId: intent.requestId,
    side: intent.side,
    stopPrice: intent.stopPrice,
    symbol: intent.symbol,
    timeInForce: intent.timeInForce,
    trailPercent: intent.trailPercent,
    trailPrice: intent.trailPrice,
    type: intent.type,
  };
}
