/** `execute`: an action runs at most once for its id, and every repeat gets what came of it. */
import { describe, expect, test } from "vitest";
import { LatchError } from "../../src/core/errors.ts";
import type { AgentId } from "../../src/core/ids.ts";
import type { GuardVerdict } from "../../src/guard/guard.ts";
import { guardWorld, LEASE_MS, Moment, PAYMENT, Provider } from "./guard-world.ts";

const RESULT = { id: "payment-1", amount: "50" };

describe("an action that is executed", () => {
  test("runs once, and every repeat gets its result from the record", async () => {
    const { guard, another } = await guardWorld();
    const provider = new Provider();
    const run = ({ idempotencyKey }: { readonly idempotencyKey: string }) =>
      provider.pay(idempotencyKey, "50");
    const first = await guard.execute({ ...PAYMENT, payload: { amount: "50" }, run });
    expect(first).toMatchObject({ status: "done", result: RESULT, isRepeat: false });
    const others = await another();
    const again = await others.execute({ ...PAYMENT, payload: { amount: "50" }, run });
    expect(again).toMatchObject({ status: "done", result: RESULT, isRepeat: true });
    expect(provider.calls).toBe(1);
  });

  test("is given one idempotency key, the same on every try and no other action's", async () => {
    const { guard } = await guardWorld();
    const keys: string[] = [];
    const run = ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
      keys.push(idempotencyKey);
      throw new Error("refused");
    };
    const confirm = (): GuardVerdict => ({ kind: "absent", evidence: "the provider refused it" });
    await guard.execute({ ...PAYMENT, run, confirm });
    await guard.execute({ ...PAYMENT, run, confirm });
    await guard.execute({ ...PAYMENT, requestId: "invoice-1043", run, confirm });
    // Of every version: the provider of a try of today has to know it from the one before.
    expect(keys[0]).toBe("tl-ac35e2818632b5a9b8a6dfd9e9a09e41");
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
    await guard.execute({ ...PAYMENT, agent: "refunds" as AgentId, run, confirm });
    expect(keys[3]).toBe("tl-8e5b0e78d0bd0aa7fa567cebcb96bb09");
  });

  test("runs once for many callers at once, who get its result if they wait", async () => {
    const { guard, another, clock } = await guardWorld();
    const openings = [guard, await another(), await another()];
    const provider = new Provider();
    const [answered, begun] = [new Moment(), new Moment()];
    const run = async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
      begun.come();
      await answered.came;
      return provider.pay(idempotencyKey, "50");
    };
    const calls = Array.from({ length: 12 }, (_, n) =>
      (openings[n % 3] as typeof guard).execute({ ...PAYMENT, run, waitMs: 30_000 }),
    );
    await begun.came;
    answered.come();
    const ended = Promise.all(calls);
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(200);
    }
    const answers = await ended;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => "done"));
    expect(answers.filter((one) => one.status === "done" && !one.isRepeat)).toHaveLength(1);
    expect(provider.calls).toBe(1);
  });

  test("tells a caller that does not wait that a live owner is at it", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const answer = await guard.execute({ ...PAYMENT, run: unreachable });
    expect(answer).toMatchObject({ status: "pending", claim: { status: "OPEN" } });
  });

  test.each([
    [{ run: undefined }, "run is undefined: expected a function"],
    [{ verify: "no" }, "verify is a string: expected a function"],
    [{ confirm: {} }, "confirm is an object: expected a function"],
    [{ verfy: () => ({ kind: "absent" }) }, 'unknown field "verfy"'],
  ])("is not claimed where a call has %o", async (fields, message) => {
    const { guard } = await guardWorld();
    const call = guard.execute({ ...PAYMENT, run: unreachable, ...fields } as never);
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    await expect(call).rejects.toThrow(message);
    expect((await guard.list()).total).toBe(0);
  });

  test("is not run under other terms, and the field is named", async () => {
    const { guard } = await guardWorld();
    await guard.execute({ ...PAYMENT, payload: { amount: "50" }, run: () => RESULT });
    const other = { ...PAYMENT, payload: { amount: "60" }, run: unreachable };
    expect(await guard.execute(other)).toMatchObject({
      status: "mismatch",
      difference: { field: "/payload/amount" },
    });
  });

  test.each([
    ["nothing", undefined, null],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["an object", { b: 1, a: undefined }, { b: 1 }],
  ])("gives %s as JSON holds it, the first time too", async (_, value, kept) => {
    const { guard } = await guardWorld();
    const answers = [
      await guard.execute({ ...PAYMENT, run: () => value as unknown }),
      await guard.execute({ ...PAYMENT, run: unreachable }),
    ];
    expect(answers.map((one) => one.status === "done" && one.result)).toEqual([kept, kept]);
  });

  const loop: { self?: unknown } = {};
  loop.self = loop;
  test.each([
    ["that is too large", "x".repeat(256 * 1_024), "has 262146 bytes, more than 262144"],
    ["that leads back to itself", loop, "is not JSON"],
    ["that is a function", () => 1, "is not JSON: function"],
    ["with half a character", "\ud800", "is not well-formed Unicode"],
  ])("is on record as done although its result %s is lost", async (_, value, problem) => {
    const { guard } = await guardWorld();
    const call = () => guard.execute({ ...PAYMENT, run: () => value as unknown });
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LatchError);
    expect(error).toMatchObject({ code: "guard_result_unusable" });
    expect((error as Error).message).toContain(problem);
    const again = await guard.execute({ ...PAYMENT, run: unreachable }).catch((thrown) => thrown);
    expect(again).toMatchObject({ code: "guard_result_unusable" });
    expect(await guard.get(PAYMENT.requestId)).toMatchObject({ outcome: "done", result: null });
  });
});

