import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import {
  HELD,
  KEYS,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "./orders-world.ts";

const LIMIT = { ...ORDER, type: "limit", limit_price: "70" } as const;
const EXIT = { ...SELL, type: "limit", limit_price: "90" } as const;

/** A working order, past the state in which the broker would not replace it. */
async function working(body: object = LIMIT, options = {}) {
  const world = await openOrderWorld(options);
  const sidecar = await world.open();
  const placed = await world.send(sidecar, body);
  expect(placed.status).toBe(200);
  await world.advance(3_000);
  return { world, sidecar, id: placed.body.id as string };
}

function patch(world: OrderWorld, sidecar: StartedSidecar, id: string, body: object) {
  return world.send(sidecar, body, { method: "PATCH", path: `/v2/orders/${id}` });
}

function patches(world: OrderWorld) {
  return world.simulator.requests().filter(({ method }) => method === "PATCH");
}

function faultOfPatch(world: OrderWorld, fault: Fault) {
  world.simulator.addFaults([{ match: { method: "PATCH" }, fault }]);
}

describe("an order that is replaced", () => {
  test("gets the broker's answer, and its claim follows to the new order and its fills", async () => {
    const { world, sidecar, id } = await working();
    const answer = await patch(world, sidecar, id, { limit_price: "71", qty: 8 });
    expect(answer).toMatchObject({ status: 200, body: { replaces: id, qty: "8" } });
    expect(answer.headers.get("tradelatch-status")).toBe("PROCEED");
    await world.advance(5_000);
    const [claim] = await world.claims(sidecar);
    expect(claim).toMatchObject({ brokerOrderId: answer.body.id, replacing: null });
    world.simulator.setPrice("TQQQ", "70.5");
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toEqual([]);
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "8" });
  });

  test("is the same order for a repeat of the first request: it gets the new one", async () => {
    const { world, sidecar, id } = await working();
    const replaced = await patch(world, sidecar, id, { limit_price: "71" });
    await world.advance(5_000);
    const repeat = await world.send(sidecar, LIMIT);
    expect(repeat).toMatchObject({ status: 200, body: { id: replaced.body.id } });
    expect(world.posts()).toHaveLength(1);
  });

  test("is replaced once by the same request sent twice, also at once and in other digits", async () => {
    const { world, sidecar, id } = await working();
    const [first, second] = await Promise.all([
      patch(world, sidecar, id, { limit_price: 71 }),
      patch(world, sidecar, id, { limit_price: "71" }),
    ]);
    expect([first?.status, second?.status]).toEqual([200, 200]);
    expect(second?.body.id).toBe(first?.body.id);
    await world.advance(5_000);
    const later = await patch(world, sidecar, id, { limit_price: "71" });
    expect(later.body.id).toBe(first?.body.id);
    expect(later.headers.get("idempotent-replayed")).toBe("true");
    expect(patches(world)).toHaveLength(1);
  });

  test("is not replaced again by other terms under its old id: the broker's own refusal", async () => {
    const { world, sidecar, id } = await working();
    await patch(world, sidecar, id, { limit_price: "71" });
    await world.advance(5_000);
    const other = await patch(world, sidecar, id, { limit_price: "72" });
    expect(other).toMatchObject({
      status: 422,
      body: { code: 42210000, message: 'order is already in "replaced" state' },
    });
  });

  test.each([
    ["limit_price", { limit_price: "72" }],
    ["qty", { limit_price: "71", qty: "7" }],
    ["time_in_force", { limit_price: "71", time_in_force: "gtc" }],
  ])("is no answer to a request of the same name with another %s", async (_, terms) => {
    const { world, sidecar, id } = await working();
    const named = { client_order_id: "mine-2" };
    await patch(world, sidecar, id, { limit_price: 71, qty: "6", ...named });
    const taken = { status: 422, body: { code: 40010001 } };
    expect(await patch(world, sidecar, id, { ...terms, ...named })).toMatchObject(taken);
    await world.advance(5_000);
    expect(await patch(world, sidecar, id, { ...terms, ...named })).toMatchObject(taken);
    const repeat = await patch(world, sidecar, id, { limit_price: "71.0", qty: 6, ...named });
    expect(repeat).toMatchObject({ status: 200, body: { limit_price: "71" } });
    expect(patches(world)).toHaveLength(1);
  });

  test("is known by its id in capitals too, as some languages write a UUID", async () => {
    const { world, sidecar, id } = await working();
    const answer = await patch(world, sidecar, id.toUpperCase(), { limit_price: "71" });
    expect(answer).toMatchObject({ status: 200, body: { replaces: id } });
    const path = `/v2/orders/${answer.body.id.toUpperCase()}`;
    await world.advance(3_000);
    expect((await world.send(sidecar, "", { method: "DELETE", path })).status).toBe(204);
    await world.advance(5_000);
    const events = await sidecar.started.latch.events();
    expect(events.map(({ body }) => body.type)).toContain("cancel_passed");
  });

  test("can be replaced again under its new id, and keeps the bot's own names", async () => {
    const { world, sidecar, id } = await working();
    const terms = { limit_price: "71", client_order_id: "mine-2" };
    const first = await patch(world, sidecar, id, terms);
    expect(first.body.client_order_id).toBe("mine-2");
    await world.advance(5_000);
    const second = await patch(world, sidecar, first.body.id, { limit_price: "72" });
    expect(second).toMatchObject({ status: 200, body: { replaces: first.body.id } });
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toMatchObject([{ brokerOrderId: second.body.id }]);
  });
});

