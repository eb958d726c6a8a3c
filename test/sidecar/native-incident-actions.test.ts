import { describe, expect, test } from "vitest";
import { type NativeBench, OPERATOR, OPERATOR_KEY, openNative } from "./native-bench.ts";
import { HELD, KEYS, ORDER, openOrderWorld, SELL } from "./orders-world.ts";
import { BOT } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const INCIDENTS = "/latch/v1/incidents";
const JSON_BODY = "Content-Type: application/json";
const WORD = { version: 1, reason: "sold by hand at 11:20" } as const;

async function post(
  { port }: Pick<NativeBench, "port">,
  target: string,
  body: unknown,
  lines: readonly string[],
) {
  const answer = await exchange(port, "POST", target, [...lines, JSON_BODY], JSON.stringify(body));
  return { status: answer.status, body: jsonOf(answer) };
}

describe("what a person may do over HTTP", () => {
  const ACTIONS = [
    ["resolve", WORD],
    ["adopt", { ...WORD, brokerQuantity: "0", bookQuantity: "6" }],
    ["flatten", { ...WORD, brokerQuantity: "6", bookQuantity: "0" }],
  ] as const;

  test.each(ACTIONS)(
    "%s is refused to a bot's key, and says which key it takes",
    async (action, body) => {
      const bench = await openNative();
      for (const lines of [BOT, [...BOT, "TradeLatch-Operator-Key: another-key-altogether"]]) {
        const told = await post(bench, `${INCIDENTS}/1/${action}`, body, lines);
        expect([told.status, told.body.tradelatch.error]).toEqual([403, "operator_key_refused"]);
        expect(told.body.tradelatch.hint).toContain("TradeLatch-Operator-Key");
      }
    },
  );

  test.each(ACTIONS)(
    "%s is refused where no operator key is set, with the remedy",
    async (action, body) => {
      const bench = await openNative({}, null);
      const told = await post(bench, `${INCIDENTS}/1/${action}`, body, [...BOT, ...OPERATOR]);
      expect([told.status, told.body.tradelatch.error]).toEqual([403, "operator_key_unset"]);
      expect(told.body.tradelatch.hint).toContain("TRADELATCH_OPERATOR_KEY");
    },
  );

  test.each(ACTIONS)("%s needs no bot's key beside the operator's", async (action, body) => {
    const bench = await openNative();
    const told = await post(bench, `${INCIDENTS}/1/${action}`, body, OPERATOR);
    expect([told.status, told.body.tradelatch.error]).toEqual([404, "incident_not_found"]);
  });

  test("the operator's key reads every page and sends no order", async () => {
    const bench = await openNative();
    expect((await bench.get("/latch/v1/claims", OPERATOR)).status).toBe(200);
    expect((await bench.get("/v2/account", OPERATOR)).status).toBe(401);
    const intent = { symbol: "TQQQ", side: "buy", quantity: "6" };
    const native = await post(bench, "/latch/v1/orders", { intent }, OPERATOR);
    const dropIn = await post(bench, "/v2/orders", {}, OPERATOR);
    expect([native.status, dropIn.status]).toEqual([401, 401]);
    expect(bench.broker.orders()).toEqual([]);
  });
});

/** A long of 6 that somebody sold past the latch, which only tells of it. */
async function openPhantom() {
  const world = await openOrderWorld();
  const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
  await world.send(sidecar, ORDER);
  await world.advance(5_000);
  await trade(world, SELL);
  world.comparePositions();
  await world.advance(90_000);
  return { world, sidecar, port: sidecar.sidecar.port };
}

type World = Awaited<ReturnType<typeof openOrderWorld>>;

async function trade({ simulator }: World, order: unknown): Promise<void> {
  const url = `${simulator.url}/v2/orders`;
  await fetch(url, { method: "POST", headers: KEYS, body: JSON.stringify(order) });
}

