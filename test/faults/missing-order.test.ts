/**
 * The broker has taken an order, and says ever after that it has none of that id. That is neither a
 * cancel nor a fill: people are told of it, and of the position, and nothing is concluded.
 */
import { expect, test } from "vitest";
import type { OrderEnd } from "../../src/ledger/ledger.ts";
import {
  HELD,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";
import { cancelByHand, sentOrders } from "./by-hand.ts";
import { COMPARISON_MS, expectHealed } from "./healing.ts";
import { bookRecord, claimRecord, incidentRecord } from "./ledger-record.ts";

const GTC = { type: "limit", time_in_force: "gtc" } as const;
const ENTRY = { ...ORDER, ...GTC, limit_price: "60" } as const;
const EXIT = { ...SELL, ...GTC, limit_price: "80" } as const;
const NOT_FOUND = {
  kind: "refuse",
  status: 404,
  code: 40410000,
  message: "order not found",
} as const;
const LIST = { method: "GET", path: "/v2/orders" } as const;
const LONG_MS = 90_000;

/** The order that `body` makes, and of which `filled` were read: no read shows it any more. */
async function missing(body: object, { filled = "0", divergence = "adopt" } = {}) {
  const world = await openOrderWorld({ ...HELD, scriptedFills: true });
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open({ divergence });
  const sent = await world.send(sidecar, body);
  const id: string = sent.body.id;
  if (filled !== "0") world.simulator.fill({ orderId: id, quantity: filled, price: "80" });
  await world.advance(40_000);
  hide(world, id);
  return { world, sidecar, id, requestId: sent.headers.get("tradelatch-claim") ?? "" };
}

/** Neither by its id nor in a list. */
function hide(world: OrderWorld, id: string): void {
  const lag = { kind: "list_lag", lagMs: 24 * 60 * 60_000 } as const;
  const one = { method: "GET", path: `/v2/orders/${id}` } as const;
  world.simulator.addFaults([
    { match: one, fault: NOT_FOUND, times: 100_000 },
    { match: LIST, fault: lag, times: 100_000 },
  ]);
}

function hold(world: OrderWorld, quantity: string): void {
  world.simulator.setPositions([{ symbol: "TQQQ", quantity, averagePrice: "70" }]);
}

async function resolve({ started }: StartedSidecar, endClaimAs: OrderEnd | null) {
  const { latch } = started;
  const [told] = (await latch.incidents({ isOpen: true })).filter(isUnknown);
  const word = { version: told?.version ?? 0, reason: "the broker's page has none", by: "ann" };
  return latch.operator.resolve(told?.id ?? 0, { ...word, endClaimAs });
}

function isUnknown({ kind }: { readonly kind: string }): boolean {
  return kind === "unknown_outcome";
}

test("an order that the broker does not have any more is told of, and holds what it held", async () => {
  const { world, sidecar, id } = await missing(EXIT);
  await world.advance(20_000);
  expect(await incidentRecord(sidecar)).toEqual([]);
  await world.advance(10 * 60_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open"]);
  const [told] = await sidecar.started.latch.incidents();
  expect(told?.summary).toBe(
    `the broker took the order to sell 6 TQQQ as ${id}, and says that it has none of that id`,
  );
  expect(await claimRecord(sidecar)).toEqual(["sell 6 IN_RECONCILIATION"]);
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect((await world.send(sidecar, { ...SELL, client_order_id: "again" })).status).toBe(409);
  expect(sentOrders(world)).toHaveLength(1);
});

test("it is over once the broker shows the order again, also to a program that was started since", async () => {
  const { world, sidecar, id } = await missing(EXIT);
  await world.advance(LONG_MS);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open"]);
  await world.shut(sidecar);
  const next = await world.open();
  await world.advance(LONG_MS);
  expect(await incidentRecord(next)).toEqual(["unknown_outcome open"]);
  world.simulator.clearFaults();
  await world.advance(40_000);
  expect(await incidentRecord(next)).toEqual(["unknown_outcome outcome_known venue"]);
  world.simulator.fill({ orderId: id, quantity: "6", price: "80" });
  await expectHealed(world, next);
  expect(await claimRecord(next)).toEqual(["sell 6 filled venue"]);
  expect(await incidentRecord(next)).toHaveLength(1);
});

test("a read or two without the order are no matter", async () => {
  const { world, sidecar } = await missing(EXIT);
  await world.advance(25_000);
  world.simulator.clearFaults();
  await world.advance(10 * 60_000);
  expect(await incidentRecord(sidecar)).toEqual([]);
});

test.each(["adopt", "flatten"])(
  "what the position says meanwhile is told, and not taken over, where that is to %s",
  async (divergence) => {
    const { world, sidecar, requestId } = await missing(ENTRY, { divergence });
    hold(world, "0");
    await world.advance(3 * 60_000);
    expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open", "phantom open"]);
    expect(await bookRecord(sidecar)).toBe("6");
    const [position] = await sidecar.started.latch.incidents();
    expect(position?.next).toContain(requestId);
    expect(await claimRecord(sidecar)).toEqual(["buy 6 IN_RECONCILIATION"]);
    expect(sentOrders(world)).toHaveLength(1);

    world.simulator.clearFaults();
    await expectHealed(world, sidecar, { withinMs: LONG_MS });
    expect(await bookRecord(sidecar)).toBe("0");
    expect((await incidentRecord(sidecar))[0]).toBe("unknown_outcome outcome_known venue");
    expect(sentOrders(world)).toHaveLength(1);
  },
);

test("shares that it turns out to have bought count once", async () => {
  const { world, sidecar, id } = await missing(ENTRY);
  world.simulator.fill({ orderId: id, quantity: "6", price: "60" });
  await world.advance(3 * 60_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open", "quantity open"]);
  expect(await bookRecord(sidecar)).toBe("6");
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("12");
  expect(await claimRecord(sidecar)).toEqual(["buy 6 filled venue"]);
  expect(await incidentRecord(sidecar)).toEqual([
    "unknown_outcome outcome_known venue",
    "quantity agrees_again venue",
  ]);
});

test("they are not closed where a difference is to be flattened: there is none", async () => {
  const { world, sidecar, id } = await missing(ENTRY, { divergence: "flatten" });
  world.simulator.fill({ orderId: id, quantity: "6", price: "60" });
  await world.advance(3 * 60_000);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open", "quantity open"]);
  await expectHealed(world, sidecar);
  expect(await bookRecord(sidecar)).toBe("12");
  expect(sentOrders(world)).toHaveLength(1);
  expect(await incidentRecord(sidecar)).toEqual([
    "unknown_outcome outcome_known venue",
    "quantity agrees_again venue",
  ]);
});

test.each(["absent", "rejected"] as const)(
  "a person's word ends it as %s: its shares are free, and the position counts again",
  async (end) => {
    const { world, sidecar } = await missing(EXIT);
    hold(world, "4");
    await world.advance(3 * 60_000);
    expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open", "quantity open"]);
    expect(await resolve(sidecar, null)).toMatchObject({ kind: "claim_waits" });
    expect(await resolve(sidecar, end)).toMatchObject({ kind: "resolved" });
    expect(await claimRecord(sidecar)).toEqual([`sell 6 ${end} operator`]);
    expect(await bookRecord(sidecar)).toBe("6");
    await world.advance(LONG_MS);
    expect(await bookRecord(sidecar)).toBe("4");
    expect(await incidentRecord(sidecar)).toEqual([
      "unknown_outcome by_operator operator",
      "quantity adopted venue",
    ]);
  },
);

test("an exit whose shares are gone takes them with it, where a person says so and they are", async () => {
  const { world, sidecar } = await missing(EXIT);
  await world.advance(LONG_MS);
  expect(await resolve(sidecar, "already_flat")).toMatchObject({ kind: "exit_still_held" });
  hold(world, "0");
  expect(await resolve(sidecar, "already_flat")).toMatchObject({ kind: "resolved" });
  expect(await bookRecord(sidecar)).toBe("0");
  await expectHealed(world, sidecar);
  expect(await claimRecord(sidecar)).toEqual(["sell 6 already_flat operator"]);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome by_operator operator"]);
});

test("shares that it has filled stay filled, whatever a person says of the rest", async () => {
  const { world, sidecar, id } = await missing(EXIT, { filled: "2" });
  await cancelByHand(world, id);
  await world.advance(LONG_MS);
  expect(await resolve(sidecar, "absent")).toMatchObject({ kind: "resolved" });
  expect(await claimRecord(sidecar)).toEqual(["sell 6 partially_filled operator"]);
  expect(await bookRecord(sidecar)).toBe("4");
  expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(200);
});

test("the shares of a bracket's legs are free once a person has said that both are gone", async () => {
  const world = await openOrderWorld();
  world.comparePositions(COMPARISON_MS);
  const sidecar = await world.open();
  const legs = { take_profit: { limit_price: "80" }, stop_loss: { stop_price: "70" } };
  await world.send(sidecar, { ...ORDER, order_class: "bracket", ...legs });
  await world.advance(40_000);
  const [, ...exits] = world.simulator.orders();
  expect(exits).toHaveLength(2);
  for (const { id } of exits) hide(world, id);
  await world.advance(LONG_MS);
  expect(await incidentRecord(sidecar)).toEqual(["unknown_outcome open", "unknown_outcome open"]);
  expect(await resolve(sidecar, "absent")).toMatchObject({ kind: "resolved" });
  expect(await bookRecord(sidecar)).toBe("6 less 6");
  expect(await resolve(sidecar, "absent")).toMatchObject({ kind: "resolved" });
  expect(await bookRecord(sidecar)).toBe("6");
});

test("nothing is sent again under an id of the bot's own that the broker had taken", async () => {
  const exit = { ...EXIT, client_order_id: "exit-1" };
  const { world, sidecar } = await missing(exit);
  await world.advance(LONG_MS);
  expect(await resolve(sidecar, "absent")).toMatchObject({ kind: "resolved" });
  await world.send(sidecar, exit);
  expect(sentOrders(world)).toHaveLength(1);
});
