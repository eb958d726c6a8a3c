import { describe, expect, test } from "vitest";
import {
  axisPriceDigits,
  axisPriceText,
  dollarsText,
  priceText,
  quantityText,
  signedText,
} from "../../src/page/model/amount-text.ts";
import { ageText, durationText, moment, timeOfDay } from "../../src/page/model/time-text.ts";

test("amounts keep their digits, with a true minus", () => {
  expect(["12", "-6", "0.125"].map(quantityText)).toEqual(["12", "−6", "0.125"]);
  expect(["12", "-6", "0"].map(signedText)).toEqual(["+12", "−6", "0"]);
  expect(["3653", "-10.5", "1234567.891"].map(dollarsText)).toEqual([
    "3,653.00",
    "−10.50",
    "1,234,567.89",
  ]);
  expect(["90071992547409931.37", "-0.001", "0"].map(dollarsText)).toEqual([
    "90,071,992,547,409,931.37",
    "0.00",
    "0.00",
  ]);
  expect(["75.33", "40.9", "41.075", "75.333333333", "600"].map(priceText)).toEqual([
    "75.33",
    "40.90",
    "41.075",
    "75.3333",
    "600.00",
  ]);
  const coins = ["0.0000123", "0.00001234567", "1.23e-7", "0.05", "0.999999", "0"];
  expect(coins.map(priceText)).toEqual([
    "0.0000123",
    "0.00001235",
    "0.000000123",
    "0.05",
    "1.00",
    "0.00",
  ]);
});

test("prices beside a chart are whole from four digits on, and the room for them is known", () => {
  expect([101_250, 75.35, 0.00001235].map(axisPriceText)).toEqual([
    "101250",
    "75.35",
    "0.00001235",
  ]);
  expect(axisPriceDigits([])).toBe(0);
  for (const price of [101_250, 75.35, 0.5, 0.00001235]) {
    expect(axisPriceDigits([price, 6])).toBeGreaterThanOrEqual(axisPriceText(price).length);
  }
});

describe("times", () => {
  test("are New York's, with the day where it is another", () => {
    const at = "2026-05-21T13:42:00.000Z";
    expect(timeOfDay(at)).toBe("09:42:00");
    expect(moment(at, "2026-05-21T20:00:00.000Z")).toBe("09:42:00");
    expect(moment(at, "2026-05-22T20:00:00.000Z")).toBe("Thu 21 May 09:42");
  });

  test.each([
    [900, "0 s"],
    [59_000, "59 s"],
    [61_000, "1 min 1 s"],
    [7_200_000, "2 h"],
    [90_000_000, "1 d 1 h"],
  ])("of %i ms are told as %s", (durationMs, text) => {
    expect(durationText(durationMs)).toBe(text);
  });

  test("are never in the future: a clock that is behind tells no age", () => {
    expect(ageText("2026-05-21T13:42:00.000Z", "2026-05-21T13:41:00.000Z")).toBe("0 s");
  });
});
