import { describe, expect, test } from "vitest";
import { decide, type Moment, type Standing } from "../../strategies/momentum-decision.ts";
import { momentumParameters } from "../../strategies/momentum-parameters.ts";

const NOON = Date.parse("2026-05-21T16:00:00Z");
const CLOSE = Date.parse("2026-05-21T20:00:00Z");
const MINUTE = 60_000;
const PARAMETERS = momentumParameters();

const FLAT = {
  ...{ isHeld: false, averagePrice: 0, price: 75, bestPrice: 0, stages: 0 },
  ...{ lastStageAt: undefined, isEntering: false, isExiting: false, begunExit: undefined },
  lastExit: undefined,
} as const;

/** A base of TQQQ at 75, begun ten minutes ago. */
const HELD = {
  ...{ ...FLAT, isHeld: true, averagePrice: 75, bestPrice: 75 },
  ...{ stages: 1, lastStageAt: NOON - 10 * MINUTE },
};

function decided(signed: number, bull: Partial<Standing>, changes: Partial<Moment> = {}) {
  const moment: Moment = {
    ...{ now: NOON, closeAt: CLOSE },
    score: { bull: Math.max(0, signed), bear: Math.max(0, -signed), signed },
    bull: { ...FLAT, symbol: "TQQQ", ...bull },
    bear: { ...FLAT, symbol: "SQQQ", price: 41 },
    ...changes,
  };
  return decide(moment, PARAMETERS).map((decision) =>
    decision.kind === "exit"
      ? `exit ${decision.symbol}: ${decision.reason}`
      : `${decision.stage} ${decision.symbol}`,
  );
}

describe("the bot enters", () => {
  test.each([
    ["the bull side at a high score", 60, ["base TQQQ"]],
    ["the bear side at a low one", -60, ["base SQQQ"]],
    ["neither in between", 59, []],
  ])("%s", (_, score, expected) => {
    expect(decided(score, {})).toEqual(expected);
  });

  test("nothing while an order of either side is at work, or its outcome unknown", () => {
    expect(decided(60, { isEntering: true })).toEqual([]);
    const bear = { ...FLAT, symbol: "SQQQ", isExiting: true };
    expect(decided(60, {}, { bear })).toEqual([]);
  });

  test("the same side again only after its pause, longer where the exit was a loss", () => {
    const sinceExit = (minutes: number, wasLoss: boolean) =>
      decided(60, { lastExit: { at: NOON - minutes * MINUTE, wasLoss } });
    expect([sinceExit(2, false), sinceExit(3, false)]).toEqual([[], ["base TQQQ"]]);
    expect([sinceExit(9, true), sinceExit(10, true)]).toEqual([[], ["base TQQQ"]]);
  });

  test("the other side at once: that is a flip", () => {
    expect(decided(-60, { lastExit: { at: NOON, wasLoss: true } })).toEqual(["base SQQQ"]);
  });

  test("nothing in the last minutes", () => {
    expect(decided(60, {}, { closeAt: NOON + 15 * MINUTE })).toEqual([]);
    expect(decided(60, {}, { closeAt: NOON + 16 * MINUTE })).toEqual(["base TQQQ"]);
  });
});

describe("the bot adds", () => {
  test("two stages while the score holds, some bars apart", () => {
    expect(decided(40, HELD)).toEqual(["add1 TQQQ"]);
    expect(decided(40, { ...HELD, stages: 2 })).toEqual(["add2 TQQQ"]);
    expect(decided(40, { ...HELD, stages: 3 })).toEqual([]);
    expect(decided(39, HELD)).toEqual([]);
    expect(decided(40, { ...HELD, lastStageAt: NOON - 4 * MINUTE })).toEqual([]);
  });

  test("nothing to a position that was begun before the session", () => {
    const inherited = { ...HELD, stages: Number.POSITIVE_INFINITY, lastStageAt: undefined };
    expect(decided(100, inherited)).toEqual([]);
  });
});

describe("the bot exits", () => {
  test.each<[string, number, Partial<Standing>]>([
    ["loss_stop", 100, { price: 73.87 }],
    // Up 0.6 % at best, and 1.2 % down from there.
    ["trail", 100, { bestPrice: 75.45, price: 74.54 }],
    // Up 2 % at best, of which 0.8 % is given back.
    ["give_back", 100, { bestPrice: 76.5, price: 75.9 }],
    ["flip", -20, {}],
  ])("by %s", (reason, score, changes) => {
    expect(decided(score, { ...HELD, ...changes })).toEqual([`exit TQQQ: ${reason}`]);
  });

  test.each<[string, number, Partial<Standing>]>([
    ["a small loss", 20, { price: 73.9 }],
    ["a fall from a best price that was hardly a gain", 20, { bestPrice: 75.3, price: 74.3 }],
    ["a score that has not turned", -19, {}],
  ])("not for %s", (_, score, changes) => {
    expect(decided(score, { ...HELD, ...changes })).toEqual([]);
  });

  test("whatever the score, before the close", () => {
    const closeAt = NOON + 5 * MINUTE;
    expect(decided(100, HELD, { closeAt })).toEqual(["exit TQQQ: close"]);
  });

  test("never a second time while an exit is at work", () => {
    expect(decided(-100, { ...HELD, isExiting: true })).toEqual([]);
  });

  test("until it is out, though the score has turned: an exit is not left hanging", () => {
    expect(decided(100, { ...HELD, begunExit: "flip" })).toEqual(["exit TQQQ: flip"]);
  });

  test("and does not enter the other side in the same bar", () => {
    expect(decided(-100, HELD)).toEqual(["exit TQQQ: flip"]);
  });
});