describe("an action whose caller gives up", () => {
  const given = () => {
    const stop = new AbortController();
    let runs = 0;
    const run = () => {
      runs += 1;
      return { run: runs };
    };
    return { stop, run, runs: () => runs };
  };

  test("before it was begun is not begun any more, and is the next caller's", async () => {
    const { guard } = await guardWorld();
    const { stop, run, runs } = given();
    stop.abort(new Error("the user closed the window"));
    const answer = await guard.execute({ ...PAYMENT, run, signal: stop.signal });
    expect(answer).toMatchObject({ status: "absent", error: stop.signal.reason });
    expect(runs()).toBe(0);
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({ status: "done" });
  });

  test("while the provider is read is not run again", async () => {
    const { guard, clock } = await guardWorld();
    const { stop, run, runs } = given();
    await guard.claim(PAYMENT);
    clock.advance(LEASE_MS);
    const verify = () => {
      stop.abort();
      return { kind: "absent" } as const;
    };
    const answer = await guard.execute({ ...PAYMENT, run, verify, signal: stop.signal });
    expect(answer).toMatchObject({ status: "absent" });
    expect(runs()).toBe(0);
  });

  test("once it was begun is carried to its end", async () => {
    const { guard } = await guardWorld();
    const { stop, run, runs } = given();
    const running = () => {
      stop.abort();
      return run();
    };
    const answer = await guard.execute({ ...PAYMENT, run: running, signal: stop.signal });
    expect(answer).toMatchObject({ status: "done", result: { run: 1 } });
    expect(runs()).toBe(1);
  });
});

describe("an action that throws", () => {
  test("is unresolved, has an incident, and is not run again by time", async () => {
    const { guard, clock } = await guardWorld();
    const failed = new Error("password hunter2 refused");
    const answer = await guard.execute({ ...PAYMENT, run: () => Promise.reject(failed) });
    expect(answer).toMatchObject({ status: "unresolved", incident: 1, error: failed });
    clock.advance(365 * 24 * 3_600_000);
    const again = await guard.execute({ ...PAYMENT, run: unreachable });
    expect(again).toMatchObject({ status: "unresolved", incident: 1 });
    // The error's own words may hold what must not be on record.
    expect(JSON.stringify(again)).not.toContain("hunter2");
  });

  test.each([
    [
      { kind: "done", result: RESULT },
      { status: "done", result: RESULT, isRepeat: false },
    ],
    [
      { kind: "rejected", result: "no funds" },
      { status: "rejected", result: "no funds" },
    ],
    [{ kind: "absent" }, { status: "absent" }],
    [{ kind: "unknown" }, { status: "unresolved" }],
    [{ kind: "perhaps" }, { status: "unresolved" }],
    [undefined, { status: "unresolved" }],
  ])("is what confirm says that the error proves: %j", async (verdict, expected) => {
    const { guard } = await guardWorld();
    const confirm = () => verdict as GuardVerdict;
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, confirm });
    expect(answer).toMatchObject(expected);
  });

  test.each([
    ["the whole page of a provider", "x".repeat(2_001), "x".repeat(2_000)],
    ["an error without a message", "", "Error proves it"],
    ["no text", 402, "Error proves it"],
  ])("certainly did not happen, also where the evidence is %s", async (_, evidence, kept) => {
    const { guard } = await guardWorld();
    const confirm = () => ({ kind: "absent", evidence }) as GuardVerdict;
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, confirm });
    expect(answer).toMatchObject({ status: "absent", claim: { evidence: kept } });
  });

  test.each([
    [42, "Error"],
    [undefined, "Error"],
    [" ", "Error"],
    [`${"x".repeat(59)}\u{1f600}`, `${"x".repeat(59)}\ufffd`],
    ["lone \ud800", "lone \ufffd"],
  ])("is on record whatever the name of its error: %j", async (name, kept) => {
    const { guard } = await guardWorld();
    const error = Object.defineProperty(new Error("refused"), "name", { value: name });
    const run = () => Promise.reject(error);
    const answer = await guard.execute({ ...PAYMENT, run });
    expect(answer).toMatchObject({ status: "unresolved", incident: 1, error });
    const reason = `the action ended with ${kept}, which proves nothing`;
    expect(await guard.get(PAYMENT.requestId)).toMatchObject({ unknownBecause: reason });
    const absent = {
      ...PAYMENT,
      requestId: "2",
      run,
      confirm: () => ({ kind: "absent" }) as const,
    };
    expect(await guard.execute(absent)).toMatchObject({ status: "absent", error });
  });

  test.each([[["absent"]], [["done"]], [Object("absent")]])(
    "is unresolved where what confirm or verify gives is no word: %j",
    async (kind) => {
      const { guard } = await guardWorld();
      const said = () => ({ kind }) as unknown as GuardVerdict;
      const call = { ...PAYMENT, run: unreachable, confirm: said, verify: said };
      for (let round = 1; round <= 2; round += 1) {
        expect(await guard.execute(call)).toMatchObject({
          ...{ status: "unresolved", claim: { status: "IN_RECONCILIATION", outcome: null } },
        });
      }
    },
  );

  test("is unresolved where confirm itself fails", async () => {
    const { guard } = await guardWorld();
    const confirm = () => Promise.reject(new Error("no network"));
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, confirm });
    expect(answer).toMatchObject({ status: "unresolved", claim: { status: "IN_RECONCILIATION" } });
  });

  test("and certainly did not happen is run by the next call", async () => {
    const { guard } = await guardWorld();
    const confirm = (): GuardVerdict => ({ kind: "absent" });
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const first = await guard.execute({ ...PAYMENT, run: () => Promise.reject(refused), confirm });
    expect(first).toMatchObject({ status: "absent", error: refused });
    expect(first.claim.evidence).toBe("Error ECONNREFUSED proves it");
    expect(await guard.execute({ ...PAYMENT, run: () => RESULT })).toMatchObject({
      ...{ status: "done", isRepeat: false, claim: { fencing: 2 } },
    });
  });
});

