import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { tracingTrouble } from "../ledger/system-calls.ts";
import { CrashWorld, type Identity, type PlacedOrder } from "./crash-world.ts";
import type { Answer, KillableProgram, Strike } from "./killable-program.ts";

const trouble = tracingTrouble();

if (trouble !== undefined) {
  const hidden = process.env.CI === undefined;
  test.skipIf(hidden)(`a process can be killed at a system call (${trouble})`, () => {
    expect.fail(`no process can be killed at a system call, and in CI it must be: ${trouble}`);
  });
}

/** A frame of the WAL takes two calls; the claim and the answer are six frames or more. */
const FIRST_WRITE: Strike = { calls: "pwrite64", nth: 1 };
const IN_THE_MIDST: Strike = { calls: "pwrite64", nth: 4 };
const SYNC: Strike = { calls: "fsync,fdatasync", nth: 1 };
/** What has a head and a body: the POST to the broker, the answer to the client. */
const NEXT_MESSAGE: Strike = { calls: "writev", nth: 1 };
const NEVER: Strike = { calls: "pwrite64", nth: 60_000 };

/** A step that is never reached is to be told soon. */
const LIMIT_MS = 30_000;
const LIMIT = { type: "limit", limit_price: "70" };
/** The end of a transaction that wrote. */
const COMMITTED = /F_UNLCK.*l_start=120/;