describe("a replacement whose answer is lost", () => {
  test.each<[string, Fault]>([
    ["the connection is cut", { kind: "accept_then_drop" }],
    ["it hangs", { kind: "accept_then_hang" }],
    ["a 504 comes in its place", { kind: "accept_then_error", status: 504 }],
    ["a web page comes in its place", { kind: "html", status: 200, accept: true }],
  ])("is found under its own id when %s", async (_, fault) => {
    const { world, sidecar, id } = await working();
    faultOfPatch(world, fault);
    const answer = await patch(world, sidecar, id, { limit_price: "71" });
    expect(answer).toMatchObject({ status: 200, body: { replaces: id, limit_price: "71" } });
    expect(answer.tookMs).toBeLessThan(10_000);
    expect(patches(world)).toHaveLength(1);
  });

  test("is told as unknown within ten seconds, however long its answer was waited for", async () => {
    const { world, sidecar, id } = await working();
    faultOfPatch(world, { kind: "accept_then_hang" });
    const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    const fault = { kind: "html", status: 502, accept: false } as const;
    world.simulator.addFaults([{ match, fault, times: 1_000 }]);
    const answer = await patch(world, sidecar, id, { limit_price: "71" });
    expect(answer).toMatchObject({ status: 409, body: { tradelatch: { status: "PENDING" } } });
    expect(answer.tookMs).toBeLessThan(10_000);
  });

  test("is told as unknown within ten seconds, though the reads before it took their time too", async () => {
    const { world, sidecar, id } = await working();
    faultOfPatch(world, { kind: "accept_then_hang" });
    const path = `/v2/orders/${id}`;
    const slow = { kind: "slow", delayMs: 4_500 } as const;
    const match = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    world.simulator.addFaults([
      { match: { method: "GET", path }, fault: slow },
      { match, fault: { kind: "accept_then_hang" }, times: 2 },
    ]);
    const answer = await patch(world, sidecar, id, { limit_price: "71" });
    expect(answer).toMatchObject({ status: 409, body: { tradelatch: { status: "PENDING" } } });
    expect(answer.tookMs).toBeLessThan(10_000);
    await world.advance(20_000);
    const repeat = await patch(world, sidecar, id, { limit_price: "71" });
    expect(repeat).toMatchObject({ status: 200, body: { replaces: id, limit_price: "71" } });
    expect(patches(world)).toHaveLength(1);
  });

  test.each<[string, Fault]>([
    ["dropped", { kind: "drop" }],
    ["answered with 503 without being taken", { kind: "refuse", status: 503, message: "down" }],
  ])(
    "and that was %s is told as unknown, and made once when it is sent again",
    async (_, fault) => {
      const { world, sidecar, id } = await working();
      faultOfPatch(world, fault);
      const first = await patch(world, sidecar, id, { limit_price: "71" });
      expect(first).toMatchObject({ status: 409, body: { tradelatch: { status: "PENDING" } } });
      expect(first.headers.get("retry-after")).toBe("5");
      await world.advance(5_000);
      const second = await patch(world, sidecar, id, { limit_price: "71" });
      expect(second).toMatchObject({ status: 200, body: { replaces: id } });
      expect(world.simulator.orders()).toHaveLength(2);
    },
  );
});

