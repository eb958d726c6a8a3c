/** I5: reservations never exceed what the book holds; a close never opens or flips a position. */
import { absolute, add, compare, isZero, signOf, ZERO } from "../../../src/core/decimal.ts";
import type { MemoryRows } from "../memory-rows.ts";
import type { Outcome } from "../outcome.ts";
import { symbolsOf } from "../plan.ts";
import { positionSteps } from "./broker-record.ts";
import type { Violation } from "./violation.ts";

/**
 * After these a book may hold less than was reserved before: nobody could know of it then, or, of
 * what the leg of a combo closes, nothing is reserved.
 */
const SURPRISES = new Set([
  "position_adjusted",
  "order_surfaced",
  "late_fill_booked",
  "leg_booked",
]);

/** Asked at every commit. */
export function overReserved(rows: MemoryRows): readonly string[] {
  return [...rows.books.values()].flatMap(({ symbol, net, reservations }) => {
    const reserved = reservations.reduce((sum, { quantity }) => add(sum, quantity), ZERO);
    if (compare(reserved, absolute(net)) <= 0) return [];
    const isSurprised = rows.events.some(
      (event) => event.symbol === symbol && SURPRISES.has(event.body.type),
    );
    return isSurprised ? [] : [`${reserved} of ${net} ${symbol} are reserved`];
  });
}

export function neverOversold(outcome: Outcome): readonly Violation[] {
  const closes = new Set(
    outcome.disk
      .claims()
      .filter(({ intent }) => intent.effect === "close")
      .map(({ brokerOrderId }) => brokerOrderId as string | null),
  );
  const flips = symbolsOf(outcome.plan).flatMap((symbol) =>
    positionSteps(outcome, symbol)
      .filter(({ orderId }) => closes.has(orderId))
      .filter(({ before, after }) => {
        const grew = compare(absolute(after), absolute(before)) > 0;
        return grew || (!isZero(after) && signOf(after) !== signOf(before));
      })
      .map(({ before, after }) => `a close took ${symbol} from ${before} to ${after}`),
  );
  return flips.map((what) => ({ invariant: "I5", what }));
}
