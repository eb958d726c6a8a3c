import { describe, expect, it } from "vitest";

import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { normalizeBaseUrl } from "../../src/broker/alpaca/alpaca-options.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import { LatchError } from "../../src/core/errors.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { KEY_ID, SECRET } from "./alpaca-bench.ts";

function refusalOf(act: () => unknown): LatchError {
  try {
    act();
  } catch (error) {
    if (error instanceof LatchError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("the broker's address", () => {
  it("is the paper host unless another is named", () => {
    expect(normalizeBaseUrl(undefined)).toBe("https://paper-api.alpaca.markets");
  });

  it.each([
    ["https://api.alpaca.markets/", "https://api.alpaca.markets"],
    ["https://api.alpaca.markets/v2", "https://api.alpaca.markets"],
    ["https://api.alpaca.markets/v2/", "https://api.alpaca.markets"],
    ["http://127.0.0.1:4520", "http://127.0.0.1:4520"],
    ["http://localhost:4520/v2", "http://localhost:4520"],
    ["http://[::1]:4520//", "http://[::1]:4520"],
    ["https://gate.example/alpaca/v2/", "https://gate.example/alpaca"],
  ])("tolerates %s", (given, expected) => {
    expect(normalizeBaseUrl(given)).toBe(expected);
  });

  it.each([
    "http://paper-api.alpaca.markets",
    "http://10.0.0.5:4520",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "ftp://paper-api.alpaca.markets",
    "paper-api.alpaca.markets",
    "https://paper-api.alpaca.markets?x=1",
    "",
  ])("is refused as %j, and the refusal names it", (given) => {
    const refusal = refusalOf(() => normalizeBaseUrl(given));
    expect(refusal.code).toBe("invalid_option");
    expect(refusal.message).toContain(JSON.stringify(given));
    expect(refusal.message).toContain("APCA_API_BASE_URL");
  });

  it("is refused with credentials in it, and the refusal does not repeat them", () => {
    for (const given of ["https://me:hush@api.alpaca.markets", "https://me:hush@:bad:"]) {
      expect(refusalOf(() => normalizeBaseUrl(given)).message).not.toContain("hush");
    }
  });
});

describe("credentials and deadlines", () => {
  const clock = new ManualClock(0);
  const options = { keyId: KEY_ID, secret: SECRET, clock, budget: new RateBudget({ clock }) };

  it("are refused where no header could carry them, without being named", () => {
    for (const secret of ["", "hush hush", "hush\nhush", "hüsh"]) {
      const refusal = refusalOf(() => createAlpacaBroker({ ...options, secret }));
      expect(refusal.code).toBe("invalid_option");
      expect(refusal.message).not.toMatch(/h[uü]sh/);
    }
    expect(refusalOf(() => createAlpacaBroker({ ...options, keyId: "" })).message).toContain(
      "keyId (APCA_API_KEY_ID) is empty",
    );
  });

  it("are refused unless a deadline is a positive time", () => {
    for (const submitDeadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const refusal = refusalOf(() => createAlpacaBroker({ ...options, submitDeadlineMs }));
      expect(refusal.message).toContain(`submitDeadlineMs must be a positive`);
      expect(refusal.message).toContain(String(submitDeadlineMs));
    }
  });
});
