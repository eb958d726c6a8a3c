/** What a day's orders came to, by the broker's own list. */
import { expect, test } from "vitest";
import { accountsOf } from "../../src/run/trade-accounts.ts";
import type { WireFill, WireOrder } from "../../src/simulator/index.ts";

function filled(side: "buy" | "sell", quantity: string, price: string, minute: string): WireOrder {
  const shown = { client_order_id: `${side}-${minute}`, symbol: "BTC/USD", side };
  const fill = { filled_qty: quantity, filled_avg_price: price };
  return { ...shown, ...fill, filled_at: `2026-05-21T14:${minute}:00Z` } as WireOrder;
}

test("what is left of a purchase of currency ends a trade, and its fee is in the profit", () => {
  const orders = [
    ...[filled("buy", "0.5", "100", "00"), filled("sell", "0.49875", "110", "05")],
    ...[filled("buy", "1", "100", "10"), filled("sell", "0.9975", "100", "15")],
  ];
  const { trades, realizedProfitUsd } = accountsOf(orders, [], new Map());
  const times = ["00", "05", "10", "15"].map((minute) => Date.parse(`2026-05-21T14:${minute}Z`));
  expect(trades).toMatchObject([
    { openedAt: times[0], closedAt: times[1], quantity: "0.49875", side: "long" },
    { openedAt: times[2], closedAt: times[3], quantity: "0.9975", side: "long" },
  ]);
  // 54.8625 for what cost 50, and 99.75 for what cost 100.
  expect(Number(realizedProfitUsd)).toBeCloseTo(4.6125, 9);
});

test("a part that was filled counts from its fill, not from the end of its order", () => {
  const part = {
    ...filled("buy", "2", "70", "00"),
    ...{ id: "part", filled_at: null, updated_at: "2026-05-21T20:00:00Z" },
  } as WireOrder;
  const orders = [part, filled("sell", "2", "75", "05")];
  const fill = { order_id: "part", transaction_time: "2026-05-21T14:00:00Z" } as WireFill;
  const { trades } = accountsOf(orders, [fill], new Map());
  const [openedAt, closedAt] = ["00", "05"].map((minute) => Date.parse(`2026-05-21T14:${minute}Z`));
  expect(trades).toMatchObject([{ side: "long", openedAt, closedAt }]);
});
