/** The claim of an action that is no order: who may do it, and what ends it. */
import { describe, expect, test } from "vitest";
import { NO_SYMBOL } from "../../src/claim/claim-event.ts";
import { decideGuard } from "../../src/claim/decide-guard.ts";
import { evolveGuard, RELEASED_TOKENS_MAX } from "../../src/claim/evolve-guard.ts";
import type { GuardClaim } from "../../src/claim/guard-claim.ts";
import { guardInWords } from "../../src/claim/guard-in-words.ts";
import { InvariantError } from "../../src/core/errors.ts";
import {
  claimOf,
  doubt,
  evidence,
  GuardLife,
  KEY,
  LAPSED,
  LEASE_MS,
  NOW,
  payload,
  release,
  settle,
} from "./guard-commands.ts";

describe("a claim of an action", () => {
  test("lets its first caller proceed, and says what is on record of it", () => {
    const life = new GuardLife();
    const fields = { agentId: "worker-1", scope: "eu", payload: payload({ amount: "50" }) };
    expect(life.answer(claimOf(fields))).toEqual({ kind: "proceed", isReopened: false });
    expect(life.claim).toEqual({
      ...{ key: KEY, status: "OPEN", action: "payment.send", ...fields },
      ...{ owner: "process-1", tokenHash: "token-1", leaseUntil: NOW + LEASE_MS },
      ...{ claimedAt: NOW, openedAt: NOW, fencing: 1, releasedTokens: [], unknownBecause: null },
      ...{ outcome: null, provenance: null, settledAt: null, result: null, evidence: null },
      resultProblem: null,
    });
  });

  test("tells every other caller that it is under way, until the lease is over", () => {
    const life = new GuardLife(claimOf());
    const again = claimOf({ tokenHash: "token-2", now: LAPSED - 1 });
    expect(life.take(again)).toEqual({ events: [], answer: { kind: "pending" } });
    expect(life.claim?.tokenHash).toBe("token-1");
  });

  test("is in question once its lease is over, whoever asks, and never proceeds by time", () => {
    const life = new GuardLife(claimOf());
    expect(life.answer(claimOf({ tokenHash: "token-2", now: LAPSED }))).toEqual({
      kind: "unresolved",
    });
    expect(life.claim).toMatchObject({ status: "IN_RECONCILIATION", tokenHash: "token-1" });
    expect(life.claim?.unknownBecause).toContain("until its lease was over at 2026-05-21T13:57");
    const muchLater = claimOf({ now: LAPSED + 365 * 86_400_000 });
    expect(life.take(muchLater)).toEqual({ events: [], answer: { kind: "unresolved" } });
  });

  test("is put in question by time alone only where its owner still had it", () => {
    const lapse = (now: number) => ({ type: "lapse", now }) as const;
    const life = new GuardLife(claimOf());
    expect(life.take(lapse(LAPSED - 1))).toEqual({ events: [], answer: { kind: "pending" } });
    expect(life.answer(lapse(LAPSED))).toEqual({ kind: "unresolved" });
    expect(life.take(lapse(LAPSED + 1)).events).toEqual([]);
    const settled = new GuardLife(claimOf(), settle());
    const over = { kind: "settled", isRepeat: true };
    expect(settled.take(lapse(LAPSED))).toEqual({ events: [], answer: over });
  });

  test("keeps the first result, whatever is settled later", () => {
    const life = new GuardLife(claimOf());
    expect(life.answer(settle({ result: { paid: 1 } }))).toEqual({
      kind: "settled",
      isRepeat: false,
    });
    const second = settle({ result: { paid: 2 } });
    expect(life.take(second)).toEqual({ events: [], answer: { kind: "settled", isRepeat: true } });
    const other = settle({ outcome: "rejected", result: { paid: 2 } });
    expect(life.answer(other)).toEqual({ kind: "contradicted" });
    expect(life.claim).toMatchObject({
      ...{ status: "SETTLED", outcome: "done", provenance: "owner", result: { paid: 1 } },
      ...{ settledAt: NOW + 1_000, unknownBecause: null, evidence: null },
    });
    expect(life.answer(claimOf())).toEqual({ kind: "settled", isRepeat: true });
  });

  test.each([
    ["done", "rejected"],
    ["rejected", "done"],
  ] as const)("that is on record as %s keeps its owner's %s beside it", (onRecord, outcome) => {
    for (const tokenHash of ["token-1", null]) {
      const life = new GuardLife(claimOf(), evidence({ outcome: onRecord }));
      const before = life.claim;
      expect(life.take(settle({ outcome, tokenHash }))).toEqual({
        events: [{ type: "settlement_refused", outcome, onRecord }],
        answer: { kind: "contradicted" },
      });
      expect(life.claim).toEqual(before);
      const same = { events: [], answer: { kind: "settled", isRepeat: true } };
      expect(life.take(settle({ outcome: onRecord, tokenHash }))).toEqual(same);
    }
  });

  test("that was rejected is never opened again", () => {
    const life = new GuardLife(claimOf(), settle({ outcome: "rejected", result: null }));
    expect(life.take(claimOf({ tokenHash: "token-2" })).events).toEqual([]);
    expect(life.answer(claimOf())).toEqual({ kind: "settled", isRepeat: true });
    expect(life.claim?.outcome).toBe("rejected");
  });

  test("is settled by its owner after the lease too, until it is released", () => {
    const late = settle({ now: LAPSED + 1 });
    expect(new GuardLife(claimOf()).answer(late)).toMatchObject({ kind: "settled" });
    const lapsed = new GuardLife(claimOf(), { type: "lapse", now: LAPSED });
    expect(lapsed.answer(late)).toEqual({ kind: "settled", isRepeat: false });
    expect(lapsed.claim).toMatchObject({ status: "SETTLED", unknownBecause: null });
  });

  test("is unknown to whoever names none", () => {
    const nothing = { events: [], answer: { kind: "unknown" } };
    const lapse = { type: "lapse", now: NOW } as const;
    for (const command of [settle(), release(), doubt(), evidence(), lapse]) {
      expect(decideGuard(undefined, command)).toEqual(nothing);
    }
  });

  test("of nobody begins with a claim and with nothing else", () => {
    const event = { type: "guard_reopened", owner: "x", tokenHash: "t", leaseUntil: 1 } as never;
    expect(() => evolveGuard(undefined, KEY, event, NOW)).toThrow(InvariantError);
  });
});

