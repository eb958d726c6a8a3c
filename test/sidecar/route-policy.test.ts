import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isCancel, isKeyed, isOnce, policyOf, ROUTE_ROWS } from "../../src/sidecar/route-policy.ts";

const ID = "904837e3-3b76-47ec-b432-046db621571b";

/** Every row again, by hand, so that a change of the table has to be meant. */
const WRITES = [
  ["POST", "/v2/orders", "guarded"],
  ["PATCH", `/v2/orders/${ID}`, "guarded"],
  ["DELETE", "/v2/positions", "guarded"],
  ["DELETE", "/v2/positions/TQQQ", "guarded"],
  ["DELETE", "/v2/positions/BTC%2FUSD", "guarded"],
  ["DELETE", "/v2/orders", "passed_write"],
  ["DELETE", `/v2/orders/${ID}`, "passed_write"],
  ["POST", "/v2/positions/AAPL240119C00100000/exercise", "passed_write"],
  ["POST", "/v2/positions/AAPL240119C00100000/do-not-exercise", "passed_write"],
  ["POST", "/v1/locates", "passed_write"],
  ["POST", "/v2/tokenization/mint", "passed_write"],
  ["PATCH", "/v2/account/configurations", "passed_write"],
  ["POST", "/v2/watchlists", "passed_write"],
  ["POST", `/v2/watchlists/${ID}`, "passed_write"],
  ["PUT", `/v2/watchlists/${ID}`, "passed_write"],
  ["DELETE", `/v2/watchlists/${ID}`, "passed_write"],
  ["DELETE", `/v2/watchlists/${ID}/TQQQ`, "passed_write"],
  ["POST", "/v2/watchlists:by_name", "passed_write"],
  ["PUT", "/v2/watchlists%3Aby_name", "passed_write"],
  ["DELETE", "/v2/watchlists:by_name", "passed_write"],
] as const;

const READS = [
  "/v2",
  "/v2/account",
  "/v2/orders",
  `/v2/orders/${ID}`,
  "/v2/orders:by_client_order_id",
  "/v2/positions/TQQQ",
  "/v2/events/trades",
  "/v2beta1/events/activities",
  "/v3/clock",
  "/v3/calendar/NYSE",
  "/v1beta1/news",
  "/v1beta3/crypto/us/latest/quotes",
  "/v1/corporate-actions",
  "/v1/locates",
];

const REFUSED = [
  ["POST", "/v2/orders/"],
  ["POST", "/v2/Orders"],
  ["POST", "/V2/orders"],
  ["GET", "/V2/orders"],
  ["GET", "/v2x/orders"],
  ["POST", "/v2/orders/batch"],
  ["POST", "/v2/orders:by_client_order_id"],
  ["POST", "/v2/orders%20"],
  ["PUT", "/v2/orders"],
  ["PUT", `/v2/orders/${ID}`],
  ["PATCH", "/v2/orders"],
  ["PATCH", `/v2/orders/${ID}/x`],
  ["DELETE", `/v2/orders/${ID}/x`],
  ["POST", "/v2/positions"],
  ["POST", "/v2/positions/TQQQ"],
  ["DELETE", "/v2/positions/BTC/USD"],
  ["POST", "/v2/positions/BTC%2FUSD"],
  ["DELETE", "/v2/account/configurations"],
  ["PATCH", "/v2/watchlists"],
  ["POST", `/v2/watchlists/${ID}/orders`],
  ["POST", "/v2/wallets/transfers"],
  ["POST", "/v2/tokenization/callback/redeem"],
  ["POST", "/v3/orders"],
  ["POST", "/v1/accounts/x/transfers"],
  ["POST", "/v1/locates/quotes"],
  ["OPTIONS", "/v2/orders"],
  ["TRACE", "/v2/orders"],
  ["post", "/v2/orders"],
  ["POST", "/stream"],
] as const;

