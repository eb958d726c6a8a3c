/** An exit that the broker refuses although the shares are held and free. */
import { expect, test } from "vitest";
import { HELD, openOrderWorld, SELL } from "../sidecar/orders-world.ts";
import { brokerOrders, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed, SOON } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const MESSAGE = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
const REFUSED = { kind: "refuse", status: 422, code: 42_210_000, message: MESSAGE } as const;

test("is sent once for each verdict, however its tries are named, and in the end it sells", async () => {
  const world = await openOrderWorld(HELD);
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  let tries = 0;
  const exit = () => {
    tries += 1;
    return world.send(sidecar, { ...SELL, client_order_id: `try-${tries}` });
  };
  for (const round of [1, 2]) {
    world.fault(REFUSED);
    expect((await exit()).status).toBe(422);
    for (let nth = 0; nth < 3; nth += 1) expect((await exit()).status).toBe(403);
    expect(sentOrders(world), "no repeat before the verdict").toHaveLength(round);
    expect(await bookRecord(sidecar)).toBe("6 less 6");
    await world.advance(20_000);
    expect(await bookRecord(sidecar)).toBe("6");
  }
  expect((await exit()).status).toBe(200);
  expect(sentOrders(world)).toHaveLength(3);
  await expectHealed(world, sidecar, SOON);
  expect(brokerOrders(world)).toEqual(["sell 6 filled 6"]);
  const rejected = "sell 6 rejected venue";
  expect(await claimRecord(sidecar)).toEqual([rejected, rejected, "sell 6 filled venue"]);
  const held = "refused_exit still_held venue";
  expect(await incidentRecord(sidecar)).toEqual([held, held]);
});