test("an answer that changed nothing leaves the claim of an action as it is", () => {
  const { claim } = new GuardLife(claimOf(), doubt());
  const answered = { type: "guard_answered", answer: "PENDING", code: null } as const;
  expect(evolveGuard(claim, KEY, answered, NOW)).toEqual(claim);
});

describe("what must be the same on every try", () => {
  test("is the action, and what differs is named", () => {
    const life = new GuardLife(claimOf());
    const difference = { field: "action", first: "payment.send", second: "payment.refund" };
    const other = claimOf({ action: "payment.refund" });
    expect(life.take(other)).toEqual({ events: [], answer: { kind: "mismatch", difference } });
  });

  test("is not who asks: another worker may repeat it", () => {
    const life = new GuardLife(claimOf({ agentId: "worker-1", scope: "eu" }));
    expect(life.answer(claimOf({ agentId: "worker-2", scope: "us" }))).toEqual({ kind: "pending" });
  });

  test.each([
    [{ amount: "50", to: "A" }, { amount: "60", to: "A" }, "/payload/amount"],
    [{ amount: "50" }, { amount: "50", note: "x" }, "/payload/note"],
    [{ amount: "50", note: "x" }, { amount: "50" }, "/payload/note"],
    [{ to: { iban: "A" } }, { to: { iban: "B" } }, "/payload/to/iban"],
    [{ items: [1, 2] }, { items: [1, 3] }, "/payload/items/1"],
    [{ "a/b": { "c~d": 1 } }, { "a/b": { "c~d": 2 } }, "/payload/a~1b/c~0d"],
    ["text", "other", "/payload"],
    [{ a: {} }, { a: [] }, "/payload/a"],
    [{ a: { "0": 1 } }, { a: [1] }, "/payload/a"],
    [{ "0": 1, b: 2 }, { "0": 1, b: 3 }, "/payload/b"],
    [{ a: null }, {}, "/payload"],
  ])("is every field of the payload: %j and %j", (first, second, field) => {
    const life = new GuardLife(claimOf({ payload: payload(first) }));
    expect(life.answer(claimOf({ payload: payload(second) }))).toEqual({
      kind: "mismatch",
      difference: { field, first: null, second: null },
    });
    expect(life.answer(claimOf({ payload: payload(first) }))).toEqual({ kind: "pending" });
  });

  test("is nothing that the repeat does not state, and all that the first did not", () => {
    const stated = new GuardLife(claimOf({ payload: payload({ amount: "50" }) }));
    expect(stated.answer(claimOf())).toEqual({ kind: "pending" });
    const unstated = new GuardLife(claimOf());
    const difference = { field: "/payload", first: null, second: null };
    const second = claimOf({ payload: payload({ amount: "50" }) });
    expect(unstated.answer(second)).toEqual({ kind: "mismatch", difference });
  });

  test("holds for a released claim too: it is reopened only under the same terms", () => {
    const life = new GuardLife(claimOf({ payload: payload({ amount: "50" }) }), release());
    expect(life.answer(claimOf({ payload: payload({ amount: "60" }) }))).toMatchObject({
      kind: "mismatch",
    });
    expect(life.answer(claimOf({ payload: payload({ amount: "50" }) }))).toMatchObject({
      kind: "proceed",
    });
  });
});

