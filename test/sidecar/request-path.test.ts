import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizePath, requestTarget } from "../../src/sidecar/request-path.ts";

function pathOf(rawUrl: string): string {
  const read = normalizePath(rawUrl);
  return read.kind === "path" ? read.path : `refused: ${read.reason}`;
}

describe("a path that means the orders", () => {
  const SPELLINGS = [
    "/v2/orders",
    "/v2/orders/",
    "//v2//orders//",
    "/v2/%6frders",
    "/v2/%6Frders",
    "/%76%32/orders",
    "/v2/./orders",
    "/v2/x/../orders",
    "/v2/%2e/orders",
    "/v2/x/%2E%2e/orders",
    "/v2/x/.%2e/orders",
    "/../../v2/orders",
    "/v2/orders/.",
    "/v2/orders/x/..",
  ];
  for (const spelling of SPELLINGS) {
    test(`is read as such when it is written ${spelling}`, () => {
      expect(pathOf(spelling)).toBe("/v2/orders");
    });
  }
});

describe("what two servers could read in two ways", () => {
  const AMBIGUOUS = [
    ["%2Fv2%2Forders", "not a path"],
    ["/v2%2Forders", "encoded slash"],
    ["/%2Fv2/orders", "encoded slash"],
    ["/v2/x%2f..%2forders", "encoded slash"],
    ["/v2/watchlists/a%2Fb/c", "encoded slash"],
    ["/v2/assets/BTC%2FUSD%2Fx", "encoded slash"],
    ["/v2/assets/..%2Forders", "encoded slash"],
    ["/v2\\orders", "no path may hold"],
    ["/v2%5Corders", "hides"],
    ["/v2/orders%00", "hides"],
    ["/v2/orders%0d%0a", "hides"],
    ["/v2/orders%7f", "hides"],
    ["/v2/%256frders", "hides"],
    ["/v2/%25%36%66rders", "hides"],
    ["/v2/%6", "broken"],
    ["/v2/%zzrders", "broken"],
    ["/v2/%2%66orders", "broken"],
    ["/v2%c0%aforders", "not UTF-8"],
    ["/v2/%ff", "not UTF-8"],
    ["/v2/x/..;/orders", "no path may hold"],
    ["/v2/orders;a=b", "no path may hold"],
    ["/v2/orders%3Ba=b", "hides"],
    ["/v2/orders#", "fragment"],
    ["/v2/orders?a=b#c", "fragment"],
    ["/v2/ord\u00e9rs", "no path may hold"],
    ["/v2/[orders]", "no path may hold"],
    ["/v2/orders?a=\u0001", "query holds"],
    ["/v2/orders?a b", "query holds"],
    ["http://127.0.0.1/v2/orders", "not a path"],
    ["v2/orders", "not a path"],
    ["*", "not a path"],
    ["", "not a path"],
  ] as const;
  for (const [rawUrl, reason] of AMBIGUOUS) {
    test(`is refused: ${JSON.stringify(rawUrl)}`, () => {
      expect(normalizePath(rawUrl)).toEqual({
        kind: "refused",
        reason: expect.stringContaining(reason),
      });
    });
  }
});

describe("what is left as it is", () => {
  test("the case of letters, because a server that ignores it would see the orders", () => {
    expect(pathOf("/V2/Orders")).toBe("/V2/Orders");
  });

  test("the colon of a lookup, written plainly or escaped", () => {
    expect(pathOf("/v2/orders:by_client_order_id")).toBe("/v2/orders:by_client_order_id");
    expect(pathOf("/v2/orders%3Aby_client_order_id")).toBe("/v2/orders%3Aby_client_order_id");
  });

  test("a crypto pair at the end, as the official SDK escapes it", () => {
    expect(pathOf("/v2/assets/BTC%2FUSD")).toBe("/v2/assets/BTC%2FUSD");
    expect(pathOf("/v2/positions/ETH%2fBTC/")).toBe("/v2/positions/ETH%2fBTC");
  });

  test("the query, byte for byte", () => {
    const query = "symbols=A%2CB,%c3%a9&after=2026-05-21T14:00:00%2B00:00&x=//../%2F&&=;?";
    expect(normalizePath(`/v2/orders?${query}`)).toEqual({
      kind: "path",
      path: "/v2/orders",
      query,
    });
    expect(requestTarget("/v2/orders", query)).toBe(`/v2/orders?${query}`);
    expect(requestTarget("/v2/orders", "")).toBe("/v2/orders");
  });
});

test("it is told where a path ends with nothing behind its last slash", () => {
  const bare = ["/v2/orders/", "/v2/orders//", "/v2/orders/.", "/v2/orders/x/%2e%2E", "/v2/x/?a=b"];
  for (const rawUrl of bare) expect(normalizePath(rawUrl), rawUrl).toHaveProperty("endsBare", true);
  const whole = [
    "/v2/orders",
    "//v2/orders",
    "/v2/x/../orders",
    "/v2/x/...",
    "/v2/x?a=/",
    "/v2/.x",
  ];
  for (const rawUrl of whole) expect(normalizePath(rawUrl), rawUrl).not.toHaveProperty("endsBare");
});

describe("of any input at all", () => {
  const PIECES = ["/", "//", ".", "..", "%2e", "%2F", "%2f", "%25", "%66", "%5c", "v2", "orders"];
  const nasty = fc
    .array(fc.oneof(fc.constantFrom(...PIECES, "BTC%2FUSD", ";", "?", "#", "%"), fc.string()))
    .map((parts) => `/${parts.join("")}`);

  test("a normalized path has no empty and no dot segment and no slash at its end", () => {
    fc.assert(
      fc.property(nasty, (rawUrl) => {
        const read = normalizePath(rawUrl);
        if (read.kind === "refused") return;
        expect(read.path.startsWith("/")).toBe(true);
        if (read.path === "/") return;
        for (const segment of read.path.slice(1).split("/")) {
          expect(["", ".", ".."]).not.toContain(segment);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("an encoded slash stands nowhere but inside one pair at the very end", () => {
    fc.assert(
      fc.property(nasty, (rawUrl) => {
        const read = normalizePath(rawUrl);
        if (read.kind === "refused") return;
        const pair = /^\/[^/]+\/[^/]+(?:\/[^/]+)*\/[A-Za-z0-9]+%2F[A-Za-z0-9]+$/i;
        if (/%2f/i.test(read.path)) expect(read.path).toMatch(pair);
        expect(read.path).not.toMatch(/%25|%5c|%00|\\|;/i);
      }),
      { numRuns: 5_000 },
    );
  });

  test("a normalized path normalizes to itself, with its query", () => {
    fc.assert(
      fc.property(nasty, (rawUrl) => {
        const read = normalizePath(rawUrl);
        if (read.kind === "refused") return;
        const { endsBare: _, ...plain } = read;
        if (plain.path === "/") return;
        expect(normalizePath(requestTarget(plain.path, plain.query))).toEqual(plain);
      }),
      { numRuns: 5_000 },
    );
  });

  test("a lenient server that decodes and resolves once more arrives at the same path", () => {
    fc.assert(
      fc.property(nasty, (rawUrl) => {
        const read = normalizePath(rawUrl);
        if (read.kind === "refused" || /%2f/i.test(read.path)) return;
        const again = new URL(`http://host${read.path}`).pathname;
        expect(decodeURIComponent(again)).toBe(decodeURIComponent(read.path));
      }),
      { numRuns: 5_000 },
    );
  });
});
