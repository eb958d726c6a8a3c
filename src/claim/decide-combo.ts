/**
 * What a combo, as the broker shows it, makes of its claim: each leg's fills move the book of its
 * own contract, by cumulative quantity and cost like any other fill (I6). So many combos count as
 * filled as all their legs account for.
 */
import {
  add,
  compare,
  type DecimalText,
  divide,
  multiply,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import { comboLegs } from "../identity/combo.ts";
import type { Claim } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import type { BrokerOrder, EvidenceSource } from "./evidence.ts";

/** One event for each leg that has filled more than is booked. */
export function legEvents(
  claim: Claim,
  { legs = [] }: BrokerOrder,
  source: EvidenceSource,
): readonly ClaimEvent[] {
  return legs.flatMap((leg): ClaimEvent[] => {
    const booked = claim.legs[leg.brokerOrderId];
    const quantity = subtract(leg.filledQuantity, booked?.quantity ?? ZERO);
    if (signOf(quantity) <= 0 || leg.filledAveragePrice === null) return [];
    const cost = subtract(
      multiply(leg.filledQuantity, leg.filledAveragePrice),
      booked?.cost ?? ZERO,
    );
    const { brokerOrderId, symbol, side } = leg;
    return [{ type: "leg_booked", brokerOrderId, symbol, side, quantity, cost, source }];
  });
}

/** The claim once a leg's fill is booked. */
export function withLeg(claim: Claim, event: ClaimEvent & { type: "leg_booked" }): Claim {
  const { brokerOrderId, symbol, side, quantity, cost, episode, closes } = event;
  const before = claim.legs[brokerOrderId];
  const leg = {
    symbol,
    side,
    quantity: add(before?.quantity ?? ZERO, quantity),
    cost: add(before?.cost ?? ZERO, cost),
    ...(episode === undefined ? {} : { episode }),
    ...(closes === undefined ? {} : { closes }),
  };
  const legs = { ...claim.legs, [brokerOrderId]: leg };
  return { ...claim, legs, bookedQuantity: combosIn({ ...claim, legs }), bookedCost: netOf(legs) };
}

/** Whole combos that every leg accounts for, with those of the orders that it replaced. */
function combosIn({ intent, legs }: Claim): DecimalText {
  const booked = Object.values(legs);
  const counts = (comboLegs(intent) ?? []).map(({ symbol, ratio }) => {
    const own = booked.filter((leg) => leg.symbol === symbol);
    const filled = own.reduce((sum, { quantity }) => add(sum, quantity), ZERO);
    return divide(filled, ratio);
  });
  return counts.reduce(
    (least, count) => (compare(count, least) < 0 ? count : least),
    counts[0] ?? ZERO,
  );
}

/** What the legs cost together: below zero where more was taken in. */
function netOf(legs: Claim["legs"]): DecimalText {
  return Object.values(legs).reduce(
    (net, { side, cost }) => (side === "buy" ? add(net, cost) : subtract(net, cost)),
    ZERO,
  );
}
