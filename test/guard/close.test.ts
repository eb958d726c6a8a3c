/** A guard that is closed waits for the actions that are under way, and begins none behind them. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, test } from "vitest";
import type { GuardVerdict } from "../../src/guard/guard.ts";
import { UnderWay } from "../../src/guard/under-way.ts";
import { DrivenClock, guardWorld, LEASE_MS, PAYMENT, START } from "./guard-world.ts";

const RESULT = { id: "payment-1" };
const ANOTHER = { ...PAYMENT, requestId: "invoice-1043" };
const never = () => new Promise<never>(() => undefined);

/** An action that is at the provider until the test lets it go on. */
async function underWay() {
  const world = await guardWorld();
  const { begun, answer, run } = action();
  const called = world.guard.execute({ ...PAYMENT, run });
  await begun;
  return { ...world, called, answer };
}

function action() {
  let begin: () => void = () => undefined;
  let answer: (result: unknown) => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answered = new Promise<unknown>((resolve) => {
    answer = resolve;
  });
  const run = () => {
    begin();
    return answered;
  };
  return { begun, answer, run };
}

async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  for (let turn = 0; turn < 20 && !over; turn += 1) await turnOfTheLoop();
  return over;
}

test("an action that is under way is put on record before its guard is closed", async () => {
  const { guard, called, answer, another } = await underWay();
  const closed = guard.close();
  expect(await isOver(closed)).toBe(false);
  answer(RESULT);
  expect(await called).toMatchObject({ status: "done", result: RESULT, isRepeat: false });
  await closed;
  const next = await another();
  expect(await next.execute({ ...PAYMENT, run: never })).toMatchObject({ isRepeat: true });
});

test("what an action ended with is on record too, and has its incident", async () => {
  const { guard, called, answer, another } = await underWay();
  const closed = guard.close();
  answer(Promise.reject(new Error("reset")));
  expect(await called).toMatchObject({ status: "unresolved", incident: 1 });
  await closed;
  const next = await another();
  expect(await next.get(PAYMENT.requestId)).toMatchObject({ status: "IN_RECONCILIATION" });
});

test("no action is begun once those that were under way have ended", async () => {
  const { guard, called, answer, another } = await underWay();
  const refused = { code: "store_closed", message: "the guard is closed" };
  const later = action();
  const closed = guard.close();
  const second = guard.execute({ ...ANOTHER, run: later.run });
  await later.begun;
  answer(RESULT);
  await called;
  const third = { ...PAYMENT, requestId: "invoice-1044" };
  await expect(guard.execute({ ...third, run: never })).rejects.toMatchObject(refused);
  await expect(guard.claim(third)).rejects.toMatchObject(refused);
  expect(await isOver(closed)).toBe(false);
  later.answer(RESULT);
  expect(await second).toMatchObject({ status: "done" });
  await closed;
  expect(await (await another()).get(third.requestId)).toBeUndefined();
});

test("a guard at rest begins nothing once it is closed", async () => {
  const { guard } = await guardWorld();
  const closed = guard.close();
  const call = guard.execute({ ...PAYMENT, run: never });
  await expect(call).rejects.toMatchObject({ code: "store_closed" });
  await closed;
});

test("what an action that is under way needs itself is still done", async () => {
  const { guard, another } = await guardWorld();
  const { begun, answer, run } = action();
  const called = guard.execute({
    ...PAYMENT,
    run: async () => {
      await run();
      return guard.execute({ ...ANOTHER, run: () => RESULT });
    },
  });
  await begun;
  const closed = guard.close();
  answer(undefined);
  expect(await called).toMatchObject({ status: "done", result: { status: "done" } });
  await closed;
  expect(await (await another()).get(ANOTHER.requestId)).toMatchObject({ outcome: "done" });
});

test("a second run is read for and begun although its guard is being closed", async () => {
  const { guard, clock } = await guardWorld();
  await guard.claim(PAYMENT);
  clock.advance(LEASE_MS);
  const { begun, answer, run } = action();
  const verify = run as () => Promise<GuardVerdict>;
  const called = guard.execute({ ...PAYMENT, verify, run: () => RESULT });
  await begun;
  const closed = guard.close();
  answer({ kind: "absent" });
  expect(await called).toMatchObject({ status: "done", result: RESULT });
  await closed;
});

test("an action that takes too long is left to its lease, and its caller is told so", async () => {
  const { guard, clock, called, answer, another } = await underWay();
  const closed = guard.close({ waitMs: 5_000 });
  expect(await isOver(closed)).toBe(false);
  clock.advance(4_999);
  expect(await isOver(closed)).toBe(false);
  clock.advance(1);
  await closed;
  answer(RESULT);
  expect(await called).toMatchObject({ status: "unresolved", error: { code: "store_closed" } });
  expect(await (await another()).get(PAYMENT.requestId)).toMatchObject({ status: "OPEN" });
});

test("an action that takes too long begins no other one once its guard is closed", async () => {
  const clock = new DrivenClock(START);
  const actions = new UnderWay();
  void actions.run("invoice-1042", never);
  expect(await actions.close(clock, 0)).toEqual(["invoice-1042"]);
  expect(() => actions.requireOpen()).toThrow("the guard is closed");
});

test("half a minute is waited where nothing is said, and no time where none is wanted", async () => {
  const first = await underWay();
  const closed = first.guard.close();
  expect(await isOver(closed)).toBe(false);
  first.clock.advance(29_999);
  expect(await isOver(closed)).toBe(false);
  first.clock.advance(1);
  await closed;
  const second = await underWay();
  await second.guard.close({ waitMs: 0 });
});

test("an action that waits for the close of its own guard is waited for no longer than any", async () => {
  const { guard, clock } = await guardWorld();
  const { begun, answer, run } = action();
  const called = guard.execute({
    ...PAYMENT,
    run: async () => {
      await run();
      await guard.close({ waitMs: 1_000 });
      return RESULT;
    },
  });
  await begun;
  answer(undefined);
  expect(await isOver(called)).toBe(false);
  clock.advance(1_000);
  expect(await called).toMatchObject({ status: "unresolved", error: { code: "store_closed" } });
});

test("who waits for another's action is answered at once", async () => {
  const { guard, another } = await guardWorld();
  const others = await another();
  await others.claim(PAYMENT);
  const waiting = guard.execute({ ...PAYMENT, run: never, waitMs: 30_000 });
  await turnOfTheLoop();
  await guard.close();
  expect(await waiting).toMatchObject({ status: "pending" });
});

test.each([[-1], [1.5], [Number.NaN], [3_600_001], ["5s"]])(
  "a wait that is none is refused, and nothing is closed: %j",
  async (waitMs) => {
    const { guard } = await guardWorld();
    const call = guard.close({ waitMs: waitMs as number });
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    await expect(call).rejects.toThrow(`waitMs is ${waitMs}: expected 0 to 3600000`);
    const misspelt = guard.close({ waitms: 1 } as never);
    await expect(misspelt).rejects.toThrow('unknown field "waitms"');
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "proceed" });
  },
);
