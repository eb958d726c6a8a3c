import { describe, expect, test } from "vitest";
import {
  heldExtent,
  lanesOf,
  levelsOf,
  nearest,
  spanOf,
  storyOf,
  textOf,
} from "../../src/page/model/session-lanes.ts";
import type { MarkView } from "../../src/page/sidecar-answers.ts";

const EMPTY = {
  ...{ symbol: "TQQQ", agent: null, requestId: null, incident: null, side: null },
  ...{ quantity: null, price: null, notionalUsd: null, net: null, text: "" },
} as const;

function mark(time: string, part: Partial<MarkView>): MarkView {
  const at = `2026-05-21T13:${time}.000Z`;
  return { ...EMPTY, sequence: Number(time.replace(":", "")), at, kind: "entry", ...part };
}

const CLAIM = { agent: "momentum", requestId: "r-1", side: "buy", quantity: "6" } as const;
const MARKS = [
  mark("42:00", { ...CLAIM, net: "0", text: "buy 6 TQQQ" }),
  mark("42:01", { ...CLAIM, kind: "fill", net: "6", price: "75.33" }),
  mark("42:02", { ...CLAIM, kind: "blocked", net: "6", notionalUsd: "452", text: "SKIP" }),
  mark("50:00", { kind: "incident", incident: 1, net: "6", text: "refused" }),
  mark("55:00", { kind: "resolved", incident: 1, net: "6", text: "still held" }),
];

describe("a lane", () => {
  test("has fills at their prices, and the position as steps, from before the first fill to the end of the span", () => {
    const [lane] = lanesOf(MARKS, { from: 0, to: 10 });
    expect(lane?.nets).toEqual([0, 6, 6]);
    expect(lane?.prices).toEqual([null, 75.33, null]);
    expect(lane?.points.map(({ place }) => place)).toEqual([
      ...["below", "within", "above", "above", "above"],
    ]);
    const seconds = (time: string) => Date.parse(`2026-05-21T13:${time}.000Z`) / 1_000;
    expect(lane?.troubles).toEqual([{ from: seconds("50:00"), to: seconds("55:00") }]);
  });

  test("of spreads holds nothing: what they bought is held as its contracts", () => {
    const spread = mark("42:00", { ...CLAIM, symbol: "MLEG", net: "0", text: "buy 2 spreads" });
    const [lane] = lanesOf([spread], { from: 0, to: 10 });
    expect(lane).toMatchObject({ name: "Spreads", held: null, nets: [null, null] });
  });

  test("has the spans of incidents that overlap as one, and others apart", () => {
    const opened = (time: string, incident: number) => mark(time, { kind: "incident", incident });
    const ended = (time: string, incident: number) => mark(time, { kind: "resolved", incident });
    const marks = [
      ...[opened("41:00", 1), opened("42:00", 2), ended("43:00", 2), ended("45:00", 1)],
      ...[opened("47:00", 3), opened("48:00", 4), ended("49:00", 3)],
    ];
    const [lane] = lanesOf(marks, { from: 0, to: 10 });
    const seconds = (time: string) => Date.parse(`2026-05-21T13:${time}.000Z`) / 1_000;
    expect(lane?.troubles).toEqual([
      { from: seconds("41:00"), to: seconds("45:00") },
      { from: seconds("47:00"), to: null },
    ]);
  });

  test("tells what is held at its end with all its digits", () => {
    const net = "123456789.123456789";
    const bought = mark("42:01", { ...CLAIM, kind: "fill", net, price: "0.00001234" });
    const span = { from: 0, to: 10 };
    expect(lanesOf([bought], span)[0]?.held).toBe(net);
    expect(lanesOf([mark("42:00", { ...CLAIM, net: "0.0000001" })], span)[0]?.held).toBe(
      "0.0000001",
    );
    expect(
      lanesOf([mark("42:00", { kind: "incident", symbol: "", net: "0" })], span)[0]?.held,
    ).toBe(null);
  });

  test("says nothing of a position that nobody knows", () => {
    const adjusted = mark("41:00", { kind: "adjusted", quantity: "6", net: "6" });
    const [lane] = lanesOf([adjusted], { from: 0, to: 10 });
    expect(lane?.nets).toEqual([null, 6, 6]);
  });

  test("has a name also for the incidents about actions, of which nothing is held", () => {
    const incident = mark("41:00", { kind: "incident", incident: 1, symbol: "", net: "0" });
    const [lane] = lanesOf([incident, ...MARKS], { from: 0, to: 10 });
    expect(lane).toMatchObject({ symbol: "", name: "Actions", nets: [null, null] });
    expect(lane?.points).toHaveLength(1);
  });

  test("reaches to now while the market is open, and to the last mark afterwards", () => {
    const now = "2026-05-21T14:42:00.000Z";
    expect(spanOf(MARKS, now, true).to).toBeGreaterThan(Date.parse(now) / 1_000);
    expect(spanOf(MARKS, now, false).to).toBeLessThan(Date.parse(now) / 1_000);
  });
});

test("a mark tells its claim's whole story, an incident's its own", () => {
  const [entry, , , incident] = MARKS;
  expect(storyOf(entry as MarkView, MARKS)).toEqual([
    "09:42:00  entry: buy 6 TQQQ",
    "09:42:01  filled 6 @ 75.33, then 6 held",
    "09:42:02  SKIP (452.00 USD)",
  ]);
  expect(storyOf(incident as MarkView, MARKS)).toEqual([
    "09:50:00  incident: refused",
    "09:55:00  resolved: still held",
  ]);
});

test("a fill in a list has its price as a person reads it, and the others what they say", () => {
  const price = "75.333333333333333333333333333333333333";
  const told = { kind: "fill", quantity: "6", price, text: `6 filled @ ${price}` } as const;
  expect(textOf(mark("42:01", told))).toBe("6 filled @ 75.3333");
  expect(textOf(mark("42:02", { ...told, price: null }))).toBe(told.text);
  expect(textOf(mark("42:00", { text: "buy 6 TQQQ", quantity: "6" }))).toBe("buy 6 TQQQ");
});

test("marks at one place stand on levels of their own, and the last level takes the rest", () => {
  expect(levelsOf([0, 1, 2, 3, 50], 10, 3)).toEqual([0, 1, 2, 2, 0]);
});

test("the nearest mark is the one that is meant, within reach", () => {
  const [lane] = lanesOf(MARKS, { from: 0, to: 10 });
  const points = lane?.points ?? [];
  const distance = (point: (typeof points)[number]) => Math.abs(points.indexOf(point) - 1.2) * 10;
  expect(nearest(points, distance, 5)).toBe(points[1]);
  expect(nearest(points, distance, 1)).toBe(undefined);
});

test("what is held fills its area however little it is, and nothing has an area too", () => {
  expect(heldExtent(0, 0.0016)).toEqual([0, 0.0016]);
  expect(heldExtent(-0.5, -0.5)).toEqual([-0.5, 0]);
  expect(heldExtent(0, 6)).toEqual([0, 6]);
  expect(heldExtent(0, 0)).toEqual([0, 1]);
  expect(heldExtent(null, null)).toEqual([0, 1]);
});
