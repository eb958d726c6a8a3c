/** A store that fails once an action was begun: what its owner knows of it is not lost. */
import { describe, expect, onTestFinished, test } from "vitest";
import type { GuardVerdict } from "../../src/guard/guard.ts";
import { WRITE_WITHIN_MS } from "../../src/guard/until-written.ts";
import { webhook } from "../../src/webhooks/webhook.ts";
import { Database } from "../sqlite-database.ts";
import { guardWorld, LEASE_MS, PAYMENT, Provider } from "./guard-world.ts";

const LOST = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

/** `run` pays, and breaks the store; `mend` has it write again. */
async function breakingWorld() {
  const world = await guardWorld();
  const provider = new Provider();
  const other = new Database(world.store);
  onTestFinished(() => {
    other.close();
  });
  const run = () => {
    other.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON events
         BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END`,
    );
    return provider.pay("invoice-1042", "50.00");
  };
  const runAndLose = () => {
    run();
    throw LOST;
  };
  const mend = () => other.exec("DROP TRIGGER broken");
  /** Lets time pass until `call` has ended. */
  const driven = async <Answer>(call: Promise<Answer>): Promise<Answer> => {
    let isOver = false;
    const ended = call.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      const at = world.clock.nextWakeAt();
      if (at !== undefined) world.clock.advanceTo(at);
    }
    return ended;
  };
  return { ...world, provider, run, runAndLose, mend, driven };
}

describe("a store that fails while an action is done", () => {
  test("has its result as soon as it works again, and the caller too", async () => {
    const { guard, clock, provider, run, mend } = await breakingWorld();
    const paid = guard.execute({ ...PAYMENT, run });
    await clock.untilSleeping();
    mend();
    clock.advance(250);
    expect(await paid).toMatchObject({
      ...{ status: "done", isRepeat: false, result: { id: "payment-1" } },
    });
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({
      ...{ status: "done", isRepeat: true },
    });
    expect(provider.calls).toBe(1);
  });

  test("has nobody begin again on an earlier reading while its result waits to be written", async () => {
    const { guard, clock, provider, run, mend } = await breakingWorld();
    const slowly = () => {
      clock.advance(LEASE_MS);
      return run();
    };
    const paid = guard.execute({ ...PAYMENT, run: slowly });
    await clock.untilSleeping();
    mend();
    // Read while the payment was on its way, by whoever looks after claims whose lease is over.
    const { requestId } = PAYMENT;
    const read = await guard.resolve({ requestId, fencing: 1, verdict: { kind: "absent" } });
    expect(read).toMatchObject({ kind: "unresolved" });
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({ status: "unresolved" });
    clock.advance(250);
    expect(await paid).toMatchObject({ status: "done", isRepeat: false, claim: { fencing: 1 } });
    expect(provider.calls).toBe(1);
  });

  test("does not have the caller told that nothing was done, however long it fails", async () => {
    const { guard, clock, provider, run, mend, driven } = await breakingWorld();
    const begunAt = clock.now();
    const answer = await driven(guard.execute({ ...PAYMENT, run }));
    expect(answer).toMatchObject({ status: "unresolved", error: { code: "store_failed" } });
    expect(clock.now() - begunAt).toBeGreaterThanOrEqual(WRITE_WITHIN_MS);
    mend();
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "pending" });
    expect(provider.calls).toBe(1);
  });

  test("has the owner's doubt, and its word that nothing was done, when it works again", async () => {
    for (const confirm of [undefined, (): GuardVerdict => ({ kind: "absent" })]) {
      const { guard, clock, runAndLose, mend } = await breakingWorld();
      const call = guard.execute({ ...PAYMENT, run: runAndLose, confirm });
      await clock.untilSleeping();
      mend();
      clock.advance(250);
      const status = confirm === undefined ? "unresolved" : "absent";
      expect(await call).toMatchObject({ status, error: LOST });
      const claim = await guard.get(PAYMENT.requestId);
      expect(claim?.status).toBe(confirm === undefined ? "IN_RECONCILIATION" : "SETTLED");
    }
  });

  test("has a delivery answered as one that was begun", async () => {
    const { guard, run, mend, driven } = await breakingWorld();
    const id = (event: { readonly id: string }) => event.id;
    const receive = webhook(run, { guard, signature: null, id });
    const delivery = { rawBody: Buffer.from('{"id": "evt-1"}'), headers: {} };
    expect(await driven(receive(delivery))).toMatchObject({
      ...{ status: 409, body: { status: "unresolved" } },
    });
    mend();
    expect(await receive(delivery)).toMatchObject({ status: 409, body: { status: "pending" } });
  });
});
