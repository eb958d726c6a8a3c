/** The POST that a claim permits, from its intent. */
import type { OrderRequest, PositionIntent } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import { isCombo } from "../identity/combo.ts";
import type { OrderTerms } from "../identity/intent.ts";

export function orderRequestOf(
  claim: Claim,
  policy: Pick<ClaimPolicy, "positionIntent">,
): OrderRequest {
  const { intent } = claim;
  const saysIntent = policy.positionIntent && !isCombo(intent);
  return {
    clientOrderId: claim.clientOrderId,
    symbol: intent.symbol,
    side: intent.side,
    quantity: intent.quantity,
    notional: intent.notional,
    type: intent.type,
    timeInForce: intent.timeInForce,
    limitPrice: intent.limitPrice,
    stopPrice: intent.stopPrice,
    trailPrice: intent.trailPrice,
    trailPercent: intent.trailPercent,
    extendedHours: intent.extendedHours,
    extension: intent.extension,
    // Each leg of a combo says its own.
    positionIntent: saysIntent ? positionIntentOf(intent) : null,
  };
}

/** Said on every order, so that the broker refuses what we might have missed. */
export function positionIntentOf({ side, effect }: OrderTerms): PositionIntent {
  return `${side}_to_${effect}`;
}
