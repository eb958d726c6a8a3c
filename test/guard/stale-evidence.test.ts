/** Who was asked about one attempt and answers while another one stands says nothing of that. */
import { describe, expect, test } from "vitest";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import { GUARD_ACCOUNT } from "../../src/core/ids.ts";
import type { ExecuteAnswer, GuardVerdict } from "../../src/guard/guard.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { type GuardWorld, guardWorld, LEASE_MS, PAYMENT, Provider } from "./guard-world.ts";

const { requestId } = PAYMENT;
const LOST = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

/** A verifier that reads the provider at once, and whose answers the test lets through. */
class SlowVerifier {
  readonly claims: GuardClaim[] = [];
  readonly #answers: (() => void)[] = [];
  #asked: () => void = () => undefined;
  readonly #read: () => GuardVerdict;

  constructor(read: () => GuardVerdict) {
    this.#read = read;
  }

  readonly verify = async (claim: GuardClaim): Promise<GuardVerdict> => {
    const verdict = this.#read();
    const answered = new Promise<void>((resolve) => this.#answers.push(resolve));
    this.claims.push(claim);
    this.#asked();
    await answered;
    return verdict;
  };

  async untilAsked(times = 1): Promise<void> {
    while (this.claims.length < times) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    }
  }

  answer(): void {
    this.#answers.shift()?.();
  }
}

/** An attempt whose owner died before it acted, and a sidecar that looks after it. */
async function orphanedAttempt(read?: () => GuardVerdict) {
  const provider = new Provider();
  const verifier = new SlowVerifier(
    read ?? (() => ({ kind: provider.payments.has(requestId) ? "done" : "absent" })),
  );
  const world = await guardWorld();
  const verifiers = { [PAYMENT.action]: verifier.verify };
  const sidecars = [await world.another({ verifiers }), await world.another({ verifiers })];
  await world.guard.claim(PAYMENT);
  world.clock.advance(LEASE_MS);
  const lookAfter = () => Promise.all(sidecars.map((one) => one.recover()));
  const pay = () => provider.pay(requestId, "50.00");
  const payAndLoseTheAnswer = () => {
    pay();
    throw LOST;
  };
  return { ...world, provider, verifier, sidecars, lookAfter, pay, payAndLoseTheAnswer };
}