describe("the policy of a route", () => {
  for (const [method, path, policy] of WRITES) {
    test(`${method} ${path} is ${policy}`, () => {
      expect(policyOf(method, path)).toBe(policy);
    });
  }

  test("names every row of the table above", () => {
    const named = new Set(
      ROUTE_ROWS.filter(({ method, path }) => {
        const pattern = new RegExp(
          `^${path.replace(/\{\w+\}/g, "[^/]+").replace(":", "(:|%3A)")}$`,
        );
        return WRITES.some(([verb, written]) => verb === method && pattern.test(written));
      }),
    );
    expect(ROUTE_ROWS.filter((row) => !named.has(row))).toEqual([]);
  });

  for (const path of READS) {
    test(`GET and HEAD ${path} pass`, () => {
      expect(policyOf("GET", path)).toBe("read");
      expect(policyOf("HEAD", path)).toBe("read");
    });
  }

  for (const [method, path] of REFUSED) {
    test(`${method} ${path} is refused`, () => {
      expect(policyOf(method, path)).toBe("refused");
    });
  }

  test("is our own outside of the broker's versions, whatever the method", () => {
    for (const path of ["/", "/healthz", "/latch/v1/claims", "/claim", "/vault", "/version"]) {
      expect(policyOf("GET", path)).toBe("own");
      expect(policyOf("POST", path)).toBe("own");
    }
  });

  test("is the stream at one path only", () => {
    expect(policyOf("GET", "/stream")).toBe("stream");
    expect(policyOf("GET", "/v2/stream")).toBe("read");
  });
});

describe("the list of writes in OPERATING.md", () => {
  const text = readFileSync(new URL("../../docs/OPERATING.md", import.meta.url), "utf8");
  const table = text.split("| write | | sent twice it would |")[1]?.split("\n\n")[0] ?? "";
  const listed = table.split("\n").flatMap((line) => {
    const [, writes = "", becomes = ""] = line.split("|").map((cell) => cell.trim());
    return [...writes.matchAll(/`([A-Z]+) (\S+)`/g)].map(([, method = "", path = ""]) => {
      const policy = policyOf(method, path.replace(/\{\w+\}/g, "x"));
      return { row: `${method} ${path}`, said: becomes.split(/[ ,]/)[0], policy };
    });
  });

  test("says of each what becomes of it", () => {
    const words = { guarded: "guarded", passed_write: "passes", refused: "refused" } as const;
    expect(listed.length).toBeGreaterThan(15);
    for (const { row, said, policy } of listed) {
      expect(said, row).toBe(words[policy as keyof typeof words]);
    }
  });

  test("has every write that is let in", () => {
    const rows = ROUTE_ROWS.map(({ method, path }) => `${method} ${path}`);
    const apart = rows.filter((row) => !row.includes("/v2/watchlists"));
    expect(apart.filter((row) => !listed.some((one) => one.row === row))).toEqual([]);
  });
});

describe("a write that cannot be taken back", () => {
  test("is the exercise alone of those that pass", () => {
    const once = WRITES.filter(([method, path]) => isOnce(method, path));
    expect(once.map(([, path]) => path)).toEqual(["/v2/positions/AAPL240119C00100000/exercise"]);
  });
});

describe("a write that its client has to name", () => {
  test("is a locate or a mint, of those that pass", () => {
    const keyed = WRITES.filter(([method, path]) => isKeyed(method, path));
    expect(keyed.map(([, path]) => path)).toEqual(["/v1/locates", "/v2/tokenization/mint"]);
    expect(isKeyed("GET", "/v1/locates")).toBe(false);
  });
});

describe("a cancel", () => {
  test("is one of an order or of all orders, and nothing else", () => {
    const cancels = WRITES.filter(([method, path]) => isCancel(method, path));
    expect(cancels.map(([method, path]) => `${method} ${path}`)).toEqual([
      "DELETE /v2/orders",
      `DELETE /v2/orders/${ID}`,
    ]);
    expect(isCancel("GET", "/v2/orders")).toBe(false);
  });
});
