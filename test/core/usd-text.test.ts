import { describe, expect, test } from "vitest";
import { usdText } from "../../src/core/usd-text.ts";

describe("a notional", () => {
  test.each([
    ["3653", "3,653.00 USD"],
    ["0", "0.00 USD"],
    ["999.9", "999.90 USD"],
    ["1880.64", "1,880.64 USD"],
    ["1234567.005", "1,234,567.00 USD"],
    ["-3653", "-3,653.00 USD"],
    ["-653", "-653.00 USD"],
  ])("of %s is shown as %s", (notional, shown) => {
    expect(usdText(notional)).toBe(shown);
  });
});
