/** The guard of a library: tokens, waiting, verifiers, lists, and what it refuses. */
import { describe, expect, test } from "vitest";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import type { AgentId } from "../../src/core/ids.ts";
import type { GuardVerdict } from "../../src/guard/guard.ts";
import { guardWorld, LEASE_MS, PAYMENT, START } from "./guard-world.ts";

const { requestId } = PAYMENT;

describe("a guard", () => {
  test("gives its token to the one who proceeds, and no record has it", async () => {
    const { guard } = await guardWorld();
    const owned = await guard.claim(PAYMENT);
    if (owned.kind !== "proceed") throw new Error(owned.kind);
    expect(JSON.stringify(owned.claim)).not.toContain(owned.token);
    const other = await guard.claim(PAYMENT);
    expect(other).toMatchObject({ kind: "pending" });
    expect(other).not.toHaveProperty("token");
    const wrong = await guard.settle({ requestId, token: "another", result: 1 });
    expect(wrong).toEqual({ kind: "not_owner", problem: "wrong" });
    const without = { requestId, result: 1, isTokenRequired: true };
    expect(await guard.settle(without)).toEqual({ kind: "not_owner", problem: "missing" });
    const settled = await guard.settle({ requestId, token: owned.token, result: { paid: true } });
    expect(settled).toMatchObject({ kind: "settled", isRepeat: false });
    expect(await guard.claim(PAYMENT)).toMatchObject({
      ...{ kind: "settled", claim: { outcome: "done", result: { paid: true } } },
    });
  });

  test("keeps agent groups apart", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const agent = "refunds" as AgentId;
    expect(await guard.get(requestId, agent)).toBeUndefined();
    expect(await guard.claim({ ...PAYMENT, agent })).toMatchObject({ kind: "proceed" });
  });

  test("does not know what nobody claimed", async () => {
    const { guard } = await guardWorld();
    const unknown = { kind: "unknown" };
    expect(await guard.settle({ requestId, result: 1 })).toEqual(unknown);
    expect(await guard.release({ requestId, evidence: "none" })).toEqual(unknown);
    expect(await guard.doubt({ requestId, reason: "none", token: "t" })).toEqual(unknown);
    for (const kind of ["done", "unknown"] as const) {
      expect(await guard.resolve({ requestId, verdict: { kind } })).toEqual(unknown);
    }
    expect(await guard.wait(requestId, { waitMs: 0 })).toBeUndefined();
  });

  test.each([
    [{ requestId: "" }, "requestId is empty: expected 1 to 512 characters"],
    [{ requestId: "x".repeat(513) }, "requestId is 513 characters long: expected at most 512"],
    [{ requestId: 7 }, "requestId is number: expected a text"],
    [{ requestId: " " }, "requestId is blank: expected more than white space"],
    [{ action: "" }, "action is empty: expected 1 to 512 characters"],
    [{ action: "\udc00" }, "action is not well-formed Unicode"],
    [{ agentId: "" }, "agentId is empty"],
    [{ payload: () => 1 }, "payload is not JSON: function"],
    [{ payload: Promise.resolve({ amount: "50.00" }) }, "payload is a promise: await it"],
    [{ payload: "x".repeat(300_000) }, "payload has 300002 bytes, more than 262144"],
  ])("refuses %j before anything is claimed", async (fields, message) => {
    const { guard } = await guardWorld();
    const call = guard.claim({ ...PAYMENT, ...fields } as never);
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    await expect(call).rejects.toThrow(message);
    expect(await guard.list()).toMatchObject({ claims: [], total: 0 });
  });

  test("does nothing by a call with a field that it does not know, and names it", async () => {
    const { guard } = await guardWorld();
    const claimed = await guard.claim(PAYMENT);
    const verdict = { kind: "rejected" };
    const evidence = "the provider shows none";
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      payloads: () => guard.claim({ ...PAYMENT, payloads: {} } as never),
      outcom: () => guard.settle({ requestId, outcom: "rejected" } as never),
      attempt: () => guard.release({ requestId, evidence, attempt: 1 } as never),
      fence: () => guard.resolve({ requestId, verdict, fence: 1 } as never),
      because: () => guard.doubt({ requestId, reason: "lost", token: "t", because: "" } as never),
      wait: () => guard.wait(requestId, { wait: 1 } as never),
      agents: () => guard.list({ agents: "payments" } as never),
    };
    for (const [field, call] of Object.entries(calls)) {
      const refused = {
        code: "invalid_guard_call",
        message: expect.stringContaining(`"${field}"`),
      };
      await expect(call(), field).rejects.toMatchObject(refused);
    }
    expect(await guard.get(requestId)).toEqual(claimed.claim);
  });

  test.each([
    ["", "empty"],
    [" ", "blank"],
    [7, "number"],
  ])("is no agent group's where that is %j", async (agent, received) => {
    const { guard } = await guardWorld();
    const refused = { code: "invalid_guard_call", message: `agent is ${received}` };
    const message = expect.stringContaining(refused.message);
    const input = { ...PAYMENT, agent: agent as never };
    await expect(guard.claim(input)).rejects.toMatchObject({ ...refused, message });
    expect((await guard.list()).total).toBe(0);
  });

  test("keeps nothing of a result that it cannot, and the claim stays its owner's", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const large = guard.settle({ requestId, result: "x".repeat(262_143) });
    await expect(large).rejects.toThrow("result has 262145 bytes, more than 262144");
    expect(await guard.get(requestId)).toMatchObject({ status: "OPEN" });
    const fits = await guard.settle({ requestId, result: "x".repeat(262_142) });
    expect(fits.kind).toBe("settled");
  });

  test("lists claims newest first, by who, what, state and time", async () => {
    const { guard, clock } = await guardWorld();
    for (const [n, agentId] of ["w1", "w2", "w1"].entries()) {
      await guard.claim({ requestId: `r${n}`, action: n === 2 ? "mail.send" : "pay", agentId });
      clock.advance(1_000);
    }
    await guard.settle({ requestId: "r0", result: 1 });
    const ids = async (query: Parameters<typeof guard.list>[0]) => {
      const { claims, total } = await guard.list(query);
      return [claims.map(({ key }) => key.requestId).join(" "), total];
    };
    expect(await ids({})).toEqual(["r2 r1 r0", 3]);
    expect(await ids({ limit: 1, offset: 1 })).toEqual(["r1", 3]);
    expect(await ids({ agentId: "w1" })).toEqual(["r2 r0", 2]);
    expect(await ids({ action: "pay", statuses: ["OPEN"] })).toEqual(["r1", 1]);
    expect(await ids({ from: START + 1_000, until: START + 2_000 })).toEqual(["r1", 1]);
    await expect(guard.list({ limit: 0 })).rejects.toMatchObject({ code: "invalid_query" });
    await expect(guard.list({ offset: -1 })).rejects.toMatchObject({ code: "invalid_query" });
  });
});

