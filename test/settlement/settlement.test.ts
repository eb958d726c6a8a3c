import { describe, expect, test } from "vitest";
import { majority, type SettlementPolicy, singleSource } from "../../src/settlement/policy.ts";
import type { SettlementOptions } from "../../src/settlement/settlement.ts";
import { guardWorld, LEASE_MS } from "../guard/guard-world.ts";

const JUDGES = ["referee", "oracle", "camera"];
const MATCH: SettlementOptions = { id: "match-7", threshold: "0.9", policy: majority(JUDGES) };

function said(source: string, outcome: string, confidence = "0.95") {
  return { source, outcome, confidence };
}

/** A bank that counts. */
function bank() {
  const paid: string[] = [];
  const run = (outcome: string) => {
    paid.push(outcome);
    return { transfer: paid.length, to: outcome };
  };
  return { paid, run };
}

async function settlementWorld(options: Partial<SettlementOptions> = {}) {
  const { guard, another, clock } = await guardWorld();
  const open = async () => (await another()).settlement({ ...MATCH, ...options });
  return { guard, clock, match: guard.settlement({ ...MATCH, ...options }), open };
}

describe("a settlement", () => {
  test("is open, then final by agreement, then settled by its payout", async () => {
    const { match } = await settlementWorld();
    const { paid, run } = bank();
    expect(await match.state()).toMatchObject({ status: "OPEN", outcome: null, signals: [] });
    await match.signal(said("referee", "alice"));
    expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
    const second = await match.signal(said("oracle", "alice"));
    expect(second).toMatchObject({
      kind: "recorded",
      state: { status: "FINAL", outcome: "alice" },
    });
    expect(await match.payout({ run })).toMatchObject({
      status: "done",
      result: { transfer: 1, to: "alice" },
      isRepeat: false,
    });
    expect(await match.state()).toMatchObject({ status: "SETTLED", outcome: "alice" });
    expect(paid).toEqual(["alice"]);
  });

  test("counts a source once, and takes the same word again as the same", async () => {
    const { match, open } = await settlementWorld();
    await match.signal(said("referee", "alice", "0.90"));
    const again = await (await open()).signal(said("referee", "alice", "0.9"));
    expect(again).toMatchObject({ kind: "recorded", isRepeat: true, state: { status: "OPEN" } });
    expect(await match.signal(said("referee", "bob"))).toEqual({
      kind: "contradicts_itself",
      first: { source: "referee", outcome: "alice", confidence: "0.9" },
    });
    expect((await match.state()).signals).toHaveLength(1);
  });

  test("takes a confidence as small as a number can be", async () => {
    const { match } = await settlementWorld({ threshold: 1e-7 });
    await match.signal({ source: "referee", outcome: "alice", confidence: 1 - 0.9999999999 });
    await match.signal({ source: "oracle", outcome: "alice", confidence: 5e-324 });
    await match.signal({ source: "camera", outcome: "alice", confidence: 1e-7 });
    const { status, signals } = await match.state();
    expect(status).toBe("IN_RECONCILIATION");
    expect(signals.at(-1)).toMatchObject({ source: "camera", confidence: "0.0000001" });
  });

  test("is held while sources contradict one another or are unsure, and pays nothing", async () => {
    const { match } = await settlementWorld();
    const { paid, run } = bank();
    await match.signal(said("camera", "bob", "0.4"));
    expect(await match.state()).toMatchObject({
      status: "IN_RECONCILIATION",
      heldBecause: "camera says bob with 0.4, under the threshold of 0.9",
    });
    await match.signal(said("referee", "alice"));
    await match.signal(said("oracle", "bob"));
    expect(await match.state()).toMatchObject({
      status: "IN_RECONCILIATION",
      heldBecause: "1 for alice, 1 for bob, of 3 sources",
    });
    expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
    expect(paid).toEqual([]);
  });

  test("that is held is decided by a person, whose name and reason are kept", async () => {
    const { match, guard } = await settlementWorld();
    await match.signal(said("referee", "alice"));
    await match.signal(said("oracle", "bob"));
    const decision = { outcome: "alice", by: "mira", reason: "saw the recording" };
    expect(await match.decide(decision)).toMatchObject({ status: "FINAL", outcome: "alice" });
    const claim = await guard.get("settlement/match-7/decision");
    expect(claim?.result).toEqual({ outcome: "alice", by: "mira: saw the recording" });
    expect(await match.decide({ ...decision, outcome: "bob" })).toMatchObject({ outcome: "alice" });
    const unexplained = match.decide({ outcome: "bob", by: "mira" } as never);
    await expect(unexplained).rejects.toThrow("reason is undefined: expected a text");
  });

  test("keeps what is final against late signals, which are recorded", async () => {
    const { match, guard } = await settlementWorld();
    await match.signal(said("referee", "alice"));
    await match.signal(said("oracle", "alice"));
    const late = await match.signal(said("camera", "bob"));
    expect(late).toMatchObject({ kind: "late", state: { status: "FINAL", outcome: "alice" } });
    const recorded = await guard.get("settlement/match-7/signal/camera");
    expect(recorded).toMatchObject({ status: "SETTLED", result: { outcome: "bob" } });
    expect((await match.state()).signals).toHaveLength(3);
  });

  test("answers a signal's repeat after the end as it answered the signal", async () => {
    const { match, clock } = await settlementWorld();
    await match.signal(said("referee", "alice"));
    await match.signal(said("oracle", "alice"));
    clock.advance(1_000);
    const again = await match.signal(said("oracle", "alice"));
    expect(again).toMatchObject({ kind: "recorded", isRepeat: true, state: { status: "FINAL" } });
    expect(await match.signal(said("camera", "bob"))).toMatchObject({ kind: "late" });
    expect(await match.signal(said("camera", "bob"))).toMatchObject({ kind: "late" });
  });

  test("pays once for many processes at once, each of which heard another signal", async () => {
    const { match, open } = await settlementWorld();
    const { paid, run } = bank();
    const processes = [match, await open(), await open()];
    await Promise.all(JUDGES.map((judge, n) => processes[n]?.signal(said(judge, "alice"))));
    const answers = await Promise.all(
      [...processes, ...processes].map((one) => one.payout({ run, waitMs: 0 })),
    );
    expect(paid).toEqual(["alice"]);
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === "done" || status === "pending")).toBe(true);
  });

  test("whose payout died half way is neither paid again nor taken for paid", async () => {
    const { match, open } = await settlementWorld();
    const { paid, run } = bank();
    for (const judge of ["referee", "oracle"]) await match.signal(said(judge, "alice"));
    const dying = await match.payout({
      run: (outcome) => {
        run(outcome);
        throw new Error("the connection to the bank was reset");
      },
    });
    expect(dying).toMatchObject({ status: "unresolved", incident: 1 });
    const elsewhere = await open();
    expect(await elsewhere.payout({ run })).toMatchObject({ status: "unresolved" });
    expect(await elsewhere.state()).toMatchObject({ status: "FINAL" });
    const verified = await elsewhere.payout({
      run,
      verify: () => ({ kind: "done", result: { transfer: 1 }, evidence: "the bank shows it" }),
    });
    expect(verified).toMatchObject({ status: "done", result: { transfer: 1 }, isRepeat: true });
    expect(await match.state()).toMatchObject({ status: "SETTLED" });
    expect(paid).toEqual(["alice"]);
  });

  test("takes up a signal whose process died before it was recorded", async () => {
    const { match, guard } = await settlementWorld();
    const signal = said("referee", "alice");
    const half = { requestId: "settlement/match-7/signal/referee", action: "settlement.signal" };
    await guard.claim({ ...half, scope: "match-7", payload: signal });
    expect((await match.state()).signals).toEqual([]);
    await match.signal(signal);
    expect((await match.state()).signals).toEqual([signal]);
  });

  test("does not say that a signal is on record whose claim a person has struck", async () => {
    const { guard, match, clock } = await settlementWorld();
    const signal = said("referee", "alice");
    const requestId = "settlement/match-7/signal/referee";
    await guard.claim({ requestId, action: "settlement.signal", payload: signal });
    clock.advance(LEASE_MS);
    await guard.recover();
    await guard.resolve({ requestId, verdict: { kind: "rejected" } });
    expect(await match.signal(signal)).toEqual({ kind: "contradicts_itself", first: null });
    expect(await match.state()).toMatchObject({ status: "OPEN", signals: [] });
  });

  test.each([
    ["another outcome", said("referee", "bob")],
    ["the word of another source", said("oracle", "alice")],
    ["no signal", { source: "referee" }],
    ["nothing", null],
  ])("counts no signal whose claim was settled by hand with %s", async (_, result) => {
    const { guard, match } = await settlementWorld({ policy: singleSource("referee") });
    const { paid, run } = bank();
    const signal = said("referee", "alice");
    const requestId = "settlement/match-7/signal/referee";
    await guard.claim({ requestId, action: "settlement.signal", payload: signal });
    await guard.settle({ requestId, result });
    expect(await match.state()).toMatchObject({ status: "OPEN", signals: [] });
    expect(await match.signal(signal)).toEqual({ kind: "contradicts_itself", first: null });
    expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
    expect(paid).toEqual([]);
  });

  test("counts no signal whose claim is of another action, whatever it was settled with", async () => {
    const { guard, match } = await settlementWorld({ policy: singleSource("referee") });
    const { paid, run } = bank();
    const signal = said("referee", "alice");
    const requestId = "settlement/match-7/signal/referee";
    await guard.claim({ requestId, action: "note.write", payload: signal });
    await guard.settle({ requestId, result: { ...signal } });
    expect(await match.state()).toMatchObject({ status: "OPEN", signals: [] });
    expect(await match.signal(signal)).toEqual({ kind: "contradicts_itself", first: null });
    expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
    expect(paid).toEqual([]);
  });

  test.each([
    [null],
    ["alice"],
    [{ source: "referee", outcome: "alice" }],
    [said("referee", "alice", "high")],
    [said("oracle", "alice")],
  ])("counts no signal that was claimed by hand as %j, and goes on", async (payload) => {
    const { guard, match } = await settlementWorld();
    const requestId = "settlement/match-7/signal/referee";
    await guard.claim({ requestId, action: "settlement.signal", payload });
    await guard.settle({ requestId, result: payload });
    for (const judge of ["oracle", "camera"]) await match.signal(said(judge, "bob"));
    const state = await match.state();
    expect(state).toMatchObject({ status: "FINAL", outcome: "bob" });
    expect(state.signals).toHaveLength(2);
  });

  test.each([[{}], ["alice"], [{ outcome: 7, by: null }], [{ outcome: "", by: null }]])(
    "pays nobody where its decision was settled by hand with %j",
    async (result) => {
      const { guard, match } = await settlementWorld();
      const { paid, run } = bank();
      const requestId = "settlement/match-7/decision";
      const payload = { threshold: "0.9", policy: "majority", sources: [...JUDGES].sort() };
      await guard.claim({ requestId, action: "settlement.decision", payload });
      await guard.settle({ requestId, result });
      expect(await match.state()).toMatchObject({
        ...{ status: "IN_RECONCILIATION", outcome: null },
        heldBecause: "no outcome was decided: done, says its owner",
      });
      expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
      expect(paid).toEqual([]);
    },
  );

  describe("whose decision was begun by a process that died", () => {
    const requestId = "settlement/match-7/decision";

    /** A person has ended the claim of the decision, as pages and commands can. */
    async function decisionEndedAs(kind: "done" | "rejected" | "absent") {
      const { guard, match, clock } = await settlementWorld();
      const payload = { threshold: "0.9", policy: "majority", sources: [...JUDGES].sort() };
      await guard.claim({ requestId, action: "settlement.decision", payload });
      clock.advance(LEASE_MS);
      await guard.recover();
      await guard.resolve({ requestId, verdict: { kind, evidence: "the match was annulled" } });
      return match;
    }

    test.each(["done", "rejected"] as const)(
      "and which a person then ended as %s, pays nobody: no outcome was decided",
      async (kind) => {
        const match = await decisionEndedAs(kind);
        const { paid, run } = bank();
        for (const judge of ["referee", "oracle"]) await match.signal(said(judge, "alice"));
        const held = { status: "IN_RECONCILIATION", outcome: null };
        const heldBecause = `no outcome was decided: ${kind}, says its verifier: the match was annulled`;
        expect(await match.state()).toMatchObject({ ...held, heldBecause });
        expect(await match.decide({ outcome: "bob", by: "ada", reason: "seen" })).toMatchObject(
          held,
        );
        expect(await match.payout({ run })).toMatchObject({ status: "not_final" });
        expect(paid).toEqual([]);
      },
    );

    test("and which a person then opened again, is decided by the next who looks", async () => {
      const match = await decisionEndedAs("absent");
      const { paid, run } = bank();
      for (const judge of ["referee", "oracle"]) await match.signal(said(judge, "alice"));
      expect(await match.state()).toMatchObject({ status: "FINAL", outcome: "alice" });
      expect(await match.payout({ run })).toMatchObject({ status: "done" });
      expect(paid).toEqual(["alice"]);
    });
  });

  test("does not decide where two processes have other terms", async () => {
    const { match, guard } = await settlementWorld();
    const loose = guard.settlement({ ...MATCH, threshold: "0.5" });
    await match.signal(said("referee", "alice", "0.6"));
    await loose.decide({ outcome: "alice", by: "mira", reason: "agreed by telephone" });
    await expect(
      match.decide({ outcome: "alice", by: "mira", reason: "again" }),
    ).rejects.toMatchObject({
      code: "settlement_terms_differ",
      message: expect.stringContaining("/payload/threshold"),
    });
  });

  test("takes a policy of one's own", async () => {
    const policy: SettlementPolicy = {
      ...{ name: "any-draw", sources: JUDGES },
      decide: (votes) =>
        votes.some(({ outcome }) => outcome === "draw")
          ? { kind: "agreed", outcome: "draw" }
          : { kind: "open" },
    };
    const { match } = await settlementWorld({ policy });
    await match.signal(said("referee", "alice"));
    await match.signal(said("camera", "draw"));
    expect(await match.state()).toMatchObject({ status: "FINAL", outcome: "draw" });
  });

  test.each([
    [{ threshold: "1.1" }, 'threshold is "1.1": expected a number from 0 to 1'],
    [{ threshold: Number.NaN }, "threshold is null: expected a number from 0 to 1"],
    [{ id: "" }, 'id is "": expected a text of 1 to 100 characters'],
    [{ id: "\ud800" }, 'id is "\\ud800": expected a text'],
    [{ policy: majority([]) }, "the policy majority names 0 sources: expected 1 to 100, each once"],
    [{ policy: majority(["a", "a"]) }, "the policy majority names 2 sources"],
    [{ policy: singleSource("") }, 'source is "": expected a text'],
    [{ policy: undefined }, "policy is undefined: expected majority"],
    [{ policy: "majority" }, "policy is a string: expected majority"],
    [
      { policy: { name: "mine", sources: "abc", decide: () => 1 } },
      "names a string as its sources",
    ],
    [{ policy: { name: "mine", sources: ["a"] } }, "policy.decide is undefined"],
    [{ policy: { sources: ["a"], decide: () => 1 } }, "policy.name is undefined"],
  ])("is not made of %j", async (options, message) => {
    const { guard } = await guardWorld();
    expect(() => guard.settlement({ ...MATCH, ...options } as never)).toThrow(message);
  });

  test.each([
    [undefined, "the policy mine decided undefined"],
    [{ kind: "agreed" }, "the policy mine agreed on undefined"],
    [{ kind: "agreed", outcome: "" }, "the policy mine agreed on empty"],
    [{ kind: "paid", outcome: "alice" }, "the policy mine decided an object"],
  ])("seals and pays nothing where a policy of one's own gives %j", async (decided, message) => {
    const policy = { name: "mine", sources: JUDGES, decide: () => decided } as never;
    const { match, guard } = await settlementWorld({ policy });
    const { paid, run } = bank();
    const call = match.signal(said("referee", "alice"));
    await expect(call).rejects.toMatchObject({ code: "invalid_option" });
    await expect(call).rejects.toThrow(message);
    await expect(match.payout({ run })).rejects.toThrow(message);
    expect(await guard.get("settlement/match-7/decision")).toBeUndefined();
    expect(paid).toEqual([]);
  });

  test("refuses a signal that is none, by name", async () => {
    const { match } = await settlementWorld();
    const wrong = match.signal({ ...said("referee", "alice"), confidence: "high" });
    await expect(wrong).rejects.toThrow('confidence is "high": expected a number from 0 to 1');
  });
});