describe("a verifier's word about an attempt that is over", () => {
  test("does not release the attempt that has paid since, and nobody pays twice", async () => {
    const { guard, provider, verifier, sidecars, ...world } = await orphanedAttempt();
    const recovering = sidecars[0]?.recover();
    await verifier.untilAsked();
    await guard.release({ requestId, evidence: "the provider shows none" });
    const second = await guard.execute({ ...PAYMENT, run: world.payAndLoseTheAnswer });
    expect(second).toMatchObject({ status: "unresolved", claim: { fencing: 2 } });
    verifier.answer();
    expect(await recovering).toMatchObject({ resolved: [], unresolved: [{ fencing: 2 }] });
    const third = await guard.execute({ ...PAYMENT, run: world.pay });
    expect(third).toMatchObject({ status: "unresolved", claim: { fencing: 2 } });
    expect(provider.calls).toBe(1);
  });

  test("comes too late where two sidecars look after the attempt, and one was faster", async () => {
    const { guard, provider, verifier, ...world } = await orphanedAttempt();
    const recovering = world.lookAfter();
    await verifier.untilAsked(2);
    verifier.answer();
    while ((await guard.get(requestId))?.outcome !== "absent") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await guard.execute({ ...PAYMENT, run: world.payAndLoseTheAnswer });
    verifier.answer();
    await recovering;
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", claim: { fencing: 2 } });
    expect(provider.calls).toBe(1);
  });

  test.each(["rejected", "done"] as const)(
    "does not settle the attempt that runs as %s: its owner's own word does",
    async (kind) => {
      const { guard, verifier, sidecars, pay } = await orphanedAttempt(() => ({ kind }));
      const recovering = sidecars[0]?.recover();
      await verifier.untilAsked();
      await guard.release({ requestId, evidence: "the bank says that we may try again" });
      const run = async () => {
        verifier.answer();
        await recovering;
        return pay();
      };
      expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({
        ...{ status: "done", isRepeat: false, claim: { fencing: 2, provenance: "owner" } },
      });
    },
  );

  test.each(["done", "rejected"] as const)(
    "that finds it %s is not taken for an absence that somebody else put on record",
    async (kind) => {
      const { guard, verifier, pay } = await orphanedAttempt(() => ({ kind }));
      const executed = guard.execute({ ...PAYMENT, run: pay, verify: verifier.verify });
      await verifier.untilAsked();
      await guard.release({ requestId, evidence: "support says that it was never sent" });
      verifier.answer();
      if (kind === "rejected") await verifier.untilAsked(2);
      verifier.answer();
      expect(await executed).toMatchObject({ status: kind, claim: { provenance: "verifier" } });
    },
  );

  test("that finds it done ends a claim that was released by mistake, for all who ask", async () => {
    const { guard, verifier, sidecars } = await orphanedAttempt(() => ({ kind: "done" }));
    const recovering = sidecars[0]?.recover();
    await verifier.untilAsked();
    await guard.release({ requestId, evidence: "support says that it was never sent" });
    verifier.answer();
    expect(await recovering).toMatchObject({ resolved: [{ outcome: "done" }] });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "settled" });
  });

  test("that finds it done while another one is at it keeps a third from doing it again", async () => {
    const { guard, provider, verifier, sidecars, pay } = await orphanedAttempt(() => ({
      kind: "done",
    }));
    const recovering = sidecars[0]?.recover();
    await verifier.untilAsked();
    await guard.release({ requestId, evidence: "support says that it was never sent" });
    const run = async () => {
      verifier.answer();
      await recovering;
      throw Object.assign(new Error("no connection"), { code: "ECONNREFUSED" });
    };
    const confirm = () => ({ kind: "absent" }) as const;
    const second = await guard.execute({ ...PAYMENT, run, confirm });
    expect(second).toMatchObject({ status: "unresolved", claim: { fencing: 2 } });
    const third = await guard.execute({ ...PAYMENT, run: pay });
    expect(third).toMatchObject({ status: "unresolved", incident: 2 });
    expect(provider.calls).toBe(0);
  });

  test("that finds it done once another one is over too tells a person of both", async () => {
    const { guard, provider, verifier, sidecars, ...world } = await orphanedAttempt();
    world.pay();
    const recovering = sidecars[0]?.recover();
    await verifier.untilAsked();
    await guard.release({ requestId, evidence: "support says that it was never sent" });
    const second = await guard.execute({ ...PAYMENT, run: world.pay });
    expect(second).toMatchObject({ status: "done", claim: { fencing: 2 } });
    expect(provider.calls).toBe(2);
    verifier.answer();
    expect(await recovering).toMatchObject({ resolved: [{ fencing: 2, provenance: "owner" }] });
    const ledger = openSqliteLedger(world.store, world.clock);
    const open = await ledger.incidents(GUARD_ACCOUNT, { isOpen: true });
    await ledger.close();
    const summary = "payment.send invoice-1042: an attempt that was released is reported as done";
    expect(open).toMatchObject([
      { kind: "late_settlement", summary: `${summary} by its verifier` },
    ]);
  });

  test("has execute look again at what stands, and run nothing on it", async () => {
    const { guard, provider, verifier, pay, payAndLoseTheAnswer } = await orphanedAttempt();
    const { verify } = verifier;
    const first = guard.execute({ ...PAYMENT, run: pay, verify });
    await verifier.untilAsked();
    await guard.release({ requestId, evidence: "the provider shows none" });
    await guard.execute({ ...PAYMENT, run: payAndLoseTheAnswer });
    verifier.answer();
    await verifier.untilAsked(2);
    expect(verifier.claims.map(({ fencing }) => fencing)).toEqual([1, 2]);
    verifier.answer();
    expect(await first).toMatchObject({
      ...{ status: "done", isRepeat: true, claim: { fencing: 2, provenance: "verifier" } },
    });
    expect(provider.calls).toBe(1);
  });
});

describe("a verifier's word that was read while the action ran in its own process", () => {
  async function readWhileItRuns() {
    const world = await guardWorld();
    const provider = new Provider();
    const verifier = new SlowVerifier(() => ({ kind: "absent" }));
    world.guard.registerVerifier(PAYMENT.action, verifier.verify);
    return { ...world, provider, verifier };
  }

  test("does not release what had its answer lost since", async () => {
    const { guard, clock, provider, verifier } = await readWhileItRuns();
    let recovering: Promise<unknown> | undefined;
    const run = async () => {
      clock.advance(LEASE_MS);
      recovering = guard.recover();
      await verifier.untilAsked();
      provider.pay(requestId, "50.00");
      throw LOST;
    };
    expect(await guard.execute({ ...PAYMENT, run })).toMatchObject({ status: "unresolved" });
    verifier.answer();
    await recovering;
    const again = await guard.execute({ ...PAYMENT, run });
    expect(again).toMatchObject({ status: "unresolved", claim: { fencing: 1 } });
    expect(provider.calls).toBe(1);
  });

  test("and found it done is told to its owner, which has lost the answer", async () => {
    const { guard, clock, provider } = await readWhileItRuns();
    const run = async () => {
      clock.advance(LEASE_MS);
      const result = provider.pay(requestId, "50.00");
      await guard.resolve({ requestId, verdict: { kind: "done", result } });
      throw LOST;
    };
    const answer = await guard.execute({ ...PAYMENT, run });
    expect(answer).toMatchObject({ status: "done", isRepeat: true, result: { amount: "50.00" } });
  });

  test("does not let a second attempt begin beside the first, whoever released that", async () => {
    const { guard, clock, provider, verifier } = await readWhileItRuns();
    const pay = () => provider.pay(requestId, "50.00");
    const run = async () => {
      clock.advance(LEASE_MS);
      await guard.release({ requestId, evidence: "support says that it was never sent" });
      const asked = guard.execute({ ...PAYMENT, run: pay, verify: verifier.verify });
      await verifier.untilAsked();
      verifier.answer();
      second = await asked;
      return pay();
    };
    let second: ExecuteAnswer<unknown> | undefined;
    await guard.execute({ ...PAYMENT, run });
    expect(second).toMatchObject({ status: "unresolved", claim: { fencing: 2 } });
    expect(provider.calls).toBe(1);
  });
});