describe.skipIf(trouble !== undefined)("kill -9", { timeout: LIMIT_MS }, () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await CrashWorld.open();
  });
  afterAll(() => world.close());

  /** How far the order had come when its program died. */
  async function remains(order: PlacedOrder) {
    const claim = await world.claimLeftOf(order);
    return { claim: stateOf(claim), orders: world.ordersOf(order).length };
  }

  /** Kills the program in front of a call that this order leads to. */
  async function strike(at: Strike, order: PlacedOrder) {
    const program = await world.programFor(at);
    await program.killAt(at);
    const answer = await program.send(order);
    expect(answer, `no ${at.calls} number ${at.nth} was reached`).toBe("cut");
    await program.ended;
    return lastCall(program);
  }

  /** A new start, and the client's repeat, which must get the one order that exists. */
  async function startAgain(order: PlacedOrder): Promise<Answer> {
    const next = await world.program();
    const answer = await world.insist(next, order);
    expectOneOrder(order, answer);
    return answer;
  }

  function expectOneOrder(order: PlacedOrder, answer: Answer): void {
    const [placed, ...others] = world.ordersOf(order);
    expect(others).toEqual([]);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body.id).toBe(placed?.id);
  }

  test.each<[string, Strike, Identity]>([
    ["before the first write of the claim", FIRST_WRITE, "no id"],
    ["in the midst of writing the claim", IN_THE_MIDST, "its own id"],
  ])("%s: no order was sent, and the repeat sends it", async (_, at, identity) => {
    const order = world.order(identity);
    expect(await strike(at, order)).toMatch(/^pwrite64\(.*latch\.db-wal/);
    expect(await remains(order)).toEqual({ claim: "none", orders: 0 });
    await startAgain(order);
    expect(world.posts(order)).toHaveLength(1);
  });

  test.each<[string, Strike, RegExp, Identity]>([
    [
      "after the claim was written, before its fsync",
      SYNC,
      /^f(data)?sync\(/,
      "an Idempotency-Key",
    ],
    ["after the claim, before the POST was sent", NEXT_MESSAGE, /POST \/v2\/orders/, "no id"],
    [
      "after the claim, before the POST of an order with an id",
      NEXT_MESSAGE,
      /POST \/v2\/orders/,
      "its own id",
    ],
  ])("%s: absence is proved before the repeat sends it", async (_, at, call, identity) => {
    const order = world.order(identity);
    expect(await strike(at, order)).toMatch(call);
    expect(await remains(order)).toEqual({ claim: "OPEN", orders: 0 });
    const lookUps = world.lookUps();
    await startAgain(order);
    expect(world.posts(order)).toHaveLength(1);
    expect(world.lookUps() - lookUps).toBeGreaterThanOrEqual(3);
  });

  test("after the POST was sent, before it arrived: the repeat gets what arrives", async () => {
    const order = world.order("an Idempotency-Key");
    const program = await world.program();
    world.fault({ kind: "arrive_late", delayMs: 1 });
    const lost = program.send(order);
    await world.until(() => world.posts(order).length === 1);
    await program.kill();
    expect(await lost).toBe("cut");
    expect(await remains(order)).toEqual({ claim: "OPEN", orders: 0 });
    const lookUps = world.lookUps();
    const next = await world.start({ keepsTime: false });
    const answer = next.send(order);
    await world.until(() => world.lookUps() > lookUps);
    world.keepTime();
    const given = await answer;
    expectOneOrder(order, given === "cut" ? expect.fail("cut") : given);
    expect(world.posts(order)).toHaveLength(1);
  });

  test("after the broker accepted, before it answered: the repeat gets that order", async () => {
    const order = world.order("its own id");
    const program = await world.program();
    world.fault({ kind: "accept_then_hang" });
    const lost = program.send(order);
    await world.until(() => world.ordersOf(order).length === 1);
    await program.kill();
    expect(await lost).toBe("cut");
    expect(await remains(order)).toEqual({ claim: "OPEN", orders: 1 });
    const answer = await startAgain(order);
    expect(answer.headers.get("idempotent-replayed")).toBe("true");
    expect(world.posts(order)).toHaveLength(1);
  });

  test.each<[string, Strike, RegExp, string, Identity]>([
    ["after the answer was read, before it was written", FIRST_WRITE, /^pwrite64/, "OPEN", "no id"],
    ["in the midst of writing the answer", IN_THE_MIDST, /^pwrite64/, "OPEN", "its own id"],
    [
      "after the answer was written, before the client got it",
      NEXT_MESSAGE,
      /HTTP\/1\.1 200/,
      "accepted",
      "an Idempotency-Key",
    ],
    [
      "after the answer was written, before a client without an id got it",
      NEXT_MESSAGE,
      /HTTP\/1\.1 200/,
      "accepted",
      "no id",
    ],
  ])("%s: the repeat gets that order", async (_, at, call, claim, identity) => {
    const order = world.order(identity);
    const program = await world.programFor(at);
    world.fault({ kind: "slow", delayMs: 1 });
    const lost = program.send(order);
    await world.until(() => world.ordersOf(order).length === 1);
    await program.killAt(at);
    world.keepTime();
    expect(await lost, `no ${at.calls} number ${at.nth} was reached`).toBe("cut");
    await program.ended;
    expect(lastCall(program)).toMatch(call);
    expect(await remains(order)).toEqual({ claim, orders: 1 });
    const answer = await startAgain(order);
    expect(answer.headers.get("idempotent-replayed")).toBe("true");
    expect(world.posts(order)).toHaveLength(1);
  });

  test("after the client was answered: the repeat gets the same order", async () => {
    const order = world.order("its own id");
    const program = await world.program();
    const first = await world.insist(program, order);
    await program.kill();
    expect(await remains(order)).toMatchObject({ orders: 1 });
    const answer = await startAgain(order);
    expect(answer.body.id).toBe(first.body.id);
    expect(world.posts(order)).toHaveLength(1);
  });

  test.each<[string, Strike, string, Identity]>([
    ["before its first write", FIRST_WRITE, "accepted", "an Idempotency-Key"],
    ["in the midst of writing it", IN_THE_MIDST, "accepted", "no id"],
    ["after it was written", NEVER, "SETTLED", "its own id"],
  ])("when the fill was read, %s: it counts once", async (_, at, claim, identity) => {
    const order = world.order(identity, LIMIT);
    const program = await world.programAtRest();
    const first = await world.insist(program, order);
    await program.killAt(at);
    world.broker.fill({ orderId: first.body.id, quantity: order.quantity });
    if (at === NEVER) {
      await program.untilTraced(COMMITTED);
      program.signal("SIGKILL");
    }
    await program.ended;
    expect(await remains(order)).toEqual({ claim, orders: 1 });
    const answer = await startAgain(order);
    expect(answer.body).toMatchObject({ id: first.body.id, status: "filled" });
    expect(world.posts(order)).toHaveLength(1);
  });

  test("has cost nothing in the end: store and broker agree to the last share", () =>
    world.verify());
});

function stateOf(claim: Claim | undefined): string {
  if (claim === undefined) return "none";
  const isWorking = claim.status === "IN_RECONCILIATION" && claim.brokerOrderId !== null;
  return isWorking ? "accepted" : claim.status;
}

/** The call in front of which the program died. */
function lastCall(program: KillableProgram): string {
  return program.trace.at(-1) ?? "none";
}
