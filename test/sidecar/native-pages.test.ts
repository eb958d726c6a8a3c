import { describe, expect, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { LatchError } from "../../src/index.ts";
import { BUY, openNative } from "./native-bench.ts";
import { AGENT_SECRET, BROKER_ID, BROKER_SECRET } from "./sidecar-bench.ts";

const OTHER = "other" as AgentId;

async function openWithClaims() {
  const bench = await openNative();
  const { latch, clock } = bench;
  await latch.submit(BUY);
  clock.advanceTo(clock.now() + 1_000);
  await latch.submit({ ...BUY, symbol: "SPY", requestId: "r-2", quantity: "1" });
  clock.advanceTo(clock.now() + 1_000);
  await latch.submitFor(OTHER, { ...BUY, requestId: "r-3", type: "limit", limitPrice: "1" });
  await latch.tick();
  return bench;
}

const ids = (claims: readonly { requestId: string }[]) => claims.map(({ requestId }) => requestId);

describe("the list of claims", () => {
  test("shows each claim whole, newest first, with times as text", async () => {
    const { get, latch } = await openWithClaims();
    const { status, body } = await get("/latch/v1/claims");
    expect(status).toBe(200);
    expect(ids(body.claims)).toEqual(["r-3", "r-2", "r-1"]);
    expect(body.next).toBeNull();
    const claim = await latch.claim("r-1");
    expect(body.claims[2]).toMatchObject({
      requestId: "r-1",
      agent: "momentum",
      status: "SETTLED",
      outcome: "filled",
      bookedQuantity: "6",
      intent: { symbol: "TQQQ", quantity: "6", extension: null },
      receipt: { outcome: "filled", provenance: "venue", filledQuantity: "6" },
      claimedAt: new Date(claim?.claimedAt ?? 0).toISOString(),
      postEndedAt: null,
    });
  });

  test("is filtered by each of its fields, and by several states", async () => {
    const { get, latch } = await openWithClaims();
    const at = async (id: string) => new Date((await latch.claim(id))?.claimedAt ?? 0);
    const [second, third] = [await at("r-2"), await at("r-3")];
    const inNewYork = new Date(third.getTime() - 4 * 3_600_000).toISOString().slice(0, -1);
    const rows: readonly [string, readonly string[]][] = [
      ["status=SETTLED", ["r-2", "r-1"]],
      ["status=SETTLED&status=IN_RECONCILIATION", ["r-3", "r-2", "r-1"]],
      ["symbol=SPY", ["r-2"]],
      ["symbol=BTC%2FUSD", []],
      ["agent=other", ["r-3"]],
      [`from=${second.toISOString()}`, ["r-3", "r-2"]],
      [`until=${inNewYork}-04:00`, ["r-2", "r-1"]],
      ["limit=1", ["r-3"]],
    ];
    for (const [query, expected] of rows) {
      const { body } = await get(`/latch/v1/claims?${query}`);
      expect(ids(body.claims), query).toEqual(expected);
    }
  });

  test("comes in pages", async () => {
    const { get } = await openWithClaims();
    const first = (await get("/latch/v1/claims?limit=2")).body;
    const second = (await get(`/latch/v1/claims?limit=2&cursor=${first.next}`)).body;
    expect([...ids(first.claims), ...ids(second.claims)]).toEqual(["r-3", "r-2", "r-1"]);
    expect(second.next).toBeNull();
  });

  test("is refused for what is wrong, with the field and the value", async () => {
    const { get, failures } = await openNative();
    const rows: readonly [string, string][] = [
      ["symbl=TQQQ", 'unknown field "symbl" in the query'],
      ["status=DONE", 'status is "DONE": expected OPEN, RESOLVED'],
      ["status=OPEN&status=DONE", 'status is ["OPEN","DONE"]: expected OPEN'],
      ["symbol=tqqq", 'symbol is "tqqq": expected a symbol'],
      ["agent=", 'agent is "": '],
      ["from=yesterday", 'from is "yesterday": expected a time such as'],
      ["until=2026-05-21T09:42:00", 'until is "2026-05-21T09:42:00": expected a time'],
      ["from=2026-02-30T00:00:00Z", 'from is "2026-02-30T00:00:00Z": expected a time'],
      ["cursor=xyz", 'cursor is "xyz": expected the next of a page before'],
      ["limit=0", 'limit is "0": '],
      ["limit=501", 'limit is "501": '],
      ["limit=ten", 'limit is "ten": '],
      ["limit=", 'limit is "": '],
      ["limit=1&limit=2", 'limit is ["1","2"]: '],
    ];
    for (const [query, message] of rows) {
      const { status, headers, body } = await get(`/latch/v1/claims?${query}`);
      expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
      // The same question is as wrong later.
      expect(headers["retry-after"]).toBeUndefined();
      expect(body).toMatchObject({ code: 40090002, tradelatch: { error: "invalid_query" } });
      expect(body.tradelatch.hint).toContain("/openapi.json");
    }
    expect(failures).toEqual([]);
  });

  test("quotes no secret that a client put into its query", async () => {
    const { get } = await openNative();
    const { text } = await get(`/latch/v1/claims?symbol=${AGENT_SECRET}`);
    expect(text).toContain("[redacted]");
    expect(text).not.toContain(AGENT_SECRET);
  });
});

describe("one claim", () => {
  test("is the caller's own where several agents have its id, and any agent's else", async () => {
    const { get, latch } = await openWithClaims();
    await latch.submitFor(OTHER, { ...BUY, quantity: "2" });
    const own = await get("/latch/v1/claims/r-1");
    expect(own.body).toMatchObject({ requestId: "r-1", agent: "momentum" });
    const others = await get("/latch/v1/claims/r-1?agent=other");
    expect(others.body).toMatchObject({ requestId: "r-1", agent: "other" });
    expect((await get("/latch/v1/claims/r-3")).body).toMatchObject({ agent: "other" });
  });

  test("is not looked for by an id that is too long, nor without a key", async () => {
    const { get } = await openNative();
    for (const length of [257, 1_100, 14_000]) {
      const path = `/latch/v1/claims/${"x".repeat(length)}`;
      const { status, body } = await get(path);
      expect([status, body.tradelatch.error]).toEqual([400, "invalid_query"]);
      expect(body.message.length).toBeLessThan(400);
      expect((await get(path, [])).status).toBe(401);
    }
  });

  test("is found by an id that needs care", async () => {
    const { get, latch } = await openNative();
    const requestId = 'a/b c?%é😀"';
    await latch.submit({ ...BUY, requestId });
    const { body } = await get(`/latch/v1/claims?requestId=${encodeURIComponent(requestId)}`);
    expect(ids(body.claims)).toEqual([requestId]);
    const simple = "b c?é😀";
    await latch.submit({ ...BUY, requestId: simple, quantity: "7" });
    const one = await get(`/latch/v1/claims/${encodeURIComponent(simple)}`);
    expect([one.status, one.body.requestId]).toEqual([200, simple]);
  });

  test("that is not there is a 404 that names it", async () => {
    const { get } = await openWithClaims();
    for (const target of ["nobody", "r-1?agent=nobody"]) {
      const { status, body } = await get(`/latch/v1/claims/${target}`);
      expect([status, body.tradelatch.error]).toEqual([404, "claim_not_found"]);
      expect(body.message).toContain("there is no claim");
    }
  });
});

describe("the books", () => {
  test("are listed, and each is found by its symbol", async () => {
    const { get } = await openWithClaims();
    const { books } = (await get("/latch/v1/books")).body;
    expect(books.map(({ symbol }: { symbol: string }) => symbol)).toEqual(["SPY", "TQQQ"]);
    const one = await get("/latch/v1/books/TQQQ");
    expect(one.body).toEqual(books[1]);
    expect(one.body).toMatchObject({ net: "6", averagePrice: "75.33", closable: "6", episode: 1 });
  });

  test("of a symbol that was never traded is empty, also of a pair", async () => {
    const { get } = await openNative();
    for (const target of ["AAPL", "BTC%2FUSD", "btc%2fusd".toUpperCase()]) {
      const { status, body } = await get(`/latch/v1/books/${target}`);
      expect([status, body.net, body.episode]).toEqual([200, "0", 0]);
      expect(body.symbol).toBe(decodeURIComponent(target));
    }
  });

  test("of what is no symbol is refused by name", async () => {
    const { get } = await openNative();
    const { status, body } = await get("/latch/v1/books/a%20b");
    expect([status, body.tradelatch.error]).toEqual([400, "invalid_query"]);
    expect(body.message).toContain('symbol is "a b": expected a symbol');
    expect((await get("/latch/v1/books?symbol=TQQQ")).body.message).toContain('"symbol"');
  });
});

describe("the configuration", () => {
  test("shows what is in force, the key's end at most, and no secret", async () => {
    const { get, latch } = await openNative();
    const { status, body, text } = await get("/latch/v1/config");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      brokerUrl: latch.brokerUrl,
      agent: "momentum",
      keyId: `…${BROKER_ID.slice(-4)}`,
      secret: "[redacted]",
      policy: { dedupeWindowMs: 45_000, allowShort: false },
      ...{ backup: { directory: "copies", keep: 14 }, auditKey: "mine.pem", logLevel: "info" },
    });
    expect(body.agents).toEqual([
      {
        ...{ id: "bot-1", group: "momentum", secret: "[redacted]", policy: {} },
        requireSettlementToken: null,
      },
    ]);
    for (const secret of [AGENT_SECRET, BROKER_SECRET, BROKER_ID]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe("a page that cannot be read now", () => {
  test("says why and what to do, and is on record", async () => {
    const away = new LatchError("broker_unavailable", "the account cannot be read yet");
    const bench = await openNative({
      latch: () => {
        throw away;
      },
    });
    for (const page of ["claims", "claims/r-1", "books", "books/TQQQ", "events"]) {
      const { status, body } = await bench.get(`/latch/v1/${page}`);
      expect([page, status]).toEqual([page, 503]);
      expect(body).toMatchObject({
        message: "the account cannot be read yet",
        tradelatch: { error: "broker_unavailable" },
      });
    }
    expect(bench.failures).toHaveLength(5);
  });

  test("tells nothing of a failure that is nobody's business", async () => {
    const bench = await openNative({
      latch: () => {
        throw new Error("an inner detail");
      },
    });
    const { status, text } = await bench.get("/latch/v1/books");
    expect(status).toBe(500);
    expect(text).not.toContain("inner detail");
    expect(bench.log.join()).toContain("inner detail");
  });
});

test("nothing of these pages reaches the broker", async () => {
  const { get, broker } = await openNative();
  const before = broker.requests().length;
  await get("/latch/v1/claims");
  await get("/latch/v1/nothing");
  expect(broker.requests()).toHaveLength(before);
});
