import { describe, expect, test } from "vitest";
import {
  alpacaError,
  SIDECAR_ERRORS,
  type SidecarErrorName,
} from "../../src/sidecar/alpaca-error.ts";

const NAMES = Object.keys(SIDECAR_ERRORS) as SidecarErrorName[];
/** Every code that is published for Alpaca, as far as a client may match it. */
const ALPACA_CODES = [
  40010000, 40010001, 40110000, 40310000, 40410000, 42210000, 42910000, 50010000,
];

describe("an error of the sidecar", () => {
  for (const name of NAMES) {
    test(`has Alpaca's shape and names its cause: ${name}`, () => {
      const { status, headers, body } = alpacaError(name);
      const entry = SIDECAR_ERRORS[name];
      expect(status).toBe(entry.httpStatus);
      expect(headers["content-type"]).toBe("application/json; charset=utf-8");
      const parsed = JSON.parse(body);
      expect(parsed.message).toBe(entry.message);
      expect(parsed.tradelatch).toEqual({ error: name, hint: entry.hint });
      if (name === "unauthorized") expect(parsed).not.toHaveProperty("code");
      else expect(Math.floor(parsed.code / 100_000)).toBe(status);
    });
  }

  test("has a code of its own, which is none of Alpaca's", () => {
    const codes = NAMES.map((name) => JSON.parse(alpacaError(name).body).code).filter(Boolean);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => ALPACA_CODES.includes(code))).toEqual([]);
  });

  test("says unauthorized in Alpaca's words", () => {
    expect(JSON.parse(alpacaError("unauthorized").body).message).toBe("unauthorized.");
    expect(alpacaError("unauthorized").status).toBe(401);
  });

  test("takes another sentence, status and further evidence", () => {
    const answer = alpacaError("internal_error", {
      status: 422,
      message: "the field qty is missing",
      extra: { field: "qty" },
      headers: { "retry-after": "5" },
    });
    expect(answer.status).toBe(422);
    expect(answer.headers["retry-after"]).toBe("5");
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 42290001,
      message: "the field qty is missing",
      tradelatch: { error: "internal_error", field: "qty" },
    });
  });
});
