/** Claims of actions that are no orders: one caller proceeds, and every word is kept. */
import { describe, expect, test } from "vitest";
import { auditPage } from "../../src/audit/audit-trail.ts";
import { checkStore } from "../../src/audit/store-check.ts";
import { GUARD_ACCOUNT, type RequestId } from "../../src/core/ids.ts";
import { resolveFor } from "../../src/ledger/account-incidents.ts";
import type { Ledger, OperatorEnd } from "../../src/ledger/ledger.ts";
import {
  claimOf,
  doubt,
  evidence,
  KEY,
  NOW,
  payload,
  release,
  settle,
} from "../claim/guard-commands.ts";
import { ACCOUNT } from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

/** A text that JSON and both stores have to carry unharmed. */
const AWKWARD = 'quote " and \u0000 and é and 日本 and 😀';

export function testsOfGuards(storeOfTest: StoreOfTest): void {
  describe("the claim of an action that is no order", () => {
    testsOfOneOwner(storeOfTest);
    testsOfRecord(storeOfTest);
    testsOfOperators(storeOfTest);
  });
}

function testsOfOneOwner(storeOfTest: StoreOfTest): void {
  test("lets one of many callers proceed, whichever opening they call", async () => {
    const { ledger, another } = await storeOfTest();
    const ledgers = [ledger, await another(), await another()];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        (ledgers[n % 3] as Ledger).guard(KEY, claimOf({ tokenHash: `token-${n}` })),
      ),
    );
    const kinds = answers.map(({ answer }) => answer.kind);
    expect(kinds.filter((kind) => kind === "proceed")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "pending")).toHaveLength(23);
    const owner = kinds.indexOf("proceed");
    expect(answers.map(({ claim }) => claim?.tokenHash)).toEqual(
      Array.from({ length: 24 }, () => `token-${owner}`),
    );
  });

  test("is its agent group's own, and no order's", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    const others = { ...KEY, agent: "others" as typeof KEY.agent };
    expect((await ledger.guard(others, claimOf())).answer.kind).toBe("proceed");
    expect(await ledger.claimOf(KEY)).toBeUndefined();
    expect(await ledger.countByStatus(GUARD_ACCOUNT)).toEqual({});
    expect(await ledger.countGuardClaims()).toBe(2);
  });

  test("answers what it does not know without making anything", async () => {
    const { ledger } = await storeOfTest();
    const nothing = { answer: { kind: "unknown" }, claim: undefined, incident: null };
    expect(await ledger.guard(KEY, settle())).toEqual(nothing);
    expect(await ledger.countGuardClaims()).toBe(0);
    expect(await ledger.lastSequence()).toBe(0);
  });
}