async function act(opened: Awaited<ReturnType<typeof openPhantom>>, action: string, body: object) {
  const { world, sidecar } = opened;
  const headers = { "TradeLatch-Operator-Key": OPERATOR_KEY };
  const path = `${INCIDENTS}/1/${action}`;
  return world.send(sidecar, body, { method: "POST", path, headers });
}

describe("an exit that a person says is flat already", () => {
  const MISMATCH = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
  const REFUSE = { kind: "refuse", status: 422, code: 42_210_000, message: MISMATCH } as const;
  const AWAY = { kind: "html", status: 503, accept: false } as const;
  const POSITIONS = { method: "GET", path: "/v2/positions*" } as const;

  /** An exit of 6 that the broker refused, while no position can be read. */
  async function openRefused() {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
    world.fault(REFUSE);
    await world.send(sidecar, SELL);
    world.simulator.addFaults([{ match: POSITIONS, fault: AWAY, times: 1_000 }]);
    await world.advance(30_000);
    return { world, sidecar, port: sidecar.sidecar.port };
  }

  async function endAsFlat(opened: Awaited<ReturnType<typeof openRefused>>) {
    const { latch } = opened.sidecar.started;
    const version = (await latch.incident(1))?.version;
    return act(opened, "resolve", { ...WORD, version, endClaimAs: "already_flat" });
  }

  test("is not believed while the broker cannot be read, nor while it holds the shares", async () => {
    const opened = await openRefused();
    const { latch } = opened.sidecar.started;
    const unread = await endAsFlat(opened);
    expect([unread.status, unread.body.tradelatch.error]).toEqual([503, "position_unreadable"]);
    opened.world.simulator.clearFaults();
    const held = await endAsFlat(opened);
    expect([held.status, held.body.tradelatch.error]).toEqual([409, "exit_still_held"]);
    expect(held.body.message).toBe("the broker holds 6 TQQQ now: the exit's shares are not gone");
    expect((await latch.book("TQQQ")).net).toBe("6");
    expect((await latch.incident(1))?.resolution).toBeNull();
  });

  test("is believed once they are gone", async () => {
    const opened = await openRefused();
    const { world, sidecar } = opened;
    await trade(world, SELL);
    world.simulator.clearFaults();
    expect((await endAsFlat(opened)).status).toBe(200);
    expect((await sidecar.started.latch.book("TQQQ")).net).toBe("0");
  });

  test("leaves no other exit lost: nothing is held", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
    world.fault({ ...REFUSE, message: "asset is under review" });
    await world.send(sidecar, SELL);
    await world.advance(30_000);
    world.fault(REFUSE);
    await world.send(sidecar, { ...SELL, type: "limit", limit_price: "74" });
    await trade(world, SELL);
    const { latch } = sidecar.started;
    expect((await latch.incidents()).map(({ kind }) => kind)).toEqual([
      "refused_exit",
      "lost_exit",
    ]);
    const version = (await latch.incident(2))?.version;
    const headers = { "TradeLatch-Operator-Key": OPERATOR_KEY };
    const path = `${INCIDENTS}/2/resolve`;
    const body = { ...WORD, version, endClaimAs: "already_flat" };
    expect((await world.send(sidecar, body, { method: "POST", path, headers })).status).toBe(200);
    expect((await latch.incident(1))?.resolution?.verdict).toBe("already_flat");
  });
});

test("an entry of which nobody knows does not end as an exit whose shares are gone", async () => {
  const world = await openOrderWorld(HELD);
  const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
  world.fault({ kind: "drop" });
  const unread = { match: { method: "GET", path: "/v2/orders" }, fault: { kind: "drop" } } as const;
  world.simulator.addFaults([{ ...unread, times: 1_000 }]);
  await world.send(sidecar, ORDER);
  await world.advance(120_000);
  const { latch } = sidecar.started;
  const [incident] = await latch.incidents();
  expect(incident).toMatchObject({ kind: "unknown_outcome", resolution: null });
  const headers = { "TradeLatch-Operator-Key": OPERATOR_KEY };
  const path = `${INCIDENTS}/1/resolve`;
  const body = { ...WORD, version: incident?.version, endClaimAs: "already_flat" };
  const told = await world.send(sidecar, body, { method: "POST", path, headers });
  expect(told.status).toBe(409);
  expect((await latch.book("TQQQ")).net).toBe("6");
  expect((await latch.incidents({ isOpen: true })).map(({ id }) => id)).toEqual([1]);
});

