/** More spreads at work than a minute has reads for: no list of a symbol shows them. */
import { expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { openWorld } from "../gateway/world.ts";

const SPREADS = 150;
const FILLED = 30;
const MINUTE_MS = 60_000;
const NUMBERS = Array.from({ length: SPREADS }, (_, number) => number);

const contract = (strike: number) => `SPY270115C${String(strike * 1_000).padStart(8, "0")}`;
const low = (number: number) => contract(100 + 2 * number);
const high = (number: number) => contract(101 + 2 * number);

/** Each in contracts of its own, at a price that it does not get. */
function spread(number: number): IntentInput {
  const legs = [
    { symbol: low(number), ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    { symbol: high(number), ratio_qty: "1", side: "sell", position_intent: "sell_to_open" },
  ];
  return {
    ...{ symbol: "MLEG", side: "buy", effect: "open", quantity: "1", type: "limit" },
    ...{ timeInForce: "day", requestId: `spread-${number}` },
    extension: { order_class: "mleg", limit_price: "4.00", legs },
  };
}

test("they are read at a start, which then takes orders, and each fill is booked", async () => {
  const prices = Object.fromEntries(
    NUMBERS.flatMap((number) => [
      [low(number), "12.50"],
      [high(number), "7.50"],
    ]),
  );
  const world = await openWorld({ cash: "100000000", prices: { SPY: "500", ...prices } });
  const first = await world.open();
  await world.drive(Promise.all(NUMBERS.map((number) => first.latch.submit(spread(number)))));
  expect(world.posts()).toHaveLength(SPREADS);
  await first.latch.close();
  first.runs = false;
  await world.advance(5 * MINUTE_MS);

  const next = await world.open();
  const asked = world.simulator.requests().length;
  const { claims, unread } = await world.drive(next.latch.recover());
  expect(claims.map(({ became }) => became)).toEqual(Array(SPREADS).fill("working"));
  expect(unread).toBe(0);
  expect(world.simulator.requests().length - asked).toBeLessThan(20);

  for (const number of NUMBERS.slice(0, FILLED)) world.simulator.setPrice(low(number), "11.40");
  await world.advance(MINUTE_MS);
  const nets = await Promise.all(
    NUMBERS.map(async (number) => [
      (await next.latch.book(low(number))).net,
      (await next.latch.book(high(number))).net,
    ]),
  );
  expect(nets).toEqual(NUMBERS.map((number) => (number < FILLED ? ["1", "-1"] : ["0", "0"])));
  expect(world.simulator.requests().length - asked).toBeLessThan(90);
});
