import { describe, expect, test } from "vitest";
import { momentumParameters } from "../../strategies/momentum-parameters.ts";
import {
  MomentumSignal,
  MovingAverage,
  type Score,
  SessionVwap,
} from "../../strategies/momentum-signal.ts";
import { barAt } from "../strategy/listed-feed.ts";

const DAY = "2026-05-21";

/** With averages of 2, 3 and 4 bars and a momentum over 2, so that a hand can follow it. */
const SHORT = momentumParameters({
  ...{ fastBars: "2", middleBars: "3", slowBars: "4" },
  ...{ momentumBars: "2", momentumPercent: "1" },
});

function scores(closes: readonly number[]): Score[] {
  const signal = new MomentumSignal(SHORT);
  return closes.map((close, minute) => signal.add(DAY, barAt(minute, String(close), "QQQ")));
}

describe("a moving average", () => {
  test("is the mean of the last values, and nothing before there are enough", () => {
    const average = new MovingAverage(3);
    const seen = [3, 6, 9, 12, 0].map((value) => {
      average.add(value);
      return [average.value, average.oldest];
    });
    expect(seen).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [6, 3],
      [9, 6],
      [7, 9],
    ]);
  });

  test("does not drift, however many values it has seen", () => {
    const average = new MovingAverage(8);
    for (let count = 0; count < 1_000_001; count += 1) average.add(0.1 * (count % 7));
    for (let count = 0; count < 8; count += 1) average.add(75.33);
    expect(average.value).toBeCloseTo(75.33, 10);
  });
});

describe("the session's VWAP", () => {
  test("weighs each bar's typical price by its volume, and begins anew with a session", () => {
    const vwap = new SessionVwap();
    expect(vwap.value).toBeUndefined();
    const bar = { ...barAt(0, "100"), high: barAt(0, "106").high, low: barAt(0, "94").low };
    vwap.add(DAY, bar);
    expect(vwap.value).toBe(100);
    vwap.add(DAY, { ...barAt(1, "110"), volume: barAt(0, "3000").close });
    // (100 x 1000 + 110 x 3000) / 4000
    expect(vwap.value).toBe(107.5);
    vwap.add("2026-05-22", barAt(2, "90"));
    expect(vwap.value).toBe(90);
  });
});

describe("the score", () => {
  test("says nothing of what has not moved", () => {
    expect(scores([100, 100, 100, 100, 100]).map(({ signed }) => signed)).toEqual([0, 0, 0, 0, 0]);
  });

  test("has a part for VWAP, each average and the momentum, as each has seen enough bars", () => {
    // 100, 101, 102, 103: above VWAP from the 2nd bar (100.5 < 101) and above the fast average
    // (100.5); from the 3rd the fast average (101.5) is above the middle one (101) and the
    // momentum 2 %; from the 4th the middle one (102) is above the slow one (101.5).
    expect(scores([100, 101, 102, 103])).toEqual([
      { bull: 0, bear: 0, signed: 0 },
      { bull: 40, bear: 0, signed: 40 },
      { bull: 80, bear: 0, signed: 80 },
      { bull: 100, bear: 0, signed: 100 },
    ]);
  });

  test("is the mirror image where prices fall", () => {
    expect(scores([103, 102, 101, 100]).map(({ signed }) => signed)).toEqual([0, -40, -80, -100]);
  });

  test("has parts for both sides while they disagree", () => {
    // 100, 104, 102, 101: VWAP 101.75, averages 101.5, 102.33, 101.75; two bars ago 104.
    expect(scores([100, 104, 102, 101]).at(-1)).toEqual({ bull: 20, bear: 80, signed: -60 });
  });

  test("takes a move of less than the least for none", () => {
    // 0.5 % in two bars, where 1 % is the least.
    expect(scores([100, 100, 100.5]).at(-1)).toEqual({ bull: 60, bear: 0, signed: 60 });
  });
});
