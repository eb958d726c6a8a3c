/** A backtest as the one JSON document of `--json`. Pure. */
import { toFixed } from "../core/decimal.ts";
import type { Backtest } from "./backtest.ts";
import type { RunSummary } from "./run-summary.ts";

export interface RunDocument {
  readonly strategy: string;
  readonly summary: RunSummary;
  readonly trades: readonly TradeRow[];
  /** Actions that a fault moved, against the same day without faults; null where none was run. */
  readonly moved: readonly MovedRow[] | null;
  /** Where the HTML report was written; null where none was. */
  readonly report: string | null;
  readonly elapsedMs: number;
}

interface TradeRow {
  readonly symbol: string;
  readonly side: "long" | "short";
  /** ISO 8601. */
  readonly openedAt: string;
  readonly closedAt: string;
  readonly quantity: string;
  readonly profitUsd: string;
}

interface MovedRow {
  readonly requestId: string;
  readonly symbol: string;
  readonly side: string;
  /** The stage of an entry, the leg of an exit; null without an anchor. */
  readonly part: string | null;
  readonly without: MovedSide | null;
  readonly withFaults: MovedSide | null;
  readonly faults: readonly string[];
}

interface MovedSide {
  readonly at: string;
  readonly quantity: string;
  readonly price: string;
}

export function runDocument(done: Backtest, report: string | null): RunDocument {
  const { strategy, summary, accounts, moved, elapsedMs } = done;
  return {
    strategy,
    summary,
    trades: accounts.trades.map((trade) => ({
      ...trade,
      openedAt: iso(trade.openedAt),
      closedAt: iso(trade.closedAt),
      profitUsd: toFixed(trade.profitUsd, 2),
    })),
    moved:
      moved?.map((one) => ({
        ...one,
        without: one.without && { ...one.without, at: iso(one.without.at) },
        withFaults: one.withFaults && { ...one.withFaults, at: iso(one.withFaults.at) },
      })) ?? null,
    report,
    elapsedMs,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
