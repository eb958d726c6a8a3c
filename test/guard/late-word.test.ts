/** The late word of whoever held an attempt that was released. */
import { describe, expect, test } from "vitest";
import { RELEASED_TOKENS_MAX } from "../../src/claim/evolve-guard.ts";
import { guardWorld, LEASE_MS, Moment, PAYMENT } from "./guard-world.ts";

const { requestId } = PAYMENT;

/** The token of the first of so many attempts, each released by its owner; the last one runs. */
async function releasedOften(times: number) {
  const world = await guardWorld();
  const tokens: string[] = [];
  for (let n = 0; n <= times; n += 1) {
    const token = tokens.at(-1);
    if (token !== undefined) await world.guard.release({ requestId, token, evidence: "refused" });
    const claimed = await world.guard.claim(PAYMENT);
    if (claimed.kind !== "proceed") throw new Error(claimed.kind);
    tokens.push(claimed.token);
  }
  return { ...world, first: tokens[0], last: tokens.at(-1) };
}

describe("the word of whoever held the first of many attempts", () => {
  test.each([1, RELEASED_TOKENS_MAX, RELEASED_TOKENS_MAX + 1, 3 * RELEASED_TOKENS_MAX])(
    "is on record after %i releases, and an incident with it",
    async (times) => {
      const { guard, first } = await releasedOften(times);
      const late = await guard.settle({ requestId, token: first, result: { id: "p-1" } });
      expect(late).toMatchObject({ kind: "released", incident: 1, claim: { status: "OPEN" } });
    },
  );

  test("keeps the next caller from proceeding while nobody is at it", async () => {
    const { guard, first, last } = await releasedOften(RELEASED_TOKENS_MAX + 1);
    await guard.release({ requestId, token: last, evidence: "refused" });
    await guard.settle({ requestId, token: first, result: { id: "p-1" } });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", incident: 1 });
  });
});

describe("its word while another attempt is at it,", () => {
  async function spoken() {
    const { guard, clock, first, last } = await releasedOften(1);
    await guard.settle({ requestId, token: first, result: { id: "p-1" } });
    const release = () => guard.release({ requestId, token: last, evidence: "refused" });
    return { guard, clock, release };
  }

  async function released() {
    const { guard, clock, first: token } = await releasedOften(0);
    clock.advance(LEASE_MS);
    await guard.release({ requestId, evidence: "support says that it was never sent" });
    return { guard, token };
  }

  test("keeps the next caller from proceeding once that one is released", async () => {
    const { guard, release } = await spoken();
    const claim = { status: "IN_RECONCILIATION", outcome: null };
    expect(await release()).toMatchObject({ kind: "released", claim });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", incident: 1 });
    const verdict = { kind: "done", result: { id: "p-1" } } as const;
    expect(await guard.resolve({ requestId, verdict })).toMatchObject({ kind: "resolved" });
  });

  test("is not answered by that release, sent again since its answer was lost", async () => {
    const { guard, release } = await spoken();
    await release();
    const claim = { status: "IN_RECONCILIATION", outcome: null };
    expect(await release()).toMatchObject({ kind: "released", isRepeat: true, claim });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", incident: 1 });
    // Nor by anybody else's, which may have been sent before it too.
    const evidence = "the provider shows none";
    const others = await guard.release({ requestId, fencing: 2, evidence });
    expect(others).toMatchObject({ kind: "unresolved", incident: 1, claim });
    // Whoever has looked since says so.
    await guard.release({ requestId, fencing: 2, isOfLateWord: true, evidence });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "proceed", isReopened: true });
  });

  test("is not answered by what a verifier had read before it came to light", async () => {
    const { guard, clock, release } = await spoken();
    const read = new Moment();
    const asked = new Moment();
    guard.registerVerifier(PAYMENT.action, async () => {
      asked.come();
      await read.came;
      return { kind: "absent" };
    });
    clock.advance(LEASE_MS);
    const recovering = guard.recover();
    await asked.came;
    await release();
    read.come();
    expect(await recovering).toMatchObject({ unresolved: [{ status: "IN_RECONCILIATION" }] });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", incident: 1 });
    clock.advance(15_000);
    expect(await guard.recover()).toMatchObject({ resolved: [{ outcome: "absent" }] });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "proceed", isReopened: true });
  });

  test("has been heard once somebody has looked at the provider after that", async () => {
    const { guard, release } = await spoken();
    await release();
    const verdict = { kind: "absent" } as const;
    expect(await guard.resolve({ requestId, verdict })).toMatchObject({ kind: "unresolved" });
    await guard.resolve({ requestId, isOfLateWord: true, verdict });
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "proceed", isReopened: true });
  });

  test("is answered to the owner of the last one, whose own try certainly did nothing", async () => {
    const { guard, token } = await released();
    const run = async () => {
      await guard.settle({ requestId, token, result: { id: "p-1" } });
      throw new Error("refused");
    };
    const confirm = () => ({ kind: "absent" }) as const;
    const answer = await guard.execute({ ...PAYMENT, run, confirm });
    expect(answer).toMatchObject({ status: "unresolved", claim: { status: "IN_RECONCILIATION" } });
  });

  test("is heard where a verifier, asked before or after it, says that nothing was done", async () => {
    const { guard, clock } = await spoken();
    clock.advance(LEASE_MS);
    const absent = (isOfLateWord: boolean) =>
      guard.resolve({ requestId, isOfLateWord, verdict: { kind: "absent" } });
    const inQuestion = { claim: { status: "IN_RECONCILIATION", outcome: null } };
    expect(await absent(false)).toMatchObject(inQuestion);
    expect(await absent(false)).toMatchObject(inQuestion);
    expect(await absent(true)).toMatchObject({ claim: { status: "SETTLED", outcome: "absent" } });
  });
});

describe("an owner whose attempt was released while it was at it", () => {
  /** Gives what the owner comes to after somebody has released its attempt. */
  async function lateOwner(end: () => unknown) {
    const world = await guardWorld();
    const { guard, clock } = world;
    const run = async () => {
      clock.advance(LEASE_MS);
      await guard.release({ requestId, evidence: "support says that it was never sent" });
      return end();
    };
    return { ...world, run };
  }

  test("and then loses the answer keeps everybody else from doing it again", async () => {
    const lost = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    const { guard, run } = await lateOwner(() => Promise.reject(lost));
    const answer = await guard.execute({ ...PAYMENT, run });
    expect(answer).toMatchObject({ status: "unresolved", incident: 1, error: lost });
    expect(answer.claim.status).toBe("IN_RECONCILIATION");
    expect(await guard.claim(PAYMENT)).toMatchObject({ kind: "unresolved", incident: 1 });
  });

  test("is told what a verifier has found of it since, and no second attempt is made up", async () => {
    const { guard, run } = await lateOwner(async () => {
      const verdict = { kind: "done", result: { id: "p-1" } } as const;
      await guard.resolve({ requestId, verdict });
      return { id: "p-1" };
    });
    const answer = await guard.execute({ ...PAYMENT, run });
    expect(answer).toMatchObject({ status: "done", result: { id: "p-1" }, isRepeat: true });
  });
});
