import { describe, expect, test } from "vitest";
import { failureInWords, isUnsendable, neverSent } from "../../src/sidecar/upstream-failure.ts";

function failure(code: string): Error {
  return Object.assign(new Error(`a message with a secret: ${code}`), { code });
}

describe("a failed pass through", () => {
  test("was never sent when connecting failed, or when it could not be put into HTTP", () => {
    const codes = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];
    for (const code of [...codes, "UND_ERR_INVALID_ARG"])
      expect(neverSent(failure(code))).toBe(true);
  });

  test("may have been sent in every other case", () => {
    const codes = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET", "UND_ERR_HEADERS_TIMEOUT"];
    for (const code of codes) expect(neverSent(failure(code)), code).toBe(false);
    for (const error of [
      new Error("no code"),
      undefined,
      "ECONNREFUSED",
      { code: "ECONNREFUSED" },
    ]) {
      expect(neverSent(error)).toBe(false);
    }
  });

  test("of several addresses was never sent when every one of them refused", () => {
    const refused = failure("ECONNREFUSED");
    expect(neverSent(new AggregateError([refused, refused]))).toBe(true);
    expect(neverSent(new AggregateError([refused, failure("ECONNRESET")]))).toBe(false);
    expect(neverSent(new AggregateError([]))).toBe(false);
  });

  test("is told without anything of the request", () => {
    expect(failureInWords(failure("ECONNREFUSED"))).toBe("nothing listens at its address");
    expect(failureInWords(failure("EWHATEVER"))).toBe("it failed (EWHATEVER)");
    expect(failureInWords(new Error("a secret"))).toBe("it failed without a code");
  });

  test("is the client's fault when its headers fit into no request", () => {
    expect(isUnsendable(failure("UND_ERR_INVALID_ARG"))).toBe(true);
    expect(isUnsendable(failure("ECONNREFUSED"))).toBe(false);
  });
});