test.each<[string, Fault]>([
  ["a web page", { kind: "html", status: 502, accept: false }],
  ["not found", { kind: "refuse", status: 404, code: 40410000, message: "order not found" }],
])(
  "a replacement that was made and reads as %s is told as unknown until it reads",
  async (_, read) => {
    const { world, sidecar, id } = await working();
    faultOfPatch(world, { kind: "accept_then_drop" });
    const byName = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    world.simulator.addFaults([{ match: byName, fault: read, times: 1_000 }]);
    const unknown = { status: 409, body: { tradelatch: { status: "PENDING" } } };
    expect(await patch(world, sidecar, id, { limit_price: "71" })).toMatchObject(unknown);
    const made = world.simulator.orders().find(({ replaces }) => replaces === id);
    const byId = { method: "GET", path: `/v2/orders/${made?.id}` } as const;
    world.simulator.addFaults([{ match: byId, fault: read, times: 1_000 }]);
    const again = await patch(world, sidecar, id, { limit_price: "71" });
    expect(again).toMatchObject(unknown);
    expect(again.headers.get("retry-after")).toBe("5");
    world.simulator.clearFaults();
    const last = await patch(world, sidecar, id, { limit_price: "71" });
    expect(last).toMatchObject({ status: 200, body: { id: made?.id } });
    expect(patches(world)).toHaveLength(1);
  },
);

describe("an order that has ended", () => {
  test.each<[string, (world: OrderWorld, sidecar: StartedSidecar, id: string) => Promise<unknown>]>(
    [
      ["filled", async (world) => world.simulator.setPrice("TQQQ", "69")],
      [
        "canceled",
        (world, sidecar, id) =>
          world.send(sidecar, "", { method: "DELETE", path: `/v2/orders/${id}` }),
      ],
      ["replaced", (world, sidecar, id) => patch(world, sidecar, id, { limit_price: "72" })],
    ],
  )("as %s is replaced by nothing, and the broker says so at once", async (status, end) => {
    const { world, sidecar, id } = await working();
    await end(world, sidecar, id);
    const refused = {
      ...{ status: 422, tookMs: 0 },
      body: { code: 42210000, message: `order is already in "${status}" state` },
    };
    expect(await patch(world, sidecar, id, { limit_price: "71" })).toMatchObject(refused);
    await world.advance(5_000);
    expect(await patch(world, sidecar, id, { limit_price: "71" })).toMatchObject(refused);
  });
});

test("a replacement that never came gives its shares back, though nobody asks for it again", async () => {
  const positions = [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }];
  const { world, sidecar, id } = await working(EXIT, { positions });
  for (const qty of ["8", "9"]) {
    faultOfPatch(world, { kind: "drop" });
    expect((await patch(world, sidecar, id, { qty })).status).toBe(409);
    await world.advance(5_000);
  }
  expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(403);
  await world.advance(30_000);
  expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(200);
  expect(await world.claims(sidecar)).toMatchObject([{ replacing: null }, {}]);
});

test("a replacement that was taken and rejected afterwards gives its shares back", async () => {
  const positions = [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }];
  const { world, sidecar, id } = await working(EXIT, { positions });
  faultOfPatch(world, { kind: "reject_later" });
  expect((await patch(world, sidecar, id, { qty: "9" })).status).toBe(200);
  await world.advance(40_000);
  expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(200);
});