function testsOfRecord(storeOfTest: StoreOfTest): void {
  test("is there after a reopening, with its result to the letter", async () => {
    const { ledger, reopen } = await storeOfTest();
    const key = { ...KEY, requestId: AWKWARD as RequestId };
    const result = { text: AWKWARD, list: [1.5, null, true], large: "x".repeat(200_000) };
    await ledger.guard(key, claimOf({ action: AWKWARD, payload: payload({ a: 1 }) }));
    const settled = await ledger.guard(key, settle({ result }));
    const again = await reopen();
    const [found] = await again.guardClaimsOf([key]);
    expect(found).toEqual(settled.claim);
    expect(found).toMatchObject({ status: "SETTLED", action: AWKWARD, result });
    const repeat = await again.guard(key, claimOf({ action: AWKWARD }));
    expect(repeat).toMatchObject({
      answer: { kind: "settled", isRepeat: true },
      claim: { result },
    });
  });

  test("is found among those that are not settled until it is", async () => {
    const { ledger } = await storeOfTest();
    const keys = ["a", "b", "c"].map((id) => ({ ...KEY, requestId: id as RequestId }));
    for (const key of keys) await ledger.guard(key, claimOf());
    const idsOf = async (limit: number, after = 0) =>
      (await ledger.unsettledGuardClaims(after, limit)).map(({ claim }) => claim.key.requestId);
    expect(await idsOf(2)).toEqual(["a", "b"]);
    const [first] = await ledger.unsettledGuardClaims(0, 1);
    expect(await idsOf(2, first?.id)).toEqual(["b", "c"]);
    await ledger.guard(keys[0] as typeof KEY, settle());
    await ledger.guard(keys[1] as typeof KEY, release());
    expect(await idsOf(9)).toEqual(["c"]);
    await ledger.guard(keys[1] as typeof KEY, claimOf({ tokenHash: "token-2" }));
    expect(await idsOf(9)).toEqual(["b", "c"]);
    const found = await ledger.guardClaimsOf([...keys, { ...KEY, requestId: "d" as RequestId }]);
    expect(found.map((claim) => claim?.status)).toEqual(["SETTLED", "OPEN", "OPEN", undefined]);
  });

  test("is not moved by what was read of an attempt before", async () => {
    const { ledger, another } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    const doubted = await ledger.guard(KEY, doubt("token-2"));
    const stale = evidence({ outcome: "absent", fencing: 1 });
    for (const one of [ledger, await another()]) {
      const { claim, answer } = await one.guard(KEY, stale);
      expect(answer).toEqual({ kind: "other_attempt" });
      expect(claim).toEqual(doubted.claim);
    }
    const word = evidence({ outcome: "absent", fencing: 2 });
    expect((await ledger.guard(KEY, word)).answer.kind).toBe("released");
  });

  test("has an incident exactly while nobody knows what became of it", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    const doubted = await ledger.guard(KEY, doubt());
    expect(doubted).toMatchObject({ answer: { kind: "unresolved" }, incident: 1 });
    expect(await ledger.incidents(GUARD_ACCOUNT)).toMatchObject([
      {
        ...{ id: 1, kind: "unknown_action", subject: "action payments/invoice-1042", symbol: "" },
        ...{ summary: "payment.send invoice-1042: the provider did not answer" },
        ...{ causes: [KEY], resolution: null },
      },
    ]);
    expect((await ledger.guard(KEY, claimOf())).incident).toBe(1);
    await ledger.guard(KEY, evidence());
    expect(await ledger.incident(GUARD_ACCOUNT, 1)).toMatchObject({
      resolution: {
        ...{ verdict: "outcome_known", provenance: "venue" },
        ...{ reason: "done: the provider shows it" },
      },
    });
  });

  test("keeps the word of whoever held a released attempt as an incident of its own", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    await ledger.guard(KEY, doubt("token-2"));
    const late = await ledger.guard(KEY, settle());
    expect(late).toMatchObject({ answer: { kind: "released" }, incident: 2 });
    await ledger.guard(KEY, settle({ tokenHash: "token-2" }));
    const incidents = await ledger.incidents(GUARD_ACCOUNT);
    expect(incidents.map(({ kind, resolution }) => [kind, resolution?.verdict])).toEqual([
      ["late_settlement", undefined],
      ["unknown_action", "outcome_known"],
    ]);
    await ledger.guard(KEY, settle());
    expect((await ledger.incident(GUARD_ACCOUNT, 2))?.evidence).toHaveLength(1);
  });

  describe("that was released while the word of an earlier attempt's owner waits", () => {
    async function waiting() {
      const { ledger } = await storeOfTest();
      await ledger.guard(KEY, claimOf());
      await ledger.guard(KEY, release());
      await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
      await ledger.guard(KEY, settle());
      return ledger;
    }

    test("is in question by that word", async () => {
      const ledger = await waiting();
      const released = await ledger.guard(KEY, release({ tokenHash: "token-2" }));
      expect(released).toMatchObject({
        ...{ answer: { kind: "released" }, incident: 1 },
        claim: { status: "IN_RECONCILIATION", outcome: null },
      });
      const check = await checkStore(ledger, () => undefined);
      expect(check).toMatchObject({ fault: undefined, wereRowsCompared: true });
    });

    test("may be tried again where a person has ended its incident meanwhile", async () => {
      const ledger = await waiting();
      await resolveFor(ledger, ACCOUNT, 1, word(null));
      const released = await ledger.guard(KEY, release({ tokenHash: "token-2" }));
      expect(released.claim).toMatchObject({ status: "SETTLED", outcome: "absent" });
    });
  });

  test("keeps the owner's word against its record as an incident, and the record as it is", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    const rejected = await ledger.guard(KEY, evidence({ outcome: "rejected", fencing: 1 }));
    const said = await ledger.guard(KEY, settle());
    expect(said).toMatchObject({ answer: { kind: "contradicted" }, incident: 1 });
    expect(said.claim).toEqual(rejected.claim);
    expect(await ledger.incidents(GUARD_ACCOUNT)).toMatchObject([
      { id: 1, kind: "late_settlement", causes: [KEY], resolution: null },
    ]);
    const check = await checkStore(ledger, () => undefined);
    expect(check).toMatchObject({ fault: undefined, wereRowsCompared: true });
  });

  test("that was released is done once somebody has read so, and an incident tells of it", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    const found = await ledger.guard(KEY, evidence({ fencing: 1 }));
    expect(found).toMatchObject({
      ...{ answer: { kind: "settled", isRepeat: false } },
      claim: { outcome: "done", provenance: "verifier", result: { paid: true } },
    });
    expect(await ledger.incidents(GUARD_ACCOUNT)).toMatchObject([
      { kind: "late_settlement", resolution: null },
    ]);
    const check = await checkStore(ledger, () => undefined);
    expect(check).toMatchObject({ fault: undefined, wereRowsCompared: true });
  });

  test("is in the trail beside the orders of every account, and its events fold to its row", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf({ agentId: "worker-1" }));
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    const body = { type: "guard_answered", answer: "PENDING", code: null } as const;
    ledger.note({ subject: "guard", key: KEY, symbol: "", body }, NOW);
    await ledger.guard(KEY, doubt("token-2"));
    const { items } = await auditPage(ledger, ACCOUNT, { agentName: "worker-1" });
    expect(items.map(({ type, action, status }) => [type, action, status])).toEqual([
      ["guard_answered", "payment.send", "PENDING"],
      ["guard_reopened", "payment.send", "IN_RECONCILIATION"],
      ["guard_claimed", "payment.send", "IN_RECONCILIATION"],
    ]);
    expect((await auditPage(ledger, ACCOUNT, { agentName: "worker-9" })).items).toEqual([]);
    const check = await checkStore(ledger, () => undefined);
    expect(check).toMatchObject({ fault: undefined, wereRowsCompared: true });
  });
}

