import { describe, expect, test } from "vitest";
import type { BacktestRecords } from "../../src/run/backtest-world.ts";
import { movedFills } from "../../src/run/moved-fills.ts";

/** One action of a day: what was sent, in which life of the position, and what it filled. */
interface Row {
  readonly at: string;
  readonly side: "buy" | "sell";
  readonly part: string;
  readonly episode: number;
  /** Undefined where nothing was filled. */
  readonly price?: string | undefined;
  readonly quantity?: string;
  /** The bar of an entry; the minute of `at` where it is left out. */
  readonly bar?: string;
  readonly faults?: readonly string[];
}

/** The records of a day in SQQQ, as far as a comparison reads them. */
function day(rows: readonly Row[]): BacktestRecords {
  const named = rows.map((row) => {
    const bar = row.bar ?? row.at.slice(0, 5);
    const id = row.side === "buy" ? `${bar} ${row.part}` : `${row.episode} ${row.part}`;
    return { ...row, bar, id };
  });
  const claims = named.map(({ id, side, part, episode, bar }) => ({
    key: { account: "a", agent: "b", requestId: id },
    ...{ attempt: 1, clientOrderId: id, episode },
    intent: {
      ...{ symbol: "SQQQ", side, effect: side === "buy" ? "open" : "close" },
      anchor: side === "buy" ? { bar, stage: part } : { episode, leg: part },
    },
  }));
  const orders = named.map(({ id, side, at, quantity = "11", price }) => ({
    ...{ client_order_id: id, symbol: "SQQQ", side, filled_at: `2026-05-21T${at}-04:00` },
    ...{ filled_avg_price: price ?? null, filled_qty: price === undefined ? "0" : quantity },
  }));
  const requests = named.flatMap(({ id, faults = [] }) =>
    faults.map((fault) => ({ fault, body: { client_order_id: id }, query: {} })),
  );
  return { ledger: { claims }, orders, fills: [], requests } as unknown as BacktestRecords;
}

function lines(without: BacktestRecords, withFaults: BacktestRecords): readonly string[] {
  const side = (one: { at: number; quantity: string; price: string } | null) =>
    one === null
      ? "-"
      : `${new Date(one.at - 4 * 3_600_000).toISOString().slice(11, 19)} ${one.quantity} @ ${one.price}`;
  return movedFills(without, withFaults).map(
    (row) =>
      `${row.side} ${row.part}: ${side(row.without)} | ${side(row.withFaults)} | ${row.faults}`,
  );
}

const base = { side: "buy", part: "base", price: "40.00" } as const;
const exit = { side: "sell", part: "exit", price: "41.00" } as const;

describe("what faults have moved", () => {
  test("is nothing on a day that is the same", () => {
    const rows = [
      { ...base, at: "10:00:00", episode: 1 },
      { ...exit, at: "10:05:00", episode: 1 },
    ];
    expect(lines(day(rows), day(rows))).toEqual([]);
  });

  test("is also a fill that came at the same price and later", () => {
    const calm = day([{ ...base, at: "10:00:00", episode: 1 }]);
    const late = { ...base, at: "10:00:03", bar: "10:00", episode: 1, faults: ["slow"] };
    expect(lines(calm, day([late]))).toEqual([
      "buy base: 10:00:00 11 @ 40.00 | 10:00:03 11 @ 40.00 | slow",
    ]);
  });

  test("compares an exit with the exit of that position, whichever position of the day it is", () => {
    const calm = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...exit, at: "10:05:00", episode: 1 },
      { ...base, at: "11:00:00", episode: 2 },
      { ...exit, at: "11:05:00", episode: 2 },
    ]);
    const faulty = day([
      { ...base, price: undefined, at: "10:00:00", episode: 1, faults: ["drop"] },
      { ...base, at: "11:00:00", episode: 1 },
      { ...exit, at: "11:05:00", episode: 1 },
    ]);
    expect(lines(calm, faulty)).toEqual([
      "buy base: 10:00:00 11 @ 40.00 | - | drop",
      "sell exit: 10:05:00 11 @ 41.00 | - | ",
    ]);
  });

  test("does not give a position that goes on to one that was over before", () => {
    const calm = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...exit, at: "10:20:00", episode: 1 },
      { ...base, at: "10:30:00", episode: 2 },
      { ...exit, at: "10:40:00", episode: 2 },
    ]);
    const faulty = day([
      { ...base, at: "10:10:00", episode: 1 },
      { ...base, at: "10:30:00", episode: 1 },
      { ...exit, at: "10:40:00", episode: 1 },
    ]);
    expect(lines(calm, faulty)).toEqual([
      "buy base: 10:00:00 11 @ 40.00 | - | ",
      "buy base: - | 10:10:00 11 @ 40.00 | ",
      "sell exit: 10:20:00 11 @ 41.00 | - | ",
    ]);
  });

  test("shows an entry of a later bar in the place of the one that a fault kept back", () => {
    const calm = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...base, part: "add1", at: "10:05:00", episode: 1 },
    ]);
    const faulty = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...base, part: "add1", price: undefined, at: "10:05:00", episode: 1, faults: ["drop"] },
      { ...base, part: "add1", price: "40.50", at: "10:06:00", episode: 1, faults: ["slow"] },
    ]);
    expect(lines(calm, faulty)).toEqual([
      "buy add1: 10:05:00 11 @ 40.00 | 10:06:00 11 @ 40.50 | drop,slow",
    ]);
  });

  test("pairs a strategy's repeated stage by its bar, and by order where a bar is another", () => {
    const calm = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...base, at: "10:01:00", episode: 1 },
      { ...base, at: "10:02:00", episode: 1 },
    ]);
    const faulty = day([
      { ...base, at: "10:00:00", episode: 1 },
      { ...base, at: "10:02:00", episode: 1 },
      { ...base, at: "10:03:00", episode: 1 },
    ]);
    expect(lines(calm, faulty)).toEqual(["buy base: 10:01:00 11 @ 40.00 | 10:03:00 11 @ 40.00 | "]);
  });
});
