import { describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode, InvariantError, LatchError } from "../../src/core/errors.ts";

describe("an error that a caller can act on", () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])("%s carries its row of the registry", (code) => {
    const error = new LatchError(code, "what was received");
    const { hint, retryable, httpStatus, exitCode } = error;
    expect({ hint, retryable, httpStatus, exitCode }).toEqual(ERRORS[code]);
    expect(hint.length).toBeGreaterThan(20);
  });

  test("has its code in one part of the registry alone", async () => {
    const parts = await Promise.all(
      ["call", "guard", "operator", "file", "store", "run"].map(
        (name) => import(`../../src/core/errors/${name}-errors.ts`),
      ),
    );
    const codes = parts.flatMap((part) =>
      Object.values(part).flatMap((one) => Object.keys(one as object)),
    );
    expect(codes.sort()).toEqual(Object.keys(ERRORS).sort());
  });

  test("keeps what lay beneath it", () => {
    const cause = new Error("disk full");
    const error = new LatchError("store_failed", "the claim could not be written", { cause });
    expect(error).toMatchObject({ name: "LatchError", code: "store_failed", cause });
  });

  test("answers 503 for everything that only kept an order from being sent", () => {
    const unsent = Object.entries(ERRORS).filter(([code]) => code.startsWith("store_"));
    expect(unsent.map(([, { httpStatus }]) => httpStatus)).toEqual(unsent.map(() => 503));
  });
});

test("a broken invariant is no error of the caller's", () => {
  expect(new InvariantError("a bug")).not.toBeInstanceOf(LatchError);
  expect(new InvariantError("a bug").name).toBe("InvariantError");
});
