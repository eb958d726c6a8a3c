import { describe, expect, test } from "vitest";
import { brokerKind } from "../../src/core/broker-kind.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { READING_STANDS_MS } from "../../src/operator/position-table.ts";
import { BUY, OPERATOR, openNative, wakingUp } from "./native-bench.ts";
import { BOT } from "./sidecar-bench.ts";

const GROUP = "momentum" as AgentId;
const AWAY = { kind: "html", status: 503, accept: false } as const;
const SELL = { ...BUY, side: "sell", effect: "close", requestId: "r-2" } as const;

describe("the state at a glance", () => {
  test("names broker, account, market, stream and store, and what is unresolved", async () => {
    const { get, latch, broker } = await openNative();
    const { status, body } = await get("/latch/v1/status");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ ready: true, recovery: "done" },
      broker: { url: broker.url, kind: "simulated", health: "ok" },
      store: { kind: "sqlite", health: "ok" },
      stream: { connected: true },
      operator: { configured: true, shown: false },
      latch: {
        ...{ account: latch.account, live: 0, oldestUnresolved: null, openIncidents: 0 },
        market: { open: expect.any(Boolean) },
        rateBudget: { remaining: expect.any(Number), capacity: expect.any(Number) },
      },
    });
  });

  test("says whether the operator key was shown, and never the key", async () => {
    const { get } = await openNative();
    const { body, text } = await get("/latch/v1/status", [...BOT, ...OPERATOR]);
    expect(body.operator).toEqual({ configured: true, shown: true });
    expect(text).not.toContain("looks-after");
  });

  test("tells of the attempt that nobody knows about for the longest", async () => {
    const { get, latch, broker, clock } = await openNative();
    const away = { kind: "refuse", status: 500, message: "away" } as const;
    broker.addFaults([{ match: {}, fault: away, times: 99 }]);
    const submitted = latch.submitFor(GROUP, BUY, { waitMs: 0 });
    expect((await wakingUp(clock, submitted)).status).toBe("PENDING");
    const { body } = await get("/latch/v1/status");
    expect(body.latch).toMatchObject({
      live: 1,
      oldestUnresolved: { requestId: "r-1", symbol: "TQQQ", because: expect.any(String) },
    });
  });

  test("tells since when positions cannot be compared, until they can again", async () => {
    const { get, latch, broker, clock } = await openNative();
    const away = { kind: "refuse", status: 503, message: "away" } as const;
    broker.addFaults([{ match: { path: "/v2/positions" }, fault: away, times: 2 }]);
    const since = new Date(clock.now()).toISOString();
    for (let rounds = 0; rounds < 2; rounds += 1) {
      await latch.comparePositions();
      clock.advanceTo(clock.now() + 15_000);
    }
    const { body } = await get("/latch/v1/status");
    const because = expect.stringContaining("HTTP 503");
    expect(body.latch.positionsUnread).toEqual({ since, because });
    await latch.comparePositions();
    const after = await get("/latch/v1/status");
    expect(after.body.latch.positionsUnread).toBe(null);
  });

  test.each([
    ["https://api.alpaca.markets", "live"],
    ["https://api.alpaca.markets.", "live"],
    ["https://paper-api.alpaca.markets", "paper"],
    ["http://127.0.0.1:4000", "simulated"],
    ["http://localhost:4000", "simulated"],
    ["https://proxy.internal", "other"],
    ["nowhere", "other"],
  ])("%s is %s", (url, kind) => {
    expect(brokerKind(url)).toBe(kind);
  });
});

describe("the session of today", () => {
  test("has entries, fills and what was not sent again, with its worth and the position", async () => {
    const { get, latch } = await openNative();
    await latch.submit(BUY);
    await latch.tick();
    await latch.submit(BUY);
    await latch.submit(SELL);
    await latch.tick();
    const page = await get("/latch/v1/events", [...BOT, "Accept: application/json"]);
    expect(page.status).toBe(200);
    const { status, body } = await get("/latch/v1/session");
    expect(status).toBe(200);
    expect(body.totals).toMatchObject({ ordersSent: 2, duplicatesBlocked: 1 });
    expect(body.totals.duplicateNotionalUsd).toBe("451.98");
    const marks = body.marks.map((mark: Record<string, unknown>) => [mark.kind, mark.net]);
    expect(marks).toEqual([
      ["entry", "0"],
      ["fill", "6"],
      ["exit", "6"],
      ["fill", "0"],
      // A note, which is written a little later than what happened at the same time.
      ["blocked", "0"],
    ]);
    expect(body.marks[4]).toMatchObject({ requestId: "r-1", notionalUsd: "451.98" });
    expect((await get("/latch/v1/session")).body).toEqual(body);
  });
});