describe("who waits for an owner", () => {
  test("is answered at once by a settlement in the same process", async () => {
    const { guard, clock } = await guardWorld();
    await guard.claim(PAYMENT);
    const waiting = guard.wait(requestId, { waitMs: 30_000 });
    await guard.settle({ requestId, result: { paid: true } });
    expect(await waiting).toMatchObject({ status: "SETTLED", result: { paid: true } });
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  test("is answered by a settlement of another process, which the ledger tells", async () => {
    const { guard, another, clock } = await guardWorld();
    const others = await another();
    await guard.claim(PAYMENT);
    const waiting = others.wait(requestId, { waitMs: 30_000 });
    await guard.settle({ requestId, result: 1 });
    await clock.untilSleeping();
    clock.advance(50);
    expect(await waiting).toMatchObject({ status: "SETTLED" });
  });

  test("gets the claim as it stands when the wait is over, or is given up", async () => {
    const { guard, clock } = await guardWorld();
    await guard.claim(PAYMENT);
    const waiting = guard.wait(requestId, { waitMs: 40 });
    await clock.untilSleeping();
    clock.advance(40);
    expect(await waiting).toMatchObject({ status: "OPEN" });
    const stop = new AbortController();
    const stopped = guard.wait(requestId, { waitMs: 30_000, signal: stop.signal });
    stop.abort();
    expect(await stopped).toMatchObject({ status: "OPEN" });
    await expect(guard.wait(requestId, { waitMs: 30_001 })).rejects.toThrow("0 to 30000");
  });

  test("is told that nobody knows once the owner's lease is over", async () => {
    const { guard, clock } = await guardWorld();
    await guard.claim(PAYMENT);
    clock.advance(LEASE_MS);
    expect(await guard.wait(requestId)).toMatchObject({ status: "IN_RECONCILIATION" });
  });

  test("is answered when the guard is closed", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const waiting = guard.wait(requestId, { waitMs: 30_000 });
    await guard.close();
    await Promise.allSettled([waiting]);
  });
});

describe("a word that there is not", () => {
  test.each(["absent", "failed", ""])("settles nothing: %j", async (outcome) => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const call = guard.settle({ requestId, outcome: outcome as "done" });
    await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    await expect(call).rejects.toThrow("outcome is");
    expect(await guard.get(requestId)).toMatchObject({ status: "OPEN" });
  });

  test("is no verdict of a provider's, and no verifier", async () => {
    const { guard, another } = await guardWorld();
    await guard.claim(PAYMENT);
    for (const verdict of [{ kind: "gone" }, undefined, "done"] as never[]) {
      const call = guard.resolve({ requestId, verdict });
      await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
    }
    expect(await guard.get(requestId)).toMatchObject({ status: "OPEN" });
    const wrong = {
      code: "invalid_option",
      message: "the verifier of pay is a string: expected a function",
    };
    expect(() => guard.registerVerifier("pay", "no" as never)).toThrow(wrong.message);
    await expect(another({ verifiers: { pay: "no" as never } })).rejects.toMatchObject(wrong);
  });
});

