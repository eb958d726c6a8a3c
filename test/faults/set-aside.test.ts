/** Orders that the broker neither lets work nor ends: done for the day, being settled, suspended. */
import { expect, test } from "vitest";
import {
  HELD,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";
import { rewriteAnswers } from "./rewritten-answers.ts";

const EXIT = { ...SELL, type: "limit", limit_price: "80", time_in_force: "gtc" } as const;

/** An exit of which `quantity` shares are filled, and which the broker shows as `status` then. */
async function setAside(status: string, quantity: string) {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const exit = await world.send(sidecar, EXIT);
  rewriteAnswers(sidecar, (text) => text.replace(/"(partially_)?filled"/g, `"${status}"`));
  world.simulator.fill({ orderId: exit.body.id, quantity, price: "80" });
  await world.advance(40_000);
  return { world, sidecar, id: exit.body.id as string };
}

test.each(["calculated", "done_for_day", "stopped", "suspended"])(
  "an order that is %s, and has filled all of its shares, is over",
  async (status) => {
    const { world, sidecar } = await setAside(status, "6");
    expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
    expect(await world.claims(sidecar)).toEqual([]);
    await shownAsEver(world, sidecar);
    expect(await bookRecord(sidecar)).toBe("0");
    expect(await incidentRecord(sidecar)).toEqual([]);
    expect(sentOrders(world)).toHaveLength(1);
  },
);

test.each(["calculated", "done_for_day", "suspended"])(
  "an order that is %s holds the shares that it has not filled, and may fill them",
  async (status) => {
    const { world, sidecar, id } = await setAside(status, "2");
    expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
    expect(await bookRecord(sidecar)).toBe("4 less 4");
    expect((await world.send(sidecar, { ...SELL, qty: "4" })).status).toBe(403);
    world.simulator.fill({ orderId: id, quantity: "4", price: "80" });
    await shownAsEver(world, sidecar);
    expect(await claimRecord(sidecar)).toEqual(["sell 6 filled venue"]);
    expect(await bookRecord(sidecar)).toBe("0");
    expect(sentOrders(world)).toHaveLength(1);
  },
);

async function shownAsEver(world: OrderWorld, sidecar: StartedSidecar): Promise<void> {
  rewriteAnswers(sidecar, (text) => text);
  await expectHealed(world, sidecar);
}
