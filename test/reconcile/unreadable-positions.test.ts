/** The broker's positions cannot be read, or one of them cannot. */
import { expect, test } from "vitest";
import { orderByHand } from "../faults/by-hand.ts";
import { COMPARISON_MS } from "../faults/healing.ts";
import { incidentRecord } from "../faults/ledger-record.ts";
import { rewriteAnswers } from "../faults/rewritten-answers.ts";
import {
  HELD,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";

const MINUTE = 60_000;

async function comparing() {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  return { world, sidecar: await world.open() };
}

function warnings({ log }: OrderWorld): { msg: string; reason?: string }[] {
  const lines = log.map((text) => JSON.parse(text));
  return lines.filter(({ level, msg }) => level >= 40 && /^positions/.test(msg));
}

/** A share that came without a price: by a spin-off, say. */
function leavePriceOut(sidecar: StartedSidecar, symbol: string): void {
  const price = new RegExp(`("symbol":"${symbol}".*?"avg_entry_price":)"[^"]+"`, "g");
  rewriteAnswers(sidecar, (text) => text.replace(price, "$1null"));
}

test("that cannot be read for half an hour are told of once, and once when they can again", async () => {
  const { world } = await comparing();
  const away = { kind: "refuse", status: 503, message: "away" } as const;
  world.simulator.addFaults([{ match: { path: "/v2/positions" }, fault: away, times: 10_000 }]);
  await world.advance(30 * MINUTE);
  expect(warnings(world)).toMatchObject([
    { msg: "positions cannot be compared", reason: expect.stringContaining("HTTP 503") },
  ]);
  world.simulator.clearFaults();
  await world.advance(MINUTE);
  expect(warnings(world).slice(1)).toMatchObject([{ msg: "positions can be compared again" }]);
});

test("of which one cannot be read are compared but for that one, which is told", async () => {
  const { world, sidecar } = await comparing();
  leavePriceOut(sidecar, "SPY");
  await orderByHand(world, { ...ORDER, symbol: "SPY", qty: "1" });
  await orderByHand(world, { ...ORDER, side: "sell" });
  await world.advance(MINUTE);
  expect(warnings(world)).toMatchObject([{ reason: expect.stringContaining("SPY") }]);
  expect(await sidecar.started.latch.operator.state()).toMatchObject({
    positionsUnread: { because: expect.stringContaining("SPY") },
  });
  expect(await incidentRecord(sidecar)).toEqual(["phantom adopted venue"]);
  expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "0" });
});

test("are not taken for gone where their own entry cannot be read", async () => {
  const { world, sidecar } = await comparing();
  leavePriceOut(sidecar, "TQQQ");
  await world.advance(2 * MINUTE);
  expect(await incidentRecord(sidecar)).toEqual([]);
  expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "6" });
});