describe("an action that nobody knows the end of", () => {
  async function lostOwner(guardLeaseMs = LEASE_MS) {
    const world = await guardWorld({ guardLeaseMs });
    await world.guard.claim(PAYMENT);
    world.clock.advance(guardLeaseMs);
    return world;
  }

  test("is done by what verify has read, and is not run", async () => {
    const { guard } = await lostOwner();
    const verify = (): GuardVerdict => ({ kind: "done", result: RESULT });
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, verify });
    expect(answer).toMatchObject({
      ...{ status: "done", result: RESULT, isRepeat: true, claim: { provenance: "verifier" } },
    });
  });

  test("is run again where verify shows that it did not happen, read once", async () => {
    const { guard } = await lostOwner();
    let reads = 0;
    const verify = (): GuardVerdict => {
      reads += 1;
      return { kind: "absent", evidence: "no such payment" };
    };
    const answer = await guard.execute({ ...PAYMENT, run: () => RESULT, verify });
    expect(answer).toMatchObject({ status: "done", isRepeat: false, claim: { fencing: 2 } });
    expect(reads).toBe(1);
  });

  test.each([
    ["says that it does not know", () => ({ kind: "unknown" })],
    ["fails", () => Promise.reject(new Error("503"))],
    ["says nothing usable", () => ({ paid: false })],
  ])("stays so where verify %s", async (_, verify) => {
    const { guard } = await lostOwner();
    const call = { ...PAYMENT, run: unreachable, verify: verify as () => GuardVerdict };
    expect(await guard.execute(call)).toMatchObject({ status: "unresolved", incident: 1 });
  });

  test("has its incident also where its owner gave up while somebody waited", async () => {
    const { guard, clock } = await guardWorld();
    const owned = await guard.claim(PAYMENT);
    const waiting = guard.execute({ ...PAYMENT, run: unreachable, waitMs: 30_000 });
    await clock.untilSleeping();
    const { requestId } = PAYMENT;
    const token = "token" in owned ? owned.token : "";
    await guard.doubt({ requestId, token, reason: "the provider did not answer" });
    expect(await waiting).toMatchObject({ status: "unresolved", incident: 1 });
  });

  test("stays so where verify does not answer in time", async () => {
    const { guard, clock } = await lostOwner();
    const asked = new Moment();
    const verify = () => {
      asked.come();
      return new Promise<GuardVerdict>(() => undefined);
    };
    const answer = guard.execute({ ...PAYMENT, run: unreachable, verify });
    await asked.came;
    clock.advance(30_000);
    expect(await answer).toMatchObject({ status: "unresolved" });
  });

  test("that was released is read once more before it is run again", async () => {
    const { guard } = await lostOwner();
    const evidence = "support says that it was never sent";
    await guard.release({ requestId: PAYMENT.requestId, evidence });
    const done = (): GuardVerdict => ({ kind: "done", result: RESULT });
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, verify: done });
    expect(answer).toMatchObject({ status: "done", isRepeat: true, result: RESULT });
  });

  test("is not run a second time while the provider cannot be read", async () => {
    const { guard } = await lostOwner();
    await guard.release({ requestId: PAYMENT.requestId, evidence: "seen by hand" });
    const verify = (): GuardVerdict => ({ kind: "unknown" });
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, verify });
    expect(answer).toMatchObject({ status: "unresolved", claim: { status: "IN_RECONCILIATION" } });
  });

  test("is not begun when reading the provider took longer than the lease", async () => {
    const leaseMs = 1_000;
    const { guard, clock } = await lostOwner(leaseMs);
    await guard.release({ requestId: PAYMENT.requestId, evidence: "seen by hand" });
    const verify = (): GuardVerdict => {
      clock.advance(leaseMs);
      return { kind: "absent" };
    };
    const answer = await guard.execute({ ...PAYMENT, run: unreachable, verify });
    expect(answer).toMatchObject({ status: "absent", error: { code: "guard_lease_over" } });
  });
});

