import { describe, expect, it } from "vitest";

import { DEFAULT_RETRY_AFTER_MS, retryAfterMs } from "../../src/broker/alpaca/retry-after.ts";

const NOW = Date.parse("2026-11-20T14:31:02Z");

describe("the pause that a 429 asks for", () => {
  it("is read from seconds", () => {
    expect(retryAfterMs({ "retry-after": "7" }, NOW)).toBe(7_000);
  });

  it("is read from an HTTP date, by the clock that was passed in", () => {
    expect(retryAfterMs({ "retry-after": "Fri, 20 Nov 2026 14:31:32 GMT" }, NOW)).toBe(30_000);
  });

  it("is read from the window's end where Retry-After is missing or unreadable", () => {
    const reset = { "x-ratelimit-reset": String(NOW / 1_000 + 12) };
    expect(retryAfterMs(reset, NOW)).toBe(12_000);
    expect(retryAfterMs({ "retry-after": "soon", ...reset }, NOW)).toBe(12_000);
  });

  it("is the default where nothing readable or only the past is named", () => {
    expect(retryAfterMs({}, NOW)).toBe(DEFAULT_RETRY_AFTER_MS);
    expect(retryAfterMs({ "retry-after": "0" }, NOW)).toBe(DEFAULT_RETRY_AFTER_MS);
    expect(retryAfterMs({ "retry-after": "-5" }, NOW)).toBe(DEFAULT_RETRY_AFTER_MS);
    expect(retryAfterMs({ "x-ratelimit-reset": "1" }, NOW)).toBe(DEFAULT_RETRY_AFTER_MS);
  });
});
