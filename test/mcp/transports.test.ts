/** Real programs, killed between two calls, and the SDK's own client over both transports. */
import { describe, expect, test } from "vitest";
import { call, openToolWorld, type ToolWorld } from "./tool-world.ts";

const BUY = { request_id: "decision-17", symbol: "TQQQ", side: "buy", quantity: 6 } as const;

const TRANSPORTS = [
  ["standard input and output", (world: ToolWorld) => world.stdio()],
  ["streamable HTTP", (world: ToolWorld) => world.http()],
] as const;

describe.each(TRANSPORTS)("a program that serves tools over %s", (_, start) => {
  test("places one order for calls at once, repeats, and calls after it was killed", async () => {
    const world = await openToolWorld();
    const first = await start(world);
    const together = [1, 2, 3, 4].map(() => call(first.client, "place_order", BUY));
    const told = await Promise.all(together);
    expect(told.map(({ isError }) => isError)).toEqual([false, false, false, false]);
    expect(told.filter(({ data }) => data.sent_by_this_call)).toHaveLength(1);
    expect(await call(first.client, "place_order", BUY)).toMatchObject({
      data: { sent_by_this_call: false },
    });

    const refund = { request_id: "refund/order-88", action: "refund.issue" };
    const owned = await call(first.client, "claim", refund);
    expect(owned).toMatchObject({ data: { status: "PROCEED" } });

    // The next order's answer is held back by the broker: the program dies while it waits.
    const second = { ...BUY, request_id: "decision-18", quantity: 7 };
    world.fault({ kind: "accept_then_hang" });
    call(first.client, "place_order", second).catch(() => "cut off");
    await world.until(() => world.simulator.orders().length === 2);
    first.kill();

    const { client } = await start(world);
    const again = await call(client, "place_order", second);
    expect(again).toMatchObject({
      isError: false,
      data: { sent_by_this_call: false, order: { request_id: "decision-18", quantity: "7" } },
    });
    expect(again.text).toMatch(/^Nothing (new )?was sent/);
    const old = await call(client, "place_order", BUY);
    expect(old).toMatchObject({ isError: false, data: { status: "SKIP", retry: "never" } });
    const pending = await call(client, "claim", refund);
    expect(pending).toMatchObject({ data: { status: "PENDING" } });
    const { settlement_token } = owned.data;
    const settled = { request_id: refund.request_id, settlement_token, result: "re_1" };
    await call(client, "settle", settled);
    const repeat = await call(client, "claim", refund);
    expect(repeat).toMatchObject({ data: { status: "SKIP", existing: { result: "re_1" } } });
    expect(world.posts()).toHaveLength(2);
    expect(
      world.simulator
        .orders()
        .map(({ qty }) => qty)
        .sort(),
    ).toEqual(["6", "7"]);
  });
});
