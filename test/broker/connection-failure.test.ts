import { describe, expect, it } from "vitest";

import { describeFailure, neverLeft } from "../../src/broker/alpaca/connection-failure.ts";

const coded = (code: string, syscall?: string, cause?: unknown): Error =>
  Object.assign(new Error(`${syscall ?? "call"} ${code}`, { cause }), { code, syscall });

/** As fetch wraps it, and then the SDK. */
const wrapped = (cause: unknown): Error =>
  new Error("The request failed", { cause: new TypeError("fetch failed", { cause }) });

const aggregate = (errors: readonly Error[], code: string): Error =>
  Object.assign(new AggregateError(errors), { code });

describe("a request certainly never left", () => {
  it.each([
    ["a refused connection", coded("ECONNREFUSED", "connect")],
    ["an unknown host", coded("ENOTFOUND", "getaddrinfo")],
    ["a resolver that is away", coded("EAI_AGAIN", "getaddrinfo")],
    ["no route while connecting", coded("EHOSTUNREACH", "connect")],
    ["no network while connecting", coded("ENETUNREACH", "connect")],
    ["no address of ours to connect from", coded("EADDRNOTAVAIL", "connect")],
    ["no file descriptor left to connect with", coded("EMFILE", "connect")],
    ["none left on the whole machine", coded("ENFILE", "connect")],
    ["the system's timeout while connecting", coded("ETIMEDOUT", "connect")],
    ["the client's timeout while connecting", coded("UND_ERR_CONNECT_TIMEOUT")],
    ["a certificate of nobody known", coded("DEPTH_ZERO_SELF_SIGNED_CERT")],
    ["a certificate of another host", coded("ERR_TLS_CERT_ALTNAME_INVALID")],
    [
      "every address refused",
      aggregate(
        [coded("ECONNREFUSED", "connect"), coded("ENETUNREACH", "connect")],
        "ECONNREFUSED",
      ),
    ],
    [
      "every address unreachable",
      aggregate([coded("ETIMEDOUT", "connect"), coded("ENETUNREACH", "connect")], "ETIMEDOUT"),
    ],
  ])("after %s", (_case, error) => {
    expect(neverLeft(error)).toBe(true);
    expect(neverLeft(wrapped(error))).toBe(true);
  });

  it.each([
    "CERT_CHAIN_TOO_LONG",
    "CERT_HAS_EXPIRED",
    "CERT_NOT_YET_VALID",
    "CERT_REJECTED",
    "CERT_REVOKED",
    "CERT_UNTRUSTED",
    "HOSTNAME_MISMATCH",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ])("after a certificate that was not accepted: %s", (code) => {
    expect(neverLeft(wrapped(coded(code)))).toBe(true);
  });
});

describe("a request may have left", () => {
  const circle = new Error("a");
  circle.cause = new Error("b", { cause: circle });
  const ofItself = new AggregateError([]);
  ofItself.errors.push(ofItself);

  it.each([
    ["a reset", coded("ECONNRESET", "read")],
    [
      "a reset that a refused connection is said to have caused",
      coded("ECONNRESET", "read", coded("ECONNREFUSED", "connect")),
    ],
    [
      "a refused connection that a reset is said to have caused",
      coded("ECONNREFUSED", "connect", coded("ECONNRESET", "read")),
    ],
    [
      "a refused connection that something else than an error has caused",
      coded("ECONNREFUSED", "connect", "a word"),
    ],
    ["a refused connection above a circle of causes", coded("ECONNREFUSED", "connect", circle)],
    ["a refusal under a code that is no text", Object.assign(new Error("x"), { code: 111 })],
    ["an aggregate that contains itself", ofItself],
    ["a kept-alive socket that the other side closed", coded("UND_ERR_SOCKET")],
    ["a broken pipe", coded("EPIPE", "write")],
    ["a timeout on an open connection", coded("ETIMEDOUT", "read")],
    ["an unreachable host on an open connection", coded("EHOSTUNREACH", "read")],
    ["no file descriptor left for something else", coded("EMFILE", "open")],
    ["a timeout for headers", coded("UND_ERR_HEADERS_TIMEOUT")],
    ["an abort", new DOMException("aborted", "AbortError")],
    [
      "an abort with a connect failure beneath it",
      Object.assign(new DOMException("aborted", "AbortError"), {
        cause: coded("ECONNREFUSED", "connect"),
      }),
    ],
    [
      "one address refused and one reset",
      aggregate([coded("ECONNREFUSED", "connect"), coded("ECONNRESET", "read")], "ECONNREFUSED"),
    ],
    [
      "one address refused and one that says nothing",
      aggregate([coded("ECONNREFUSED", "connect"), new Error("?")], "ECONNREFUSED"),
    ],
    ["an aggregate of nothing", new AggregateError([])],
    ["an error without a word of where it came from", new TypeError("fetch failed")],
    ["an error with a code of another kind", Object.assign(new Error("x"), { code: 61 })],
    ["something thrown that is not an error", "ECONNREFUSED"],
    ["nothing", undefined],
    ["a circle of causes", circle],
  ])("after %s", (_case, error) => {
    expect(neverLeft(error)).toBe(false);
    expect(neverLeft(wrapped(error))).toBe(false);
  });
});

describe("a failure in words", () => {
  it("is the innermost error with its code", () => {
    expect(describeFailure(wrapped(coded("ECONNRESET", "read")))).toBe("read ECONNRESET");
    const socket = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
    expect(describeFailure(wrapped(socket))).toBe("UND_ERR_SOCKET: other side closed");
    expect(describeFailure(undefined)).toBe("undefined");
  });

  it("is the message alone where there is no code, and the name where there is no message", () => {
    expect(describeFailure(wrapped(new Error("other side closed")))).toBe("other side closed");
    expect(describeFailure(new Error("odd", { cause: new TypeError("") }))).toBe("TypeError");
    expect(describeFailure(Object.assign(new Error("x"), { code: 61 }))).toBe("x");
  });

  it("is the first branch of several, and what was thrown where that is no error", () => {
    const branches = [coded("ECONNREFUSED", "connect"), coded("ENETUNREACH", "connect")];
    expect(describeFailure(aggregate(branches, "ECONNREFUSED"))).toBe("connect ECONNREFUSED");
    expect(describeFailure(new Error("x", { cause: "a word" }))).toBe("a word");
  });

  it("is found within ten steps, also in a circle", () => {
    const circle = new Error("outer");
    circle.cause = new Error("inner", { cause: circle });
    expect(describeFailure(circle)).toBe("outer");
  });
});
