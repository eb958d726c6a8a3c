/** I6: every fill is in the book exactly once, and is told as new exactly once. */
import { compare, type DecimalText, ZERO } from "../../../src/core/decimal.ts";
import type { Outcome } from "../outcome.ts";
import { symbolsOf } from "../plan.ts";
import { netAfter } from "./booked-net.ts";
import { chainFrom } from "./broker-record.ts";
import type { Violation } from "./violation.ts";

export function everyFillOnce(outcome: Outcome): readonly Violation[] {
  const wrong = [...byClaim(outcome), ...byBook(outcome), ...toldTwice(outcome)];
  return wrong.map((what) => ({ invariant: "I6", what }));
}

/** What each claim booked, against all that its order and those it replaced have filled. */
function byClaim({ disk, broker }: Outcome): readonly string[] {
  const orders = broker.orders();
  return disk.claims().flatMap(({ intent, brokerOrderId, bookedQuantity, bookedCost }) => {
    let first = orders.find(({ id }) => id === brokerOrderId);
    for (let before = first; before?.replaces != null; ) {
      const { replaces } = before;
      before = orders.find(({ id }) => id === replaces);
      first = before ?? first;
    }
    const chain = first && chainFrom(first, orders);
    const [filled, cost] = [chain?.filled ?? ZERO, chain?.cost ?? ZERO];
    if (compare(filled, bookedQuantity) === 0 && near(cost, bookedCost)) return [];
    const booked = `${bookedQuantity} for ${bookedCost}`;
    return [`${intent.decisionId} booked ${booked}, and the broker filled ${filled} for ${cost}`];
  });
}

/** Averages have nine digits, so a cost may be off by less than a cent. */
function near(a: DecimalText, b: DecimalText): boolean {
  return Math.abs(Number(a) - Number(b)) < 0.01;
}

/** Each book against the log, counted anew. */
function byBook({ disk, plan }: Outcome): readonly string[] {
  const nets = new Map<string, DecimalText>();
  for (const event of disk.rows.events) {
    nets.set(event.symbol, netAfter({ disk }, event, nets.get(event.symbol) ?? ZERO));
  }
  const books = [...disk.rows.books.values()];
  return symbolsOf(plan).flatMap((symbol) => {
    const net = books.find((book) => book.symbol === symbol)?.net ?? ZERO;
    const counted = nets.get(symbol) ?? ZERO;
    return compare(net, counted) === 0
      ? []
      : [`the book ${symbol} has ${net}, and its log comes to ${counted}`];
  });
}

function toldTwice({ facts }: Outcome): readonly string[] {
  const fresh = facts.told.flatMap(({ answer }) =>
    answer.status === "PROCEED" ? [answer.order.brokerOrderId] : [],
  );
  const twice = fresh.filter((id, index) => fresh.indexOf(id) !== index);
  return twice.map((id) => `order ${id} was told as new twice`);
}
