/**
 * A path whose name is missing, because a bot's own variable was empty, is the path of them all:
 * what was to sell one position would sell every one.
 */
import { describe, expect, test } from "vitest";
import { KEYS, openOrderWorld } from "./orders-world.ts";
import { BOT, openBroker, openSidecar } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const ID = "904837e3-3b76-47ec-b432-046db621571b";

describe("a DELETE whose path ends where a name should stand", () => {
  test.each([
    "/v2/positions/",
    "/v2/positions//",
    "//v2/positions/",
    "/v2/positions/.",
    "/v2/positions/%2E",
    "/v2/positions/TQQQ/..",
    "/v2/positions/TQQQ/%2e%2e/",
    "/v2/positions/?qty=5",
    "/v2/orders/",
    "/v2/orders/?x=1",
    `/v2/orders/${ID}/../`,
    `/v2/watchlists/${ID}/`,
  ])("is refused, and nothing is asked of the broker: %s", async (target) => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    const answer = await exchange(bench.port, "DELETE", target, BOT);
    expect(answer.status).toBe(400);
    expect(jsonOf(answer).tradelatch.error).toBe("path_refused");
    expect(jsonOf(answer).message).toContain("name");
    expect(bench.guarded).toEqual([]);
    expect(broker.requests()).toEqual([]);
  });

  test.each([
    ["/v2/positions", "/v2/positions"],
    ["//v2//positions?cancel_orders=true", "/v2/positions"],
    ["/v2/positions/TQQQ/", "/v2/positions/TQQQ"],
    ["/v2/x/../positions", "/v2/positions"],
  ])("is what it says where it names all, or one: %s", async (target, path) => {
    const bench = await openSidecar((await openBroker()).url);
    expect((await exchange(bench.port, "DELETE", target, BOT)).status).toBe(200);
    expect(bench.guarded).toMatchObject([{ method: "DELETE", path }]);
  });

  test.each([
    ["//v2/orders", 207, "/v2/orders"],
    [`/v2/orders/${ID}/`, 404, `/v2/orders/${ID}`],
  ])("passes where it cancels all, or one: %s", async (target, status, path) => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    expect((await exchange(bench.port, "DELETE", target, BOT)).status).toBe(status);
    expect(broker.requests()).toMatchObject([{ method: "DELETE", path }]);
  });
});

const TWO_HELD = {
  positions: [
    { symbol: "TQQQ", quantity: "6", averagePrice: "70" },
    { symbol: "SPY", quantity: "2", averagePrice: "490" },
  ],
};

test.each(["QTY=1", "Percentage=50", "qty=1&Qty=1"])(
  "a part of a position in other letters is refused, and nothing is sold: %s",
  async (query) => {
    const world = await openOrderWorld(TWO_HELD);
    const sidecar = await world.open();
    const request = { method: "DELETE", path: `/v2/positions/TQQQ?${query}` };
    const answer = await world.send(sidecar, undefined, request);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain("small letters");
    expect(world.posts()).toEqual([]);
  },
);

test.each(["qty=5", "percentage=50", "qty=", "cancel_orders=true&percentage=100"])(
  "a part that is asked of all positions is refused, and none is sold: %s",
  async (query) => {
    const world = await openOrderWorld(TWO_HELD);
    const sidecar = await world.open();
    const request = { method: "DELETE", path: `/v2/positions?${query}` };
    const answer = await world.send(sidecar, undefined, request);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(query.includes("qty") ? "qty" : "percentage");
    expect(answer.body.message).toContain("/v2/positions/{symbol}");
    expect(world.posts()).toEqual([]);
    expect(world.simulator.requests().filter(({ method }) => method === "DELETE")).toEqual([]);
  },
);

describe("what is asked of positions in a body, which is not read there", () => {
  const KEY_LINES = Object.entries(KEYS).map(([name, value]) => `${name}: ${value}`);
  const deleted = async (target: string, body: string) => {
    const world = await openOrderWorld(TWO_HELD);
    const { sidecar } = await world.open();
    const answer = await world.drive(exchange(sidecar.port, "DELETE", target, KEY_LINES, body));
    return { world, answer };
  };

  test.each([
    ["/v2/positions/TQQQ", '{"qty":"1"}', "qty"],
    ["/v2/positions/TQQQ", '{"percentage":50}', "percentage"],
    ["/v2/positions/TQQQ", '{"Qty":1}', "qty"],
    ["/v2/positions/TQQQ", "qty=1", "qty"],
    ["/v2/positions/TQQQ", '{"qty":{"toString":1}}', "qty"],
    ["/v2/positions/TQQQ?qty=1", '{"qty":"2"}', "qty"],
    ["/v2/positions", '{"cancel_orders":true}', "cancel_orders"],
  ])("is refused, and nothing is sold: DELETE %s with %s", async (target, body, name) => {
    const { world, answer } = await deleted(target, body);
    expect(answer.status).toBe(422);
    expect(jsonOf(answer).message).toContain(`${name} is read from the query`);
    expect(world.posts()).toEqual([]);
  });

  test.each(['{"qty":1,"percentage":null}', "qty=1", '{"QTY":"1"}'])(
    "may be what the query says too: %s",
    async (body) => {
      const { world, answer } = await deleted("/v2/positions/TQQQ?qty=1", body);
      expect(answer.status).toBe(200);
      expect(world.posts()).toMatchObject([{ body: { symbol: "TQQQ", side: "sell", qty: "1" } }]);
    },
  );

  test.each(["{}", "null", "[]", '""', "not JSON", '{"note":"qty"}', '{"qty":null}'])(
    "is no reason to refuse where it says nothing of an amount: %s",
    async (body) => {
      const { world, answer } = await deleted("/v2/positions/TQQQ", body);
      expect(answer.status).toBe(200);
      expect(world.posts()).toMatchObject([{ body: { symbol: "TQQQ", side: "sell", qty: "6" } }]);
    },
  );
});
