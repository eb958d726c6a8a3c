/**
 * I6: a book is corrected only by what others have traded. One that is right is not set to what the
 * broker held at another time, and what our own orders fill comes into it as their fills.
 */
import { compare, type DecimalText, ZERO } from "../../../src/core/decimal.ts";
import type { Outcome } from "../outcome.ts";
import { symbolsOf } from "../plan.ts";
import { netAfter } from "./booked-net.ts";
import { openingOf, positionSteps } from "./broker-record.ts";
import type { Violation } from "./violation.ts";

export function booksCorrected(outcome: Outcome): readonly Violation[] {
  const { mishaps } = outcome.plan;
  // What a person trades is not in the book before it is corrected, and may cancel out.
  const byHand = new Set(mishaps.flatMap((one) => (one.kind === "by_hand" ? [one.symbol] : [])));
  const symbols = symbolsOf(outcome.plan).filter((symbol) => !byHand.has(symbol));
  return symbols.flatMap((symbol) =>
    spoiledIn(outcome, symbol).map((what) => ({ invariant: "I6", what }) as const),
  );
}

/** Corrections of a book in whose symbol nobody but us has traded. */
function spoiledIn(outcome: Outcome, symbol: string): readonly string[] {
  const { plan, facts } = outcome;
  const steps = positionSteps(outcome, symbol);
  const found: string[] = [];
  let net: DecimalText = ZERO;
  for (const { at, events } of facts.commits) {
    const held = steps.filter((step) => step.at <= at).at(-1)?.after ?? openingOf(plan, symbol);
    for (const event of events.filter((one) => one.symbol === symbol)) {
      const after = netAfter(outcome, event, net);
      if (event.body.type === "position_adjusted" && compare(after, net) !== 0) {
        const isRight = compare(net, held) === 0;
        const had = isRight ? "as the broker had" : `and what we had traded made ${held}`;
        found.push(`the book ${symbol} had ${net} ${had}, and was set to ${after}`);
      }
      net = after;
    }
  }
  return found;
}