describe("positions beside the broker's", () => {
  test("are there by symbol, with what differs", async () => {
    const { get, latch } = await openNative();
    await latch.submit(BUY);
    await latch.tick();
    const { status, body } = await get("/latch/v1/positions");
    expect(status).toBe(200);
    expect(body.rows).toMatchObject([
      {
        ...{ symbol: "TQQQ", difference: "0", reserved: "0" },
        book: { net: "6", episode: 1 },
        broker: { quantity: "6", averagePrice: "75.33" },
      },
    ]);
    expect(body.unreadBecause).toBe(null);
  });

  test("have no quantity of the broker's while it cannot be read, nor before the book moved", async () => {
    const { get, latch, broker, clock } = await openNative();
    await latch.submit(BUY);
    const before = (await get("/latch/v1/positions")).body;
    await latch.tick();
    // The book holds what the broker was not asked about.
    const { rows, readAt, unreadBecause } = (await get("/latch/v1/positions")).body;
    expect(rows).toMatchObject([{ book: { net: "6" }, broker: null, difference: null }]);
    expect([readAt, unreadBecause]).toEqual([before.readAt, null]);
    clock.advanceTo(clock.now() + READING_STANDS_MS);
    expect((await get("/latch/v1/positions")).body.rows).toMatchObject([{ difference: "0" }]);

    const match = { method: "GET", path: "/v2/positions*" } as const;
    broker.addFaults([{ match, fault: AWAY, times: 1_000 }]);
    clock.advanceTo(clock.now() + READING_STANDS_MS);
    const { body } = await get("/latch/v1/positions");
    expect(body).toMatchObject({
      rows: [{ book: { net: "6" }, broker: null, difference: null }],
      unreadBecause: expect.stringContaining("503"),
    });
    expect(body.readAt).not.toBe(readAt);
  });
});

describe("the life of a claim", () => {
  test("has what its id was made of, attempts, evidence, the broker's order and the events", async () => {
    const { get, latch } = await openNative();
    const { requestId: _, ...unnamed } = BUY;
    await latch.submit({ ...unnamed, anchor: { bar: "2026-05-21T09:42", stage: "base" } });
    await latch.tick();
    const [{ requestId }] = (await get("/latch/v1/claims")).body.claims;
    const { status, body } = await get(`/latch/v1/claims/${requestId}/life?agent=momentum`);
    expect(status).toBe(200);
    expect(body.identity).toMatchObject({ proved: true, preimage: { symbol: "TQQQ", v: 1 } });
    expect(body.attempts).toMatchObject([{ attempt: 1 }]);
    expect(body.evidence[0]).toMatchObject({ source: "response" });
    expect(body.order).toMatchObject({ status: "filled", filledQuantity: "6" });
    expect(body.order.submittedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(body.fills).toMatchObject([{ side: "buy", quantity: "6", price: "75.33" }]);
    const [{ at, source }] = body.fills;
    expect(body.evidence).toContainEqual({ at, source, text: "6 filled for 451.98 USD" });
    expect(body.events[0]).toMatchObject({ body: { type: "claimed" }, hash: expect.any(String) });
    expect(body.cut).toBe(false);
  });

  test("of an id that the caller gave has no preimage, and one that is not there is told so", async () => {
    const { get, latch } = await openNative();
    await latch.submit(BUY);
    const { body } = await get("/latch/v1/claims/r-1/life?agent=momentum");
    expect(body.identity).toEqual({ preimage: null, proved: null });
    const missing = await get("/latch/v1/claims/r-9/life?agent=momentum");
    expect([missing.status, missing.body.tradelatch.error]).toEqual([404, "claim_not_found"]);
  });
});