describe("adopting a position", () => {
  test("takes over what the broker holds, once the numbers are those that were confirmed", async () => {
    const opened = await openPhantom();
    const { latch } = opened.sidecar.started;
    const wrong = await act(opened, "adopt", { ...WORD, brokerQuantity: "2", bookQuantity: "6" });
    const stale = await act(opened, "adopt", { ...WORD, brokerQuantity: "0", bookQuantity: "5" });
    expect([wrong, stale].map(({ status, body }) => [status, body.tradelatch.error])).toEqual([
      [409, "position_moved"],
      [409, "position_moved"],
    ]);
    expect(wrong.body.message).toBe("the broker holds 0 TQQQ now, and 2 was confirmed");
    expect((await latch.book("TQQQ")).net).toBe("6");
    const body = { ...WORD, by: "ann", brokerQuantity: "0", bookQuantity: "6" };
    const told = await act(opened, "adopt", body);
    expect(told).toMatchObject({
      status: 200,
      body: {
        status: "resolved",
        resolution: {
          ...{ verdict: "adopted", provenance: "operator" },
          reason: "ann: sold by hand at 11:20; the book now holds 0 TQQQ, as the broker does",
        },
      },
    });
    expect((await latch.book("TQQQ")).net).toBe("0");
    const again = await act(opened, "adopt", body);
    expect([again.status, again.body.tradelatch.error]).toEqual([409, "incident_over"]);
  });
});

test.each(["resolve", "adopt", "flatten"])(
  "%s does nothing to an incident of another ledger that has the same number and version",
  async (action) => {
    const opened = await openPhantom();
    const { latch } = opened.sidecar.started;
    const numbers = action === "resolve" ? {} : { brokerQuantity: "0", bookQuantity: "6" };
    const seen = { ...WORD, ...numbers, openedAt: "2026-05-20T13:42:00.000Z" };
    const told = await act(opened, action, seen);
    expect([told.status, told.body.tradelatch.error]).toEqual([409, "incident_changed"]);
    expect(told.body.message).toContain("another one than was seen");
    expect(await latch.incident(1)).toMatchObject({ version: 1, resolution: null });
    if (action === "flatten") return;
    const { openedAt } = told.body.tradelatch.incident;
    expect((await act(opened, action, { ...seen, openedAt })).status).toBe(200);
  },
);

test("what our own order has filled is booked before a position is adopted, not with it", async () => {
  const opened = await openPhantom();
  const { world, sidecar } = opened;
  const { latch } = sidecar.started;
  await trade(world, { ...ORDER, qty: "4" });
  const exit = { ...SELL, qty: "1", type: "limit", limit_price: "80" };
  expect((await world.send(sidecar, exit)).status).toBe(200);
  await world.advance(40_000);
  // It fills, and the next poll is half a minute away.
  world.simulator.setPrice("TQQQ", "81");
  const shown = await latch.incident(1);
  const word = { ...WORD, version: shown?.version ?? 0, brokerQuantity: "3" };
  const early = await act(opened, "adopt", { ...word, bookQuantity: "6" });
  expect([early.status, early.body.tradelatch.error]).toEqual([409, "position_moved"]);
  expect((await latch.book("TQQQ")).net).toBe("5");
  const { version } = (await latch.incident(1)) ?? { version: 0 };
  expect((await act(opened, "adopt", { ...word, version, bookQuantity: "5" })).status).toBe(200);
  await world.advance(60_000);
  expect((await latch.book("TQQQ")).net).toBe("3");
});

