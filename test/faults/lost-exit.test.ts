/**
 * A close that is certainly not at the broker, without a refusal that anybody knows: its answer was
 * lost on the way there, or was in words that no table has. The bot may have given up by then.
 */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, incidentRecord } from "./ledger-record.ts";

const UNHEARD = { status: 422, code: 42210000, message: "asset is under review" } as const;

async function lostExit() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  world.fault({ kind: "refuse", ...UNHEARD });
  expect((await world.send(sidecar, SELL)).status).toBe(409);
  await world.advance(30_000);
  return { world, sidecar };
}

test("is told of with what the broker answered, and is over once its next try is taken", async () => {
  const { world, sidecar } = await lostExit();
  const [incident] = await sidecar.started.latch.incidents();
  expect(incident).toMatchObject({ kind: "lost_exit", symbol: "TQQQ", resolution: null });
  expect(incident?.summary).toContain("asset is under review");
  expect((await world.send(sidecar, SELL)).status).toBe(200);
  expect(await incidentRecord(sidecar)).toEqual(["lost_exit landed venue"]);
  await expectHealed(world, sidecar);
});

test("is over once another order has closed what was held", async () => {
  const { world, sidecar } = await lostExit();
  const close = { method: "DELETE", path: "/v2/positions/TQQQ?percentage=50" };
  expect((await world.send(sidecar, "", close)).status).toBe(200);
  await world.advance(10_000);
  expect(await bookRecord(sidecar)).toBe("3");
  expect(await incidentRecord(sidecar)).toEqual(["lost_exit open"]);
  const rest = { method: "DELETE", path: "/v2/positions" };
  expect((await world.send(sidecar, "", rest)).status).toBe(207);
  await world.advance(10_000);
  expect(await incidentRecord(sidecar)).toEqual(["lost_exit already_flat venue"]);
});

test("of a contract is over once a combo has closed what was held", async () => {
  const [LOW, HIGH] = ["SPY270115C00500000", "SPY270115C00510000"];
  const world = await openOrderWorld({
    prices: { SPY: "500", [LOW]: "12.50", [HIGH]: "7.50" },
    positions: [
      { symbol: LOW, quantity: "2", averagePrice: "12" },
      { symbol: HIGH, quantity: "-2", averagePrice: "7" },
    ],
  });
  const sidecar = await world.open();
  world.fault({ kind: "refuse", ...UNHEARD });
  expect((await world.send(sidecar, { ...SELL, symbol: LOW, qty: "2" })).status).toBe(409);
  await world.advance(30_000);
  expect(await incidentRecord(sidecar)).toEqual(["lost_exit open"]);
  const legs = [
    { symbol: LOW, ratio_qty: "1", side: "sell", position_intent: "sell_to_close" },
    { symbol: HIGH, ratio_qty: "1", side: "buy", position_intent: "buy_to_close" },
  ];
  const combo = { order_class: "mleg", qty: "2", type: "market", time_in_force: "day", legs };
  expect((await world.send(sidecar, combo)).status).toBe(200);
  await world.advance(10_000);
  expect(await bookRecord(sidecar, LOW)).toBe("0");
  expect(await incidentRecord(sidecar)).toEqual(["lost_exit already_flat venue"]);
});

test("is over once what was held was closed by hand", async () => {
  const { world, sidecar } = await lostExit();
  world.simulator.setPositions([{ symbol: "TQQQ", quantity: "0", averagePrice: "70" }]);
  await world.advance(60_000);
  expect(await incidentRecord(sidecar)).toEqual([
    "lost_exit already_flat venue",
    "phantom adopted venue",
  ]);
});

test("is a refused exit once its next try is refused in words that are known", async () => {
  const { world, sidecar } = await lostExit();
  const message = "position intent mismatch, inferred: a, specified: b";
  world.fault({ kind: "refuse", status: 422, code: 42210000, message });
  expect((await world.send(sidecar, SELL)).status).toBe(422);
  expect(await incidentRecord(sidecar)).toEqual([
    "lost_exit outcome_known venue",
    "refused_exit open",
  ]);
});