function word(endClaimAs: OperatorEnd | null, version = 1) {
  return { version, by: "ops", reason: "seen at the provider", endClaimAs, now: NOW + 9_000 };
}

function testsOfOperators(storeOfTest: StoreOfTest): void {
  test.each([
    ["done", "SETTLED"],
    ["rejected", "SETTLED"],
    ["absent", "SETTLED"],
  ] as const)("is ended by an operator as %s", async (end, status) => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, doubt());
    const result = await resolveFor(ledger, ACCOUNT, 1, word(end));
    const reason = `${end}: ops: seen at the provider`;
    expect(result).toMatchObject({
      kind: "resolved",
      incident: { resolution: { provenance: "operator", reason } },
    });
    const [claim] = await ledger.guardClaimsOf([KEY]);
    expect(claim).toMatchObject({ status, outcome: end, provenance: "operator" });
  });

  test("waits for a word about its end, of its own kind", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, doubt());
    const kindOf = async (end: OperatorEnd | null, version?: number) =>
      (await resolveFor(ledger, ACCOUNT, 1, word(end, version))).kind;
    expect(await kindOf(null)).toBe("claim_waits");
    expect(await kindOf("already_flat")).toBe("other_end");
    expect(await kindOf("done", 9)).toBe("stale");
    await ledger.guard(KEY, settle());
    expect(await kindOf("done")).toBe("over");
    expect((await resolveFor(ledger, ACCOUNT, 7, word(null))).kind).toBe("unknown");
  });

  test("of a later attempt that nobody knows waits for a word about its own incident", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, settle());
    const surfaced = await ledger.incident(GUARD_ACCOUNT, 1);
    expect(surfaced).toMatchObject({ kind: "late_settlement", resolution: null });
    // Somebody else releases it, and a second attempt loses its answer, before the person speaks.
    await ledger.guard(KEY, release({ tokenHash: null, isOfLateWord: true }));
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    expect((await ledger.guard(KEY, doubt("token-2"))).incident).toBe(2);
    const kindOf = async (incident: number, end: OperatorEnd | null) =>
      (await resolveFor(ledger, ACCOUNT, incident, word(end, surfaced?.version))).kind;
    expect(await kindOf(1, "absent")).toBe("no_claim");
    expect((await ledger.guardClaimsOf([KEY]))[0]).toMatchObject({
      ...{ status: "IN_RECONCILIATION", fencing: 2 },
    });
    expect(await kindOf(1, null)).toBe("resolved");
    expect(await kindOf(2, null)).toBe("claim_waits");
    expect(await kindOf(2, "done")).toBe("resolved");
  });

  test("that a late word put in question is ended by what is said of that word", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, settle());
    expect((await resolveFor(ledger, ACCOUNT, 1, word(null))).kind).toBe("claim_waits");
    expect((await resolveFor(ledger, ACCOUNT, 1, word("done"))).kind).toBe("resolved");
    expect((await ledger.guardClaimsOf([KEY]))[0]).toMatchObject({ outcome: "done" });
    expect((await ledger.incident(GUARD_ACCOUNT, 1))?.resolution).not.toBeNull();
  });

  test("that a late word put in question is not so once more by one that a person has weighed", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    await ledger.guard(KEY, settle());
    await ledger.guard(KEY, release({ tokenHash: "token-2" }));
    // A verifier that was asked about the first attempt answers behind its owner.
    const read = await ledger.guard(KEY, evidence({ fencing: 1 }));
    expect(read).toMatchObject({ answer: { kind: "other_attempt" }, incident: 1 });
    const { version } = (await ledger.incident(GUARD_ACCOUNT, 1)) ?? {};
    expect((await resolveFor(ledger, ACCOUNT, 1, word("absent", version))).kind).toBe("resolved");
    const [claim] = await ledger.guardClaimsOf([KEY]);
    expect(claim).toMatchObject({ status: "SETTLED", outcome: "absent", provenance: "operator" });
    expect(await ledger.incidents(GUARD_ACCOUNT, { isOpen: true })).toEqual([]);
    expect((await ledger.guard(KEY, claimOf())).answer.kind).toBe("proceed");
  });

  test("is not ended by a word about what another attempt did", async () => {
    const { ledger } = await storeOfTest();
    await ledger.guard(KEY, claimOf());
    await ledger.guard(KEY, release());
    await ledger.guard(KEY, claimOf({ tokenHash: "token-2" }));
    await ledger.guard(KEY, settle());
    expect((await resolveFor(ledger, ACCOUNT, 1, word("done"))).kind).toBe("no_claim");
    const over = await resolveFor(ledger, ACCOUNT, 1, word(null));
    expect(over).toMatchObject({
      kind: "resolved",
      incident: { resolution: { verdict: "by_operator" } },
    });
    expect((await ledger.guardClaimsOf([KEY]))[0]?.status).toBe("OPEN");
  });
}