test("a position is not adopted while a combo that may have moved it has no answer", async () => {
  const [LOW, HIGH] = ["SPY270115C00500000", "SPY270115C00510000"];
  const world = await openOrderWorld({ prices: { SPY: "500", [LOW]: "12.50", [HIGH]: "7.50" } });
  const sidecar = await world.open({ divergence: "observe", operatorKey: OPERATOR_KEY });
  world.comparePositions();
  world.simulator.setPositions([{ symbol: LOW, quantity: "1", averagePrice: "12" }]);
  await world.advance(60_000);
  const legs = [
    { symbol: LOW, ratio_qty: "1", side: "buy", position_intent: "buy_to_open" },
    { symbol: HIGH, ratio_qty: "1", side: "sell", position_intent: "sell_to_open" },
  ];
  world.fault({ kind: "accept_then_drop" });
  const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
  const page = { kind: "html", status: 502, accept: false } as const;
  world.simulator.addFaults([{ match, fault: page, times: 1_000 }]);
  const combo = { order_class: "mleg", qty: "2", type: "market", time_in_force: "day", legs };
  expect((await world.send(sidecar, combo)).status).toBe(409);
  const opened = { world, sidecar, port: sidecar.sidecar.port };
  const body = { ...WORD, brokerQuantity: "3", bookQuantity: "0" };
  const told = await act(opened, "adopt", body);
  expect([told.status, told.body.tradelatch.error]).toEqual([409, "incident_claim_waits"]);
  world.simulator.clearFaults();
  await world.advance(20_000);
  expect((await sidecar.started.latch.book(LOW)).net).toBe("2");
  expect((await act(opened, "adopt", { ...body, bookQuantity: "2" })).status).toBe(200);
  expect((await sidecar.started.latch.book(LOW)).net).toBe("3");
});

describe("flattening a position", () => {
  test("sends the next close where the last one was rejected, as soon as it is asked for", async () => {
    const opened = await openPhantom();
    const { world, sidecar } = opened;
    await trade(world, { ...ORDER, qty: "4" });
    world.fault({ kind: "reject_later" });
    const first = await act(opened, "flatten", { ...WORD, brokerQuantity: "4", bookQuantity: "6" });
    expect(first).toMatchObject({ status: 200, body: { close: { requestId: "flatten-1" } } });
    await world.advance(5_000);
    const { version } = (await sidecar.started.latch.incident(1)) ?? { version: 0 };
    const word = { ...WORD, version, brokerQuantity: "4", bookQuantity: "4" };
    const next = await act(opened, "flatten", word);
    expect(next).toMatchObject({ status: 200, body: { close: { requestId: "flatten-1-2" } } });
    await world.advance(60_000);
    expect(world.simulator.positions()).toEqual([]);
  });

  test("takes it over and closes it, once, by a claim like any other", async () => {
    const opened = await openPhantom();
    const { world, sidecar } = opened;
    const { latch } = sidecar.started;
    const held = async () => {
      const { rows } = await world.drive(latch.operator.positions());
      return rows[0]?.broker?.quantity ?? "0";
    };
    expect(await held()).toBe("0");
    await trade(world, { ...ORDER, qty: "4" });
    const nothing = await act(opened, "flatten", {
      ...WORD,
      brokerQuantity: "0",
      bookQuantity: "6",
    });
    expect([nothing.status, nothing.body.tradelatch.error]).toEqual([409, "position_moved"]);
    // A person is told to look at the numbers as they are now.
    expect(await held()).toBe("4");
    const before = world.simulator.orders().length;
    const body = { ...WORD, brokerQuantity: "4", bookQuantity: "6" };
    const told = await act(opened, "flatten", body);
    expect(told).toMatchObject({ status: 200, body: { close: { requestId: "flatten-1" } } });
    await world.advance(90_000);
    expect(world.simulator.orders().length).toBe(before + 1);
    expect(world.simulator.positions()).toEqual([]);
    expect((await latch.book("TQQQ")).net).toBe("0");
    expect((await latch.incident(1))?.resolution?.verdict).toBe("agrees_again");
    const again = await act(opened, "flatten", { ...body, version: 9 });
    expect(again.status).toBe(409);
    expect(world.simulator.orders().length).toBe(before + 1);
  });
});
