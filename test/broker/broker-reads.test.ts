import { describe, expect, it } from "vitest";

import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { bench } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";
import { bodyOf, fixture, SENT_ID } from "./wire-fixtures.ts";

const POSITION = JSON.parse(bodyOf(fixture("position-found"))) as Record<string, unknown>;
const ORDER = bodyOf(fixture("accepted"));
const ORDER_ID = (JSON.parse(ORDER) as { id: string }).id as BrokerOrderId;

const READS: readonly (readonly [string, (broker: Broker) => Promise<{ kind: string }>])[] = [
  ["account", (broker) => broker.account()],
  ["order by our id", (broker) => broker.orderByClientId(SENT_ID)],
  ["order by the broker's id", (broker) => broker.orderById(ORDER_ID)],
  ["orders", (broker) => broker.orders({ status: "all" })],
  ["positions", (broker) => broker.positions()],
  ["position", (broker) => broker.position("AAPL")],
];

describe("a read", () => {
  it.each(READS)("of the %s says nothing after an answer that is not one", async (_case, read) => {
    for (const [status, body] of [
      [200, ""],
      [200, "<html></html>"],
      [200, "null"],
      [200, '{"code":40410000,"message":"order not found"}'],
      [200, '[{"id":"cut'],
      [404, "<html>404</html>"],
      [404, ""],
      [429, '{"code":42910000,"message":"rate limit exceeded"}'],
      [500, '{"code":50010000,"message":"internal server error occurred"}'],
      [502, "<html></html>"],
      [204, ""],
      [207, "[]"],
      [404, "[]"],
      [500, "[]"],
      [202, ORDER],
      [500, ORDER],
    ] as const) {
      const { broker } = await bench(json(status, body));
      expect((await read(broker)).kind, `${status} ${body}`).toBe("unknown");
    }
  });

  it("of the account gives its id, its number where it has one, its status, and blocks", async () => {
    const account = { id: "e6fe16f3-64a4-4921-8928-cadf02f92f98", status: "ACTIVE", cash: "1.5" };
    const { broker } = await bench(json(200, account));
    const value = { accountId: account.id, accountNumber: null, status: "ACTIVE", blocks: [] };
    expect(await broker.account()).toEqual({ kind: "read", value });
    const numbered = await bench(json(200, { ...account, account_number: "PA1" }));
    expect(await numbered.broker.account()).toEqual({
      ...{ kind: "read", value: { ...value, accountNumber: "PA1" } },
    });
    const flags = { trading_blocked: true, account_blocked: false, trade_suspended_by_user: true };
    const blocked = await bench(json(200, { ...account, ...flags }));
    expect(await blocked.broker.account()).toEqual({
      ...{
        kind: "read",
        value: { ...value, blocks: ["trading_blocked", "trade_suspended_by_user"] },
      },
    });
  });

  it("of positions keeps the sign and what is available", async () => {
    const short = { ...POSITION, symbol: "TSLA", side: "short", qty: "-2", qty_available: "-1" };
    const { broker } = await bench(json(200, [POSITION, short]));
    expect(await broker.positions()).toEqual({
      kind: "read",
      value: [
        { symbol: "AAPL", quantity: "6", availableQuantity: "0", averageEntryPrice: "190.12" },
        { symbol: "TSLA", quantity: "-2", availableQuantity: "-1", averageEntryPrice: "190.12" },
      ],
    });
  });

  it("of positions is unknown where one entry is, and has those that can be read", async () => {
    const odd = { ...POSITION, symbol: "SPY", avg_entry_price: null };
    const { broker } = await bench(json(200, [odd, POSITION]));
    expect(await broker.positions()).toEqual({
      kind: "unknown",
      reason: expect.stringContaining('"symbol":"SPY"'),
      readable: [expect.objectContaining({ symbol: "AAPL" })],
    });
  });

  it("of one position asks for a pair of currencies without its slash, as positions have it", async () => {
    const { broker, server } = await bench(json(200, { ...POSITION, symbol: "BTCUSD" }));
    expect((await broker.position("BTC/USD")).kind).toBe("found");
    expect(server.arrived[0]?.path).toBe("/v2/positions/BTCUSD");
    expect((await broker.position("ETH/USD")).kind).toBe("unknown");
  });

  it("of one order is unknown when the answer is another order", async () => {
    const { broker } = await bench(json(200, ORDER));
    expect((await broker.orderById(ORDER_ID)).kind).toBe("found");
    expect((await broker.orderById("another" as BrokerOrderId)).kind).toBe("unknown");
  });

  it("is not repeated by anybody", async () => {
    const { broker, server } = await bench(json(503, "{}"));
    await broker.account();
    expect(server.arrived).toHaveLength(1);
  });

  it("shares the adapter with many others without a warning of leaking listeners", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    const { broker, server } = await bench(json(200, ORDER));
    await Promise.all(Array.from({ length: 40 }, () => broker.orderById(ORDER_ID)));
    await new Promise(setImmediate);
    process.off("warning", note);
    expect(server.arrived).toHaveLength(40);
    expect(warnings).toEqual([]);
  });
});