describe("a verifier", () => {
  const orphaned = async (verifier: () => GuardVerdict | Promise<GuardVerdict>) => {
    const world = await guardWorld();
    await world.guard.claim(PAYMENT);
    await world.guard.close();
    world.clock.advance(LEASE_MS);
    const guard = await world.another({ verifiers: { [PAYMENT.action]: verifier } });
    return { ...world, guard };
  };

  test("is asked at the start for claims whose owner vanished, and settles what it knows", async () => {
    const { guard } = await orphaned(() => ({ kind: "done", result: 7, evidence: "paid at 9:42" }));
    expect(await guard.get(requestId)).toMatchObject({
      ...{ status: "SETTLED", outcome: "done", result: 7, provenance: "verifier" },
      evidence: "paid at 9:42",
    });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "settled" });
  });

  test.each([
    ["", "the verifier says: done"],
    [" \n", "the verifier says: done"],
    [402, "the verifier says: done"],
    [`${"x".repeat(1_999)}\u{1f600}`, `${"x".repeat(1_999)}\ufffd`],
  ])("is believed whatever it gives as evidence, and the guard opens: %j", async (said, kept) => {
    const verdict = { kind: "done", result: 7, evidence: said } as GuardVerdict;
    const { guard } = await orphaned(() => verdict);
    expect(await guard.get(requestId)).toMatchObject({ outcome: "done", evidence: kept });
  });

  test("that finds it absent opens it for the next caller", async () => {
    const { guard } = await orphaned(() => ({ kind: "absent" }));
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "proceed", isReopened: true });
  });

  test("that does not know is asked again after growing pauses", async () => {
    let asked = 0;
    const { guard, clock } = await orphaned(() => {
      asked += 1;
      return { kind: "unknown", reason: "503" };
    });
    expect(asked).toBe(1);
    await guard.recover();
    expect(asked).toBe(1);
    clock.advance(15_000);
    await guard.recover();
    expect(asked).toBe(2);
    clock.advance(15_000);
    await guard.recover();
    expect(asked).toBe(2);
    clock.advance(15_000);
    expect(await guard.recover()).toMatchObject({
      ...{ resolved: [], unresolved: [{ status: "IN_RECONCILIATION" }] },
    });
    expect(asked).toBe(3);
  });

  test("that takes too long holds a start up for its deadline once, however many claims there are", async () => {
    const { guard: first, clock, another } = await guardWorld();
    for (const id of ["1", "2", "3"]) await first.claim({ ...PAYMENT, requestId: id });
    await first.claim({ requestId: "4", action: "mail.send" });
    clock.advance(LEASE_MS);
    const asked: string[] = [];
    const hangs = ({ key }: GuardClaim) => {
      asked.push(key.requestId);
      return new Promise<GuardVerdict>(() => undefined);
    };
    const done = (): GuardVerdict => ({ kind: "done" });
    const opening = another({ verifiers: { [PAYMENT.action]: hangs, "mail.send": done } });
    await clock.untilSleeping();
    clock.advance(30_000);
    const guard = await opening;
    expect(asked).toEqual(["1"]);
    expect(await guard.get("4")).toMatchObject({ outcome: "done" });
    // The pauses of the first one grow, and the next one's turn comes.
    for (let round = 0; round < 3; round += 1) {
      const next = guard.recover();
      await clock.untilSleeping();
      clock.advance(30_000);
      expect((await next).unresolved).toHaveLength(3);
    }
    expect(asked).toContain("2");
  });

  test("in whose place another one comes is followed at once, and without a pause", async () => {
    const { guard } = await orphaned(() => ({ kind: "unknown" }));
    guard.registerVerifier(PAYMENT.action, () => ({ kind: "done", result: 7 }));
    expect((await guard.recover()).resolved).toMatchObject([{ outcome: "done", result: 7 }]);
  });

  test("that does not know of one claim is asked of the next one of its action", async () => {
    const { guard, clock } = await guardWorld();
    for (const id of ["1", "2"]) await guard.claim({ ...PAYMENT, requestId: id });
    clock.advance(LEASE_MS);
    const statuses: string[] = [];
    guard.registerVerifier(PAYMENT.action, ({ key, status }) => {
      statuses.push(status);
      return { kind: key.requestId === "1" ? "unknown" : "done" };
    });
    const { resolved, unresolved } = await guard.recover();
    expect(unresolved.map(({ key }) => key.requestId)).toEqual(["1"]);
    expect(resolved).toMatchObject([{ key: { requestId: "2" }, outcome: "done" }]);
    expect(statuses).toEqual(["IN_RECONCILIATION", "IN_RECONCILIATION"]);
  });

  test("is asked of every claim whose owner vanished, however many there are", async () => {
    const { guard, clock } = await guardWorld();
    const ids = Array.from({ length: 201 }, (_, n) => `payment-${n}`);
    await Promise.all(ids.map((id) => guard.claim({ ...PAYMENT, requestId: id })));
    clock.advance(LEASE_MS);
    guard.registerVerifier(PAYMENT.action, () => ({ kind: "done" }));
    expect((await guard.recover()).resolved).toHaveLength(ids.length);
  });

  test("is not asked of a claim whose owner may still be at it, nor of another action", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    guard.registerVerifier(PAYMENT.action, () => Promise.reject(new Error("asked")));
    guard.registerVerifier("mail.send", () => Promise.reject(new Error("asked")));
    expect(await guard.recover()).toEqual({ resolved: [], unresolved: [] });
    const absent = await guard.resolve({ requestId, verdict: { kind: "absent" } });
    expect(absent).toMatchObject({ kind: "unresolved", claim: { status: "OPEN" } });
  });

  test("that comes after the owner's own word changes nothing", async () => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    await guard.settle({ requestId, result: 1 });
    const late = await guard.resolve({ requestId, verdict: { kind: "rejected" } });
    expect(late).toMatchObject({ kind: "over", claim: { outcome: "done", result: 1 } });
  });
});