describe("a fingerprint of a payload", () => {
  test("holds no value, and is another one under another id", () => {
    const fields = payload({ amount: "50" });
    expect(Object.keys(fields)).toEqual(["/payload/amount"]);
    expect(fields["/payload/amount"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("does not depend on the order of names, nor on what is undefined", () => {
    expect(payload({ a: 1, b: { d: 2, c: 3 } })).toEqual(payload({ b: { c: 3, d: 2 }, a: 1 }));
    expect(payload({ a: 1, b: undefined })).toEqual(payload({ a: 1 }));
  });

  test("of many fields is of the first level, and of very many of the whole", () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`f${n}`, { a: n, b: 1 }]),
    );
    expect(Object.keys(payload(many)).sort().slice(0, 2)).toEqual(["/payload/f0", "/payload/f1"]);
    expect(Object.keys(payload(many))).toHaveLength(100);
    const list = Array.from({ length: 129 }, (_, n) => n);
    expect(Object.keys(payload(list))).toEqual(["/payload"]);
    expect(Object.keys(payload(list.slice(1)))).toHaveLength(128);
    expect(payload(list)).not.toEqual(payload([...list.slice(0, 128), 0]));
  });

  test("takes what is nested deep as one field", () => {
    const deep = { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } };
    expect(Object.keys(payload(deep))).toEqual(["/payload/a/b/c/d/e/f"]);
  });
});

describe("a settlement token", () => {
  test("that is wrong settles, releases and doubts nothing", () => {
    const life = new GuardLife(claimOf());
    const wrong = { events: [], answer: { kind: "not_owner", problem: "wrong" } };
    expect(life.take(settle({ tokenHash: "token-9" }))).toEqual(wrong);
    expect(life.take(release({ tokenHash: "token-9" }))).toEqual(wrong);
    expect(life.take(doubt("token-9"))).toEqual(wrong);
  });

  test("that is missing is refused where it is asked for", () => {
    const life = new GuardLife(claimOf());
    const missing = { events: [], answer: { kind: "not_owner", problem: "missing" } };
    const without = { tokenHash: null, isTokenRequired: true };
    expect(life.take(settle(without))).toEqual(missing);
    expect(life.take(release(without))).toEqual(missing);
    expect(life.answer(settle({ tokenHash: null }))).toEqual({ kind: "settled", isRepeat: false });
    expect(life.take(settle(without))).toEqual(missing);
  });
});

