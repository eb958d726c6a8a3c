/** A judge that lets everything pass would find nothing on any day: each of these must be found. */
import { beforeAll, describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import { type BacktestRecords, runBacktest } from "../../src/run/backtest-world.ts";
import { readBars } from "../../src/run/bar-file.ts";
import type { LedgerRecords } from "../../src/run/ledger-records.ts";
import { booksEqual, brokenInvariants } from "../../src/run/run-checks.ts";
import { unsoundness } from "../../src/run/run-summary.ts";
import createMomentumBot from "../../strategies/momentum.ts";

/** Until the first exit. */
const MINUTES = 20;

let records: BacktestRecords;
let ledger: LedgerRecords;

beforeAll(async () => {
  const strategies = [createMomentumBot({})];
  const all = readBars(["fixtures/bars/2026-05-21-qqq.csv"], strategies[0]?.symbols ?? []);
  const bars = new Map([...all].map(([symbol, of]) => [symbol, of.slice(0, MINUTES)]));
  const stop = new AbortController().signal;
  records = await runBacktest({ strategies, bars, faults: "none", seed: 1, stop });
  if (records.ledger === null) throw new Error("there was no latch");
  ledger = records.ledger;
});

describe("the judge of a day", () => {
  test("finds nothing on a day that went well", () => {
    expect(brokenInvariants(records, ledger)).toEqual([]);
    expect(booksEqual(ledger, records.positions)).toBe(true);
    expect(records.orders).toHaveLength(3);
  });

  test("finds an order that no claim knows", () => {
    const [order] = records.orders;
    if (order === undefined) throw new Error("there was no order");
    const orders = [...records.orders, { ...order, client_order_id: "another" }];
    const broken = brokenInvariants({ ...records, orders }, ledger);
    expect(broken).toEqual(["I1: the order another belongs to no claim"]);
  });

  test("finds a POST too many, also one that the broker refused", () => {
    const requests = [...records.requests, ...records.requests];
    const broken = brokenInvariants({ ...records, requests }, ledger);
    expect(broken).toHaveLength(3);
    for (const one of broken) expect(one).toMatch(/^I3: .*: 2 POSTs, 1 permitted$/);
  });

  test("finds a fill that is not booked, and a claim without an end", () => {
    const claims = ledger.claims.map((claim, index) =>
      index === 0 ? { ...claim, bookedQuantity: decimal("5"), status: "FINAL" as const } : claim,
    );
    expect(brokenInvariants(records, { ...ledger, claims })).toMatchObject([
      expect.stringMatching(/FINAL, its intent has no end$/),
      expect.stringMatching(/^I6: .*: the broker filled 6, and 5 are booked$/),
    ]);
  });

  test("takes an order that the broker still works on for no intent without an end", () => {
    const claims = ledger.claims.map((claim) => ({ ...claim, status: "RESOLVED" as const }));
    const orders = records.orders.map((order) => ({ ...order, status: "partially_filled" }));
    const working = { ...records, orders: orders as BacktestRecords["orders"] };
    expect(brokenInvariants(working, { ...ledger, claims })).toEqual([]);
  });

  test("gives a verdict on the whole, which a run ends with", () => {
    const sound = { booksEqual: true, invariantsBroken: [] };
    expect(unsoundness(sound)).toBeUndefined();
    expect(unsoundness({ booksEqual: null, invariantsBroken: null })).toBeUndefined();
    const unsound = { booksEqual: false, invariantsBroken: ["I1: one", "I3: another"] };
    expect(unsoundness(unsound)).toMatch(/books differ from the broker's.*invariants broken: 2/);
  });

  test("finds a short, and a book that differs", () => {
    const short = { symbol: "TQQQ", qty: decimal("-6") };
    const positions = [short as BacktestRecords["positions"][number]];
    expect(brokenInvariants({ ...records, positions }, ledger)).toMatchObject([
      expect.stringMatching(/^I5: the broker shows -6 TQQQ/),
    ]);
    expect(booksEqual(ledger, positions)).toBe(false);
  });

  test("takes a pair without its slash, as positions have it, for the book that has one", () => {
    const pair = { symbol: "BTCUSD", qty: decimal("0.5") };
    const positions = [pair as BacktestRecords["positions"][number]];
    const [book] = ledger.books;
    if (book === undefined) throw new Error("there was no book");
    const books = [{ ...book, symbol: "BTC/USD", net: decimal("0.5") }];
    expect(booksEqual({ books }, positions)).toBe(true);
  });

  test("takes a short that was sold to open for none", () => {
    const short = { symbol: "TQQQ", qty: decimal("-6") };
    const positions = [short as BacktestRecords["positions"][number]];
    const claims = ledger.claims.map((claim, index) =>
      index === 0 ? { ...claim, intent: { ...claim.intent, side: "sell" as const } } : claim,
    );
    expect(brokenInvariants({ ...records, positions }, { ...ledger, claims })).toEqual([]);
  });

  test("finds an event that was changed", () => {
    const events = ledger.events.map((event, index) =>
      index === 3 ? { ...event, at: event.at + 1 } : event,
    );
    expect(brokenInvariants(records, { ...ledger, events })).toMatchObject([
      expect.stringMatching(/^I10: the chain breaks/),
    ]);
  });
});