describe("an exit that is replaced", () => {
  test("may not ask for more shares than are held", async () => {
    const { world, sidecar, id } = await working(EXIT, HELD);
    const answer = await patch(world, sidecar, id, { qty: "7" });
    expect(answer).toMatchObject({
      status: 403,
      body: {
        code: 40310000,
        message: "insufficient qty available for order (requested: 7, available: 6)",
        tradelatch: { error: "insufficient_quantity", available: "6" },
      },
    });
    expect(patches(world)).toEqual([]);
  });

  const ADD = { ...LIMIT, qty: "4" } as const;

  test("may ask for shares that an entry has filled, though nobody has told of it", async () => {
    const { world, sidecar, id } = await working(EXIT, HELD);
    await world.send(sidecar, ADD);
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "69");
    const answer = await patch(world, sidecar, id, { qty: "10" });
    expect(answer).toMatchObject({ status: 200, body: { replaces: id, qty: "10" } });
  });

  test("is not refused for certain while what an entry has filled cannot be read", async () => {
    const { world, sidecar, id } = await working(EXIT, HELD);
    const add = await world.send(sidecar, ADD);
    await world.advance(60_000);
    world.simulator.setPrice("TQQQ", "69");
    for (const path of ["/v2/orders", `/v2/orders/${add.body.id}`]) {
      const fault = { kind: "html", status: 502, accept: false } as const;
      world.simulator.addFaults([{ match: { method: "GET", path }, fault, times: 100 }]);
    }
    const told = await patch(world, sidecar, id, { qty: "10" });
    expect(told).toMatchObject({ status: 409, body: { tradelatch: { error: "order_not_taken" } } });
    expect(told.body.message).toContain("could not be read");
    expect(patches(world)).toEqual([]);
    world.simulator.clearFaults();
    expect((await patch(world, sidecar, id, { qty: "10" })).status).toBe(200);
  });

  test("is told so within ten seconds, though each of these reads hangs", async () => {
    const { world, sidecar, id } = await working(EXIT, HELD);
    const add = await world.send(sidecar, ADD);
    await world.advance(60_000);
    for (const path of ["/v2/orders", `/v2/orders/${add.body.id}`]) {
      const fault = { kind: "accept_then_hang" } as const;
      world.simulator.addFaults([{ match: { method: "GET", path }, fault, times: 100 }]);
    }
    const told = await patch(world, sidecar, id, { qty: "10" });
    expect(told).toMatchObject({ status: 409, body: { tradelatch: { error: "order_not_taken" } } });
    expect(told.tookMs).toBeLessThan(10_000);
    expect(patches(world)).toEqual([]);
  });

  test("passes its reservation on: a smaller one leaves shares for another exit", async () => {
    const { world, sidecar, id } = await working(EXIT, HELD);
    const before = await world.send(sidecar, { ...EXIT, qty: "2" });
    expect(before.body.tradelatch.error).toBe("insufficient_quantity");
    expect((await patch(world, sidecar, id, { qty: "4" })).status).toBe(200);
    await world.advance(5_000);
    expect((await world.send(sidecar, { ...EXIT, qty: "2" })).status).toBe(200);
    expect((await world.send(sidecar, { ...EXIT, qty: "1" })).status).toBe(403);
    world.simulator.setPrice("TQQQ", "91");
    await world.advance(5_000);
    expect(await world.claims(sidecar)).toEqual([]);
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "0", reservations: [] });
  });

  test("gives the shares back where the broker refuses the replacement", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "10", averagePrice: "70" }];
    const { world, sidecar, id } = await working(EXIT, { positions });
    faultOfPatch(world, {
      kind: "refuse",
      status: 422,
      code: 42210000,
      message: "cannot replace order in accepted status",
    });
    const refused = await patch(world, sidecar, id, { qty: "10" });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        message: "cannot replace order in accepted status",
        tradelatch: {
          ...{ status: "BLOCKED", error: "refused_by_broker", hint: expect.any(String) },
          cause: { requestId: refused.headers.get("tradelatch-claim") },
        },
      },
    });
    expect((await world.send(sidecar, { ...EXIT, qty: "4" })).status).toBe(200);
  });
});

describe("a replacement that is not made", () => {
  test("of an order that nobody knows gets Alpaca's 404", async () => {
    const { world, sidecar } = await working();
    const unknown = "904837e3-3b76-47ec-b432-046db621571b";
    expect(await patch(world, sidecar, unknown, { limit_price: "71" })).toMatchObject({
      status: 404,
      body: {
        ...{ code: 40410000, message: `order not found for ${unknown}` },
        tradelatch: { error: "order_not_found", hint: expect.stringContaining("no such order") },
      },
    });
  });

  test.each([
    ["qty", { qty: 0 }, 422],
    ["qty", { qty: "-1" }, 422],
    ["qty", { qty: "many" }, 422],
    ["qty", { qty: { toString: 1 } }, 422],
    ["qty", { qty: ["1"] }, 422],
    ["client_order_id", { client_order_id: { toString: null } }, 422],
    ["well-formed", { note: "\ud800" }, 422],
    ["Limit_Price", { Limit_Price: "71" }, 422],
  ])("names the %s that cannot be read: %j", async (name, body, status) => {
    const { world, sidecar, id } = await working();
    const answer = await patch(world, sidecar, id, body);
    expect(answer.status).toBe(status);
    const tradelatch = { error: expect.any(String), hint: expect.any(String) };
    expect(answer.body.tradelatch).toMatchObject(tradelatch);
    expect(answer.body.message).toContain(name);
    expect(patches(world)).toEqual([]);
  });

  test("by a name that another order has gets the broker's 422", async () => {
    const { world, sidecar, id } = await working();
    await world.send(sidecar, { ...ORDER, symbol: "SPY", qty: "1", client_order_id: "taken" });
    const answer = await patch(world, sidecar, id, { limit_price: "71", client_order_id: "taken" });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 40010001, tradelatch: { error: "refused_by_broker" } },
    });
  });

  test("says that nothing was sent where the broker cannot be asked", async () => {
    const { world, sidecar, id } = await working();
    sidecar.gate = () => Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const answer = await patch(world, sidecar, id, { limit_price: "71" });
    expect(answer).toMatchObject({ status: 409, body: { code: 40990002 } });
  });
});

