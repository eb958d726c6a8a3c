import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import {
  type Answer,
  connectionRefused,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  type Request,
} from "./orders-world.ts";

type Cell = readonly [name: string, fault: Fault, isAccepted: boolean];

/** How the broker misbehaves, and whether the order of the faulty POST comes to be. */
const FAULTS: readonly Cell[] = [
  ["drops it", { kind: "drop" }, false],
  ["takes it and drops the connection", { kind: "accept_then_drop" }, true],
  ["takes it and never answers", { kind: "accept_then_hang" }, true],
  ["takes it and answers 500", { kind: "accept_then_error", status: 500 }, true],
  ["takes it and answers 503", { kind: "accept_then_error", status: 503 }, true],
  ["takes it and answers 504", { kind: "accept_then_error", status: 504 }, true],
  ["takes it and answers a page", { kind: "html", status: 502, accept: true }, true],
  ["answers a page with 200 and has it", { kind: "html", status: 200, accept: true }, true],
  ["answers a page and has nothing", { kind: "html", status: 502, accept: false }, false],
  ["is slower than the deadline", { kind: "slow", delayMs: 30_000 }, true],
  ["limits the rate", { kind: "rate_limited" }, false],
  ["limits the rate for a minute", { kind: "rate_limited", retryAfterSeconds: 60 }, false],
  ["gets it after three seconds", { kind: "arrive_late", delayMs: 3_000 }, true],
  ["gets it after twelve seconds", { kind: "arrive_late", delayMs: 12_000 }, true],
  ["gets it after a minute", { kind: "arrive_late", delayMs: 60_000 }, true],
];

const IDENTITIES: readonly (readonly [string, object, Request])[] = [
  ["no id", {}, {}],
  ["a client_order_id of its own", { client_order_id: "bot-2026-05-21-1" }, {}],
  ["an Idempotency-Key", {}, { headers: { "idempotency-key": '"bot-key-1"' } }],
];

/** No client resends on any of these answers, and none has waited in vain. */
function expectHarmless(answers: readonly Answer[]): void {
  for (const { status, tookMs, headers } of answers) {
    expect(status).toBeLessThan(500);
    expect(status).not.toBe(429);
    expect(tookMs).toBeLessThan(10_000);
    if (status !== 409) continue;
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(headers.get("retry-after"))).toBeLessThan(22);
  }
}

/** The client knows the one order there is, and stays right however long it goes on. */
async function expectOneOrder(world: OrderWorld, answers: readonly Answer[]): Promise<void> {
  await world.advance(90_000);
  const orders = world.simulator.orders();
  expect(orders).toHaveLength(1);
  const last = answers.at(-1);
  expect(last?.status).toBe(200);
  expect(last?.body.id).toBe(orders[0]?.id);
  expectHarmless(answers);
}

describe.each(IDENTITIES)("with %s, when the broker", (_, terms, request) => {
  test.each(FAULTS)("%s, there is one order and its client knows it", async (...cell) => {
    const [, fault, isAccepted] = cell;
    const world = await openOrderWorld();
    const sidecar = await world.open();
    world.fault(fault);
    const answers = await world.insist(sidecar, { ...ORDER, ...terms }, request);
    if (!isAccepted && fault.kind !== "rate_limited") expect(answers[0]?.status).toBe(409);
    await expectOneOrder(world, answers);
    const isOnePost = isAccepted && fault.kind !== "arrive_late";
    if (isOnePost) expect(world.posts()).toHaveLength(1);
  });

  test("is away, nothing is sent until it is back, and then once", async () => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    sidecar.gate = () => connectionRefused();
    const first = await world.send(sidecar, { ...ORDER, ...terms }, request);
    expect(first).toMatchObject({ status: 409, body: { tradelatch: { status: "BLOCKED" } } });
    expect(world.posts()).toEqual([]);
    sidecar.gate = () => "pass";
    const answers = await world.insist(sidecar, { ...ORDER, ...terms }, request);
    expect(world.posts()).toHaveLength(1);
    await expectOneOrder(world, [first, ...answers]);
  });

  test.each([
    [403, 40310000, "insufficient buying power"],
    [422, 42210000, "qty must be > 0"],
  ])("refuses with %i, its client is told so in the broker's words", async (...refusal) => {
    const [status, code, message] = refusal;
    const world = await openOrderWorld();
    const sidecar = await world.open();
    world.fault({ kind: "refuse", status, code, message });
    const answers = await world.insist(sidecar, { ...ORDER, ...terms }, request);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ status, body: { code, message } });
    expect(answers[0]?.body.tradelatch.cause.requestId).toBeTruthy();
    await world.advance(90_000);
    expect(world.simulator.orders()).toEqual([]);
    expect(world.posts()).toHaveLength(1);
    expectHarmless(answers);
  });
});

test("an order whose record cannot be read in time is told as last known, within ten seconds", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "accept_then_hang" });
  world.simulator.addFaults([
    {
      match: { method: "GET", path: "/v2/orders/*" },
      fault: { kind: "slow", delayMs: 60_000 },
      times: 1_000,
    },
  ]);
  const answer = await world.send(sidecar, ORDER);
  expect(answer).toMatchObject({ status: 200, body: { id: world.simulator.orders()[0]?.id } });
  expect(answer.headers.get("tradelatch-order")).toBe("last-known");
  expect(answer.tookMs).toBeLessThan(10_000);
  world.simulator.clearFaults();
  await expectOneOrder(world, await world.insist(sidecar, ORDER));
});

test.each(IDENTITIES)(
  "an order that the broker hides for a minute is not sent twice, with %s",
  async (_, terms, request) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 60_000 });
    world.fault({ kind: "list_lag", lagMs: 60_000 });
    const answers = await world.insist(sidecar, { ...ORDER, ...terms }, request);
    await expectOneOrder(world, answers);
  },
);

test.each(["accept_then_drop", "accept_then_hang"] as const)(
  "a bot that makes a new client_order_id for every try gets its first order: %s",
  async (kind) => {
    const world = await openOrderWorld();
    const sidecar = await world.open();
    world.fault({ kind });
    world.fault({ kind: "client_id_lag", lagMs: 12_000 });
    world.fault({ kind: "list_lag", lagMs: 12_000 });
    const send = (name: string) => world.send(sidecar, { ...ORDER, client_order_id: name });
    const answers = [await send("try-1"), await send("try-2"), await send("try-3")];
    expect(answers[0]?.status).toBe(409);
    expect(world.simulator.orders()).toHaveLength(1);
    expect(answers.at(-1)?.body.id).toBe(world.simulator.orders()[0]?.id);
    expectHarmless(answers);
  },
);

test("a broker that fails three times in a row gets the order once", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open();
  world.fault({ kind: "html", status: 503, accept: false }, 3);
  await expectOneOrder(world, await world.insist(sidecar, ORDER));
});