describe("a release", () => {
  test("by its owner opens the claim again for one caller, with a new token and lease", () => {
    const life = new GuardLife(claimOf());
    expect(life.answer(release())).toEqual({ kind: "released", isRepeat: false });
    expect(life.claim).toMatchObject({
      ...{ status: "SETTLED", outcome: "absent", provenance: "owner", settledAt: NOW + 1_000 },
      ...{ evidence: "the provider has no such payment", releasedTokens: ["token-1"] },
    });
    expect(life.take(release())).toEqual({
      events: [],
      answer: { kind: "released", isRepeat: true },
    });
    const again = claimOf({ tokenHash: "token-2", now: NOW + 5_000 });
    expect(life.answer(again)).toEqual({ kind: "proceed", isReopened: true });
    expect(life.claim).toMatchObject({
      ...{ status: "OPEN", fencing: 2, tokenHash: "token-2", openedAt: NOW + 5_000 },
      ...{ leaseUntil: NOW + 5_000 + LEASE_MS, claimedAt: NOW, outcome: null, evidence: null },
      ...{ provenance: null, settledAt: null, releasedTokens: ["token-1"] },
    });
    expect(life.answer(claimOf({ tokenHash: "token-3" }))).toEqual({ kind: "pending" });
  });

  test("by anybody else waits until the lease is over", () => {
    const life = new GuardLife(claimOf());
    const others = release({ tokenHash: null, now: LAPSED - 1 });
    expect(life.take(others)).toEqual({ events: [], answer: { kind: "live" } });
    expect(life.answer({ ...others, now: LAPSED })).toMatchObject({ kind: "released" });
    expect(life.claim?.provenance).toBe("caller");
  });

  test("of a claim in question is by its caller's evidence", () => {
    const life = new GuardLife(claimOf(), doubt());
    expect(life.answer(release({ tokenHash: null }))).toMatchObject({ kind: "released" });
    expect(life.claim).toMatchObject({ provenance: "caller", unknownBecause: null });
  });

  test("of what was settled changes nothing", () => {
    const life = new GuardLife(claimOf(), settle());
    const answer = { kind: "settled", isRepeat: true };
    expect(life.take(release())).toEqual({ events: [], answer });
  });

  test("with the token of an attempt before is not the owner's", () => {
    const life = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
    const wrong = { kind: "not_owner", problem: "wrong" };
    expect(life.take(release({ tokenHash: "token-1" }))).toEqual({ events: [], answer: wrong });
  });
});