describe("an owner that comes late", () => {
  test("is not overtaken in its own process while it runs, whatever a verifier reads", async () => {
    const { guard, clock } = await guardWorld();
    const answered = new Moment();
    const begun = new Moment();
    const run = async () => {
      begun.come();
      await answered.came;
      return RESULT;
    };
    const first = guard.execute({ ...PAYMENT, run });
    await begun.came;
    clock.advance(LEASE_MS);
    const verify = (): GuardVerdict => ({ kind: "absent", evidence: "not there yet" });
    const unresolved = { status: "unresolved", claim: { status: "IN_RECONCILIATION" } };
    expect(await guard.execute({ ...PAYMENT, run: unreachable, verify })).toMatchObject(unresolved);
    guard.registerVerifier(PAYMENT.action, verify);
    expect(await guard.recover()).toMatchObject({ unresolved: [{ fencing: 1 }] });
    const { requestId } = PAYMENT;
    expect(await guard.resolve({ requestId, verdict: verify() })).toMatchObject({
      kind: "unresolved",
    });
    answered.come();
    expect(await first).toMatchObject({ status: "done", isRepeat: false, claim: { fencing: 1 } });
  });

  test("does not keep another agent's action of the same id from being read as absent", async () => {
    const { guard, clock } = await guardWorld();
    const { requestId } = PAYMENT;
    const agent = "refunds" as AgentId;
    await guard.claim({ ...PAYMENT, agent });
    const run = async () => {
      clock.advance(LEASE_MS);
      const verdict = { kind: "absent" } as const;
      expect(await guard.resolve({ requestId, agent, verdict })).toMatchObject({
        ...{ kind: "resolved", claim: { outcome: "absent" } },
      });
      return RESULT;
    };
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({ status: "done" });
  });

  test("settles by its own result as long as nobody released its attempt", async () => {
    const { guard, clock } = await guardWorld();
    const run = async () => {
      clock.advance(2 * LEASE_MS);
      await guard.recover();
      return RESULT;
    };
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({
      ...{ status: "done", result: RESULT, isRepeat: false },
    });
  });

  test("is not told that it was rejected when it has just done it, and an incident is open", async () => {
    const { guard } = await guardWorld();
    const run = async () => {
      const verdict = { kind: "rejected", evidence: "no such payment yet" } as const;
      await guard.resolve({ requestId: PAYMENT.requestId, verdict });
      return RESULT;
    };
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({
      ...{ status: "unresolved", incident: 1, claim: { outcome: "rejected" } },
    });
    const settled = await guard.settle({ requestId: PAYMENT.requestId, result: RESULT });
    expect(settled).toMatchObject({ kind: "contradicted", incident: 1 });
    const again = await guard.execute({ ...PAYMENT, run: unreachable });
    expect(again).toMatchObject({ status: "rejected", isRepeat: true });
  });

  test("is refused once it was released, and an incident says that both may have acted", async () => {
    const { guard, clock } = await guardWorld();
    const run = async () => {
      clock.advance(LEASE_MS);
      await guard.release({ requestId: PAYMENT.requestId, evidence: "we thought so" });
      await guard.claim(PAYMENT);
      return RESULT;
    };
    const answer = await guard.execute({ ...PAYMENT, run });
    expect(answer).toMatchObject({ status: "unresolved", incident: 1, claim: { fencing: 2 } });
  });
});

function unreachable(): never {
  throw new Error("this must not run");
}
