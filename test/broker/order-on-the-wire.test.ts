import { describe, expect, it } from "vitest";

import type { OrderRequest } from "../../src/broker/broker.ts";
import { decimal } from "../../src/core/decimal.ts";
import { BUY, bench, KEY_ID, SECRET } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";
import { bodyOf, fixture, SENT_ID, WIRE_FIXTURES } from "./wire-fixtures.ts";

async function bodySent(request: OrderRequest): Promise<unknown> {
  const { broker, server } = await bench(json(200, bodyOf(fixture("accepted"))));
  await broker.submit(request);
  expect(server.arrived).toHaveLength(1);
  return JSON.parse(server.arrived[0]?.body ?? "");
}

describe("an order on its way out", () => {
  it("has its amounts as strings, its own id and what it is meant to do, and no more", async () => {
    expect(await bodySent({ ...BUY, quantity: decimal("0.123456789") })).toEqual({
      symbol: "AAPL",
      side: "buy",
      type: "market",
      time_in_force: "day",
      qty: "0.123456789",
      client_order_id: SENT_ID,
      position_intent: "buy_to_open",
    });
  });

  it("carries every further term that it was given", async () => {
    const terms: OrderRequest = {
      ...BUY,
      side: "sell",
      quantity: null,
      notional: decimal("250.5"),
      type: "stop_limit",
      timeInForce: "gtc",
      limitPrice: decimal("180"),
      stopPrice: decimal("181.5"),
      trailPrice: decimal("2"),
      trailPercent: decimal("1.5"),
      extendedHours: true,
      positionIntent: null,
    };
    expect(await bodySent(terms)).toEqual({
      symbol: "AAPL",
      side: "sell",
      type: "stop_limit",
      time_in_force: "gtc",
      notional: "250.5",
      limit_price: "180",
      stop_price: "181.5",
      trail_price: "2",
      trail_percent: "1.5",
      extended_hours: true,
      client_order_id: SENT_ID,
    });
  });

  it("is one POST to /v2/orders with the key in Alpaca's headers", async () => {
    const { broker, server } = await bench(json(200, bodyOf(fixture("accepted"))));
    await broker.submit(BUY);
    expect(server.arrived).toHaveLength(1);
    expect(server.arrived[0]).toMatchObject({
      method: "POST",
      path: "/v2/orders",
      headers: {
        "apca-api-key-id": KEY_ID,
        "apca-api-secret-key": SECRET,
        "content-type": "application/json",
      },
    });
  });
});

describe("a fixture answered over real HTTP", () => {
  const reachable = WIRE_FIXTURES.filter(({ request }) => ["GET", "POST"].includes(request.method));

  it.each(reachable.map((given) => [given.name, given] as const))(
    "gives what %s says, after one request to its path",
    async (_name, given) => {
      const { status, headers } = given.response;
      const { broker, server } = await bench(json(status, bodyOf(given), headers));
      const side = given.request.side ?? "buy";
      const { path } = given.request;
      const outcome =
        given.request.method === "POST"
          ? await broker.submit({ ...BUY, side, positionIntent: null })
          : path.startsWith("/v2/positions/")
            ? await broker.position("AAPL")
            : await broker.orderByClientId(SENT_ID);
      const { kind, reason } = given.expect;
      expect(outcome.kind).toBe(kind);
      if (outcome.kind === "refused") expect(outcome.refusal.reason).toBe(reason);
      expect(server.arrived.map(({ method, path: seen }) => `${method} ${seen}`)).toEqual([
        `${given.request.method} ${path}`,
      ]);
    },
  );
});