describe("the word of whoever held a released attempt", () => {
  test("is refused, and puts the claim in question again before anybody proceeds", () => {
    const life = new GuardLife(claimOf(), release());
    const { events, answer } = life.take(settle());
    expect(events).toEqual([{ type: "settlement_surfaced", outcome: "done" }]);
    expect(answer).toEqual({ kind: "released", isRepeat: false });
    expect(life.claim).toMatchObject({
      status: "IN_RECONCILIATION",
      outcome: null,
      evidence: null,
    });
    expect(life.claim?.unknownBecause).toContain("was released says that it was not absent");
    expect(life.answer(claimOf({ tokenHash: "token-2" }))).toEqual({ kind: "unresolved" });
  });

  test("is no settlement either when it is said again, with a token or without", () => {
    const life = new GuardLife(claimOf(), release(), settle());
    for (const tokenHash of ["token-1", null]) {
      const again = { events: [], answer: { kind: "released", isRepeat: true } };
      expect(life.take(settle({ tokenHash }))).toEqual(again);
    }
    expect(life.claim?.status).toBe("IN_RECONCILIATION");
  });

  test("without a token counts as that of the attempt that ran last", () => {
    const life = new GuardLife(claimOf(), release());
    expect(life.take(settle({ tokenHash: null })).events).toMatchObject([
      { type: "settlement_surfaced" },
    ]);
  });

  test("that it does not know is refused too, and nobody proceeds", () => {
    const life = new GuardLife(claimOf(), release());
    const refused = { kind: "released", isRepeat: false };
    expect(life.take(doubt())).toEqual({
      ...{ events: [{ type: "settlement_surfaced", outcome: "unknown" }], answer: refused },
    });
    expect(life.claim?.unknownBecause).toContain("does not know whether it was absent");
    expect(life.answer(claimOf({ tokenHash: "token-2" }))).toEqual({ kind: "unresolved" });
    expect(life.take(doubt())).toEqual({ events: [], answer: { ...refused, isRepeat: true } });
    expect(life.take(settle()).events).toEqual([{ type: "settlement_surfaced", outcome: "done" }]);
    expect(life.claim?.unknownBecause).toContain("says that it was not absent");
    expect(life.take(doubt()).events).toEqual([]);
    const others = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
    expect(others.take(doubt())).toEqual({
      events: [{ type: "settlement_refused", outcome: "unknown", waits: true }],
      answer: refused,
    });
    expect(others.claim).toMatchObject({ status: "OPEN", tokenHash: "token-2" });
  });

  test("waits behind one that did not know, also where a verifier is who says it", () => {
    const life = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }), doubt());
    const waits = { type: "settlement_refused", outcome: "done", waits: true };
    expect(life.take(evidence({ fencing: 1 })).events).toEqual([waits]);
    expect(life.take(evidence({ fencing: 1 })).events).toEqual([]);
    const [, surfaced] = life.take(release({ tokenHash: "token-2" })).events;
    expect(surfaced).toEqual({ type: "settlement_surfaced", outcome: "done" });
  });

  test("is heard behind one that did not know, in whatever words that is kept", () => {
    const life = new GuardLife(claimOf(), release(), doubt());
    const [surfaced] = life.take(settle()).events;
    expect(surfaced).toEqual({ type: "settlement_surfaced", outcome: "done" });
    const reworded = new GuardLife(claimOf(), release(), doubt());
    reworded.claim = { ...(reworded.claim as GuardClaim), unknownBecause: "in other words" };
    expect(reworded.take(settle()).events).toEqual([surfaced]);
    expect(reworded.claim).not.toHaveProperty("isLateWordUnknown");
    const ended = new GuardLife(claimOf(), release(), doubt(), release());
    expect(ended.claim).not.toHaveProperty("isLateWordUnknown");
  });

  test.each([
    ["a verifier", [release(), evidence()]],
    ["an operator", [release(), settle(), evidence({ provenance: "operator" })]],
  ])("is compared with what %s has found since, where no other attempt was made", (_, found) => {
    const life = new GuardLife(claimOf(), ...found);
    for (const tokenHash of ["token-1", null]) {
      const same = { events: [], answer: { kind: "settled", isRepeat: true } };
      expect(life.take(settle({ tokenHash }))).toEqual(same);
      expect(life.take(settle({ tokenHash, outcome: "rejected" }))).toEqual({
        events: [{ type: "settlement_refused", outcome: "rejected", onRecord: "done" }],
        answer: { kind: "contradicted" },
      });
    }
    expect(life.answer(doubt())).toEqual({ kind: "settled", isRepeat: true });
    const twice = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
    for (const command of [release({ tokenHash: "token-2" }), evidence()]) twice.take(command);
    const late = { events: [{ type: "settlement_refused", outcome: "done" }] };
    for (const tokenHash of ["token-1", "token-2"]) {
      expect(twice.take(settle({ tokenHash }))).toMatchObject(late);
    }
  });

  test("is put on record while another attempt runs, and after it has ended", () => {
    const life = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
    const refused = [{ type: "settlement_refused", outcome: "done" }];
    expect(life.take(settle()).events).toEqual([{ ...refused[0], waits: true }]);
    expect(life.claim).toMatchObject({ status: "OPEN", tokenHash: "token-2" });
    expect(life.answer(settle({ tokenHash: "token-2" }))).toMatchObject({ kind: "settled" });
    expect(life.take(settle()).events).toEqual(refused);
    expect(life.claim).toMatchObject({ status: "SETTLED", outcome: "done" });
  });

  test("puts the claim in question once the later attempt ends absent, by whomever", () => {
    const ends = [release({ tokenHash: "token-2" }), evidence({ outcome: "absent", now: LAPSED })];
    for (const end of ends) {
      const life = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }), settle());
      expect(life.take(end).events).toMatchObject([
        { type: "guard_released" },
        { type: "settlement_surfaced", outcome: "done" },
      ]);
      expect(life.claim?.unknownBecause).toContain("says that it was not absent");
      expect(life.answer(claimOf())).toEqual({ kind: "unresolved" });
      const looked = evidence({ outcome: "absent", isOfLateWord: true });
      expect(life.take(looked).events).toHaveLength(1);
      expect(life.answer(claimOf())).toMatchObject({ kind: "proceed" });
    }
  });

  test("is the one that says most, of several that wait, and none once it was weighed", () => {
    const second = claimOf({ tokenHash: "token-2" });
    const life = new GuardLife(claimOf(), release(), second, settle(), doubt());
    expect(life.claim?.waitingWord).toBe("done");
    const other = new GuardLife(claimOf(), release(), second, doubt(), settle());
    expect(other.claim?.waitingWord).toBe("done");
    other.take(settle({ tokenHash: "token-2" }));
    expect(other.claim).not.toHaveProperty("waitingWord");
  });

  test("is put on record while the later attempt is in question", () => {
    const reopened = claimOf({ tokenHash: "token-2" });
    const life = new GuardLife(claimOf(), release(), reopened, doubt("token-2"));
    expect(life.take(settle()).events).toMatchObject([{ type: "settlement_refused" }]);
    expect(life.claim?.unknownBecause).toBe("the provider did not answer");
    expect(life.answer(settle({ tokenHash: "token-2" }))).toMatchObject({ kind: "settled" });
  });

  /** One that was released so often, and claimed again each time. */
  function releasedOften(times: number): GuardLife {
    const life = new GuardLife(claimOf());
    for (let n = 1; n <= times; n += 1) {
      life.take(release({ tokenHash: `token-${n}` }));
      life.take(claimOf({ tokenHash: `token-${n + 1}` }));
    }
    return life;
  }

  test("is known by the latest attempts' tokens, each once, and by any once some are forgotten", () => {
    const known = releasedOften(RELEASED_TOKENS_MAX);
    const refused = [{ type: "settlement_refused", outcome: "done", waits: true }];
    expect(known.take(settle()).events).toEqual(refused);
    const wrong = { events: [], answer: { kind: "not_owner", problem: "wrong" } };
    expect(known.take(settle({ tokenHash: "token-0" }))).toEqual(wrong);
    const absent = releasedOften(RELEASED_TOKENS_MAX - 1);
    absent.take(release({ tokenHash: `token-${RELEASED_TOKENS_MAX}` }));
    expect(absent.take(settle({ tokenHash: "token-0" }))).toEqual(wrong);

    const forgotten = releasedOften(RELEASED_TOKENS_MAX + 1);
    expect(forgotten.claim?.releasedTokens).toHaveLength(RELEASED_TOKENS_MAX);
    for (const tokenHash of ["token-1", "token-2"]) {
      const { events, answer } = forgotten.take(settle({ tokenHash }));
      expect(events).toEqual(refused);
      expect(answer).toEqual({ kind: "released", isRepeat: false });
    }
    const owner = `token-${RELEASED_TOKENS_MAX + 2}`;
    expect(forgotten.take(release())).toEqual(wrong);
    expect(forgotten.answer(doubt(owner))).toEqual({ kind: "unresolved" });
    expect(forgotten.answer(settle({ tokenHash: owner }))).toMatchObject({ kind: "settled" });
    const over = releasedOften(RELEASED_TOKENS_MAX);
    over.take(release({ tokenHash: `token-${RELEASED_TOKENS_MAX + 1}` }));
    expect(over.take(settle()).events).toMatchObject([{ type: "settlement_surfaced" }]);
    const twice = new GuardLife(claimOf(), release(), settle(), release());
    expect(twice.claim?.releasedTokens).toEqual(["token-1"]);
  });
});