test("an order made by hand is replaced by the same rules, without a claim", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  const made = await fetch(`${world.simulator.url}/v2/orders`, {
    method: "POST",
    headers: KEYS,
    body: JSON.stringify(LIMIT),
  });
  const { id } = (await made.json()) as { id: string };
  await world.advance(3_000);
  const first = await patch(world, sidecar, id, { limit_price: "71" });
  expect(first).toMatchObject({ status: 200, body: { replaces: id } });
  await world.advance(3_000);
  const repeat = await patch(world, sidecar, id, { limit_price: "71" });
  expect(repeat.body.id).toBe(first.body.id);
  expect(first.headers.get("tradelatch-claim")).toBeNull();
  expect(patches(world)).toHaveLength(1);
});

test("a cancel that passes is on record with the claim of its order", async () => {
  const { world, sidecar, id } = await working();
  const canceled = await world.send(sidecar, "", { method: "DELETE", path: `/v2/orders/${id}` });
  expect(canceled.status).toBe(204);
  await world.advance(5_000);
  const events = await sidecar.started.latch.events();
  const types = events.map(({ body }) => body.type);
  expect(types).toContain("cancel_passed");
  expect(types).toContain("order_ended");
});

describe("on record", () => {
  async function listed({ started }: StartedSidecar, action: string) {
    const { items } = await started.latch.audit.page({ action });
    return items.map(({ type, status, outcome, code, cause }) => ({
      ...{ type, status, outcome, code, cause },
    }));
  }

  test("every answer to a replacement stands, apart from how its order ends", async () => {
    const { world, sidecar, id } = await working();
    const made = await patch(world, sidecar, id, { limit_price: "71" });
    await world.advance(3_000);
    await patch(world, sidecar, id, { limit_price: "71" });
    // A repeat is written a little later than what happened at the same time.
    await world.advance(2_000);
    const message = "cannot replace order in accepted status";
    faultOfPatch(world, { kind: "refuse", status: 422, code: 42210000, message });
    await patch(world, sidecar, made.body.id, { limit_price: "73" });
    world.simulator.setPrice("TQQQ", "70");
    await world.advance(5_000);
    const rows = await listed(sidecar, "replace");
    expect(rows.map(({ outcome }) => outcome)).toEqual(rows.map(() => null));
    const refused = { status: "BLOCKED", code: "refused_by_broker" };
    expect(rows.reverse()).toMatchObject([
      { type: "replace_requested", cause: expect.stringMatching(/^another order is asked for/) },
      { type: "order_replaced", cause: `replaced by the order ${made.body.id}` },
      { type: "replace_answered", status: "SKIP", code: null },
      { type: "replace_requested" },
      { type: "replace_dropped", cause: expect.stringContaining(message) },
      { type: "replace_answered", ...refused },
    ]);
  });

  test("a cancel stands with what the broker answered", async () => {
    const { world, sidecar, id } = await working();
    const cancel = { method: "DELETE", path: `/v2/orders/${id}` };
    expect((await world.send(sidecar, "", cancel)).status).toBe(204);
    await world.advance(5_000);
    expect((await world.send(sidecar, "", cancel)).status).toBe(422);
    await world.advance(5_000);
    expect((await listed(sidecar, "cancel")).map(({ cause }) => cause)).toEqual([
      ...["the broker's answer: 422", "the broker's answer: 204"],
    ]);
  });
});