describe("an attempt that was released while it ran", () => {
  const byPerson = async ({ guard }: GuardWorld) => {
    await guard.release({ requestId, evidence: "support says that it was never sent" });
  };
  const byOther = async ({ another }: GuardWorld) => {
    const other = await another();
    other.registerVerifier(PAYMENT.action, () => ({ kind: "absent" }));
    await other.recover();
  };

  test.each([
    ["by a person", byPerson],
    ["by another process, which could not see it", byOther],
  ])("%s, has no second one begun beside it in its process", async (_, released) => {
    const world = await guardWorld();
    const { guard, clock } = world;
    const provider = new Provider();
    const pay = () => provider.pay(requestId, "50.00");
    let second: ExecuteAnswer<unknown> | undefined;
    const run = async () => {
      clock.advance(LEASE_MS);
      await released(world);
      second = await guard.execute({ ...PAYMENT, run: pay });
      return pay();
    };
    const first = await guard.execute({ ...PAYMENT, run });
    expect(second).toMatchObject({
      ...{ status: "unresolved", incident: expect.any(Number) },
      claim: { fencing: 2, unknownBecause: expect.stringContaining("still at work") },
    });
    expect(provider.calls).toBe(1);
    expect(first).toMatchObject({ status: "unresolved", claim: { fencing: 2 } });
    const later = await guard.execute({ ...PAYMENT, run: pay });
    expect(later).toMatchObject({ status: "unresolved" });
    expect(provider.calls).toBe(1);
  });
});

describe("who finds something out", () => {
  async function atSecondAttempt() {
    const world = await orphanedAttempt();
    await world.guard.release({ requestId, evidence: "the provider shows none" });
    await world.guard.execute({ ...PAYMENT, run: world.payAndLoseTheAnswer });
    return world;
  }

  test("and says for which attempt changes nothing of another one", async () => {
    const { guard } = await atSecondAttempt();
    const other = { kind: "other_attempt", claim: { status: "IN_RECONCILIATION", fencing: 2 } };
    for (const kind of ["absent", "rejected", "done"] as const) {
      const answer = await guard.resolve({ requestId, fencing: 1, verdict: { kind } });
      expect(answer, kind).toMatchObject(other);
    }
    const evidence = "the provider shows none";
    expect(await guard.release({ requestId, fencing: 1, evidence })).toMatchObject(other);
    expect(await guard.release({ requestId, fencing: 3, evidence })).toMatchObject(other);
    expect(await guard.release({ requestId, fencing: 2, evidence })).toMatchObject({
      kind: "released",
    });
  });

  test("and does not say for which attempt means the one that stands", async () => {
    const { guard } = await atSecondAttempt();
    expect(await guard.resolve({ requestId, verdict: { kind: "done" } })).toMatchObject({
      ...{ kind: "resolved", claim: { fencing: 2, outcome: "done" } },
    });
  });

  test.each([0, 1.5, "1", null])("gives a whole number, not %j", async (fencing) => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const verdict = { kind: "rejected" } as const;
    for (const call of [
      guard.resolve({ requestId, fencing: fencing as never, verdict }),
      guard.release({ requestId, fencing: fencing as never, evidence: "none" }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
      await expect(call).rejects.toThrow(`fencing is ${fencing}: expected a whole number from 1`);
    }
  });

  test.each(["true", 1, null])("says of a late word true or false, not %j", async (word) => {
    const { guard } = await guardWorld();
    await guard.claim(PAYMENT);
    const said = { requestId, isOfLateWord: word as never };
    for (const call of [
      guard.resolve({ ...said, verdict: { kind: "absent" } }),
      guard.release({ ...said, evidence: "none" }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "invalid_guard_call" });
      await expect(call).rejects.toThrow(/isOfLateWord is .*: expected true or false/);
    }
  });
});