describe("the owner's doubt", () => {
  test("puts the claim in question at once, and the same token still settles it", () => {
    const life = new GuardLife(claimOf());
    expect(life.answer(doubt())).toEqual({ kind: "unresolved" });
    expect(life.claim).toMatchObject({
      status: "IN_RECONCILIATION",
      unknownBecause: "the provider did not answer",
    });
    expect(life.take(doubt())).toEqual({ events: [], answer: { kind: "unresolved" } });
    expect(life.answer(settle())).toEqual({ kind: "settled", isRepeat: false });
    expect(life.answer(doubt())).toEqual({ kind: "settled", isRepeat: true });
  });
});

describe("what somebody else has read of the provider", () => {
  test.each(["done", "rejected"] as const)("settles it as %s at any time", (outcome) => {
    for (const before of [[claimOf()], [claimOf(), doubt()]]) {
      const life = new GuardLife(...before);
      expect(life.answer(evidence({ outcome }))).toEqual({ kind: "settled", isRepeat: false });
      expect(life.claim).toMatchObject({
        ...{ status: "SETTLED", outcome, provenance: "verifier" },
        ...{ evidence: "the provider shows it", result: { paid: true } },
      });
    }
  });

  test("releases it only when nobody can be at it any more", () => {
    const absent = evidence({ outcome: "absent", result: null });
    const running = new GuardLife(claimOf());
    expect(running.take({ ...absent, now: LAPSED - 1 })).toEqual({
      events: [],
      answer: { kind: "live" },
    });
    expect(running.answer({ ...absent, now: LAPSED })).toMatchObject({ kind: "released" });
    const doubted = new GuardLife(claimOf(), doubt());
    expect(doubted.answer(absent)).toEqual({ kind: "released", isRepeat: false });
    expect(doubted.claim).toMatchObject({ outcome: "absent", provenance: "verifier" });
  });

  test("is about the attempt that it was read for, whichever stands by now", () => {
    const reopened = claimOf({ tokenHash: "token-2", now: LAPSED });
    const running = new GuardLife(claimOf(), release(), reopened);
    const doubted = new GuardLife(claimOf(), release(), reopened, doubt("token-2"));
    const other = { events: [], answer: { kind: "other_attempt" } };
    for (const life of [running, doubted]) {
      for (const outcome of ["rejected", "absent"] as const) {
        expect(life.take(evidence({ outcome, fencing: 1 }))).toEqual(other);
      }
      expect(life.take(evidence({ fencing: 3 }))).toEqual(other);
      const late = release({ tokenHash: null, fencing: 1, now: LAPSED + LEASE_MS });
      expect(life.take(late)).toEqual(other);
    }
    expect(doubted.answer(evidence({ outcome: "absent", fencing: 2 }))).toMatchObject({
      kind: "released",
    });
    const over = { events: [], answer: { kind: "released", isRepeat: true } };
    expect(doubted.take(release({ tokenHash: null, fencing: 1 }))).toEqual(over);
  });

  test("settles as done what counts as absent, of whichever attempt it is: nobody proceeds", () => {
    const twice = [claimOf(), release(), claimOf({ tokenHash: "token-2" })];
    const second = release({ tokenHash: "token-2" });
    for (const life of [new GuardLife(claimOf(), release()), new GuardLife(...twice, second)]) {
      const { events, answer } = life.take(evidence({ fencing: 1 }));
      expect(events).toMatchObject([
        { type: "settlement_surfaced", outcome: "done", provenance: "verifier" },
        { type: "guard_settled", outcome: "done", provenance: "verifier", result: { paid: true } },
      ]);
      expect(answer).toEqual({ kind: "settled", isRepeat: false });
      expect(life.claim).toMatchObject({ status: "SETTLED", outcome: "done" });
      expect(life.answer(claimOf({ tokenHash: "token-3" }))).toMatchObject({ kind: "settled" });
    }
    const absent = new GuardLife(claimOf(), release());
    const over = { events: [], answer: { kind: "settled", isRepeat: true } };
    for (const outcome of ["absent", "rejected"] as const) {
      expect(absent.take(evidence({ outcome }))).toEqual(over);
    }
  });

  test("that an attempt before was done is heard as its owner's late word is", () => {
    const second = claimOf({ tokenHash: "token-2" });
    for (const more of [[], [doubt("token-2")]]) {
      const life = new GuardLife(claimOf(), release(), second, ...more);
      const { status } = life.claim ?? {};
      const refused = { type: "settlement_refused", outcome: "done", waits: true } as const;
      const answer = { kind: "other_attempt" };
      expect(life.take(evidence({ fencing: 1 }))).toEqual({ events: [refused], answer });
      expect(life.take(evidence({ fencing: 1 }))).toEqual({ events: [], answer });
      expect(life.claim?.status).toBe(status);
      life.take(release({ tokenHash: "token-2" }));
      expect(life.answer(claimOf({ tokenHash: "token-3" }))).toEqual({ kind: "unresolved" });
    }
  });

  test("that an attempt before was done is put on record too once another one is over", () => {
    for (const outcome of ["done", "rejected"] as const) {
      const life = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
      life.take(settle({ tokenHash: "token-2", outcome }));
      expect(life.take(evidence({ fencing: 1 }))).toEqual({
        events: [{ type: "settlement_refused", outcome: "done" }],
        answer: { kind: "settled", isRepeat: true },
      });
      expect(life.claim).toMatchObject({ status: "SETTLED", outcome, provenance: "owner" });
      const later = evidence({ fencing: 3 });
      expect(life.take(later).events).toEqual([]);
    }
  });

  test("changes nothing that is over, and contradicts it on record", () => {
    const life = new GuardLife(claimOf(), settle());
    const answer = { kind: "settled", isRepeat: true };
    expect(life.take(evidence())).toEqual({ events: [], answer });
    expect(life.take(evidence({ fencing: 1 }))).toEqual({ events: [], answer });
    expect(life.take(evidence({ outcome: "absent" }))).toEqual({ events: [], answer });
    const second = new GuardLife(claimOf(), release(), claimOf({ tokenHash: "token-2" }));
    second.take(settle({ tokenHash: "token-2" }));
    const ofFirst = evidence({ outcome: "rejected", fencing: 1 });
    expect(second.take(ofFirst)).toEqual({ events: [], answer });
    for (const [onRecord, outcome] of [
      ["done", "rejected"],
      ["rejected", "done"],
    ] as const) {
      const ended = new GuardLife(claimOf(), settle({ outcome: onRecord }));
      const events = [{ type: "settlement_refused", outcome, onRecord }];
      expect(ended.take(evidence({ outcome }))).toEqual({ events, answer });
      expect(ended.claim).toMatchObject({ status: "SETTLED", outcome: onRecord });
    }
  });
});

describe("a claim in words", () => {
  test("says who is at it, what nobody knows, and how it ended by whose word", () => {
    const open = new GuardLife(claimOf());
    const words = (life: GuardLife) => life.claim && guardInWords(life.claim);
    expect(words(open)).toBe("its owner is at it until 2026-05-21T13:57:00.000Z");
    expect(words(new GuardLife(claimOf(), doubt()))).toBe(
      "nobody knows: the provider did not answer",
    );
    expect(words(new GuardLife(claimOf(), settle()))).toBe("done, says its owner");
    expect(words(new GuardLife(claimOf(), release()))).toBe(
      "absent, says its owner: the provider has no such payment",
    );
  });
});

test("an action that is no order has the empty text for a symbol, which is what ledgers hold", () => {
  expect(NO_SYMBOL).toBe("");
});
