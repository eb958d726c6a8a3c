/** A strategy's backtest from its files to what is reported. */
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import type { Bar } from "../strategy/bar.ts";
import type { StrategyParameters } from "../strategy/strategy.ts";
import { type BacktestRecords, runBacktest } from "./backtest-world.ts";
import { readBars } from "./bar-file.ts";
import type { FaultLevel } from "./heavy-faults.ts";
import { isUnguarded, loadStrategy } from "./load-strategy.ts";
import { type MovedFill, movedFills } from "./moved-fills.ts";
import { type RunSummary, summaryOf } from "./run-summary.ts";
import { accountsOf, type TradeAccounts } from "./trade-accounts.ts";

export interface BacktestOptions {
  /** The strategy's file. */
  readonly strategy: string;
  readonly parameters: StrategyParameters;
  /** Files of bars, as {@link readBars} takes them. */
  readonly bars: readonly string[];
  readonly faults: FaultLevel;
  readonly seed: number;
  readonly instances: number;
}

export interface Backtest {
  readonly strategy: string;
  readonly summary: RunSummary;
  readonly accounts: TradeAccounts;
  readonly records: BacktestRecords;
  /** Those that were played, by symbol. */
  readonly bars: ReadonlyMap<string, readonly Bar[]>;
  /** Against the same day without faults; null where there are none, or no latch. */
  readonly moved: readonly MovedFill[] | null;
  readonly elapsedMs: number;
}

/**
 * Rejects with LatchError `invalid_strategy`, `invalid_bars`, `file_unreadable` or
 * `strategy_failed`, and when `stop` aborts.
 */
export async function backtest(
  options: BacktestOptions,
  clock: Clock,
  stop: AbortSignal,
  onProgress: (part: number) => void = () => undefined,
): Promise<Backtest> {
  const startedAt = clock.now();
  const load = await loadStrategy(options.strategy);
  const strategies = () =>
    Array.from({ length: options.instances }, () => load(options.parameters));
  const [first] = strategies();
  if (first === undefined) throw new LatchError("invalid_option", "instances is 0: expected one");
  const given = readBars(options.bars, first.symbols);
  const { seed, faults, instances } = options;
  const hasTwin = faults !== "none" && !isUnguarded(first);
  const run = (level: FaultLevel, from: number, share: number) =>
    runBacktest({
      ...{ strategies: strategies(), bars: given, faults: level, seed, stop },
      onProgress: (part) => onProgress(from + part * share),
    });
  const twin = hasTwin ? await run("none", 0, 0.5) : undefined;
  const records = await run(faults, hasTwin ? 0.5 : 0, hasTwin ? 0.5 : 1);
  const bars = playedBars(given, records.sessions);
  const accounts = accountsOf(records.orders, records.fills, bars);
  return {
    strategy: options.strategy,
    summary: summaryOf({ records, accounts, bars, faults, seed, instances }),
    ...{ accounts, records, bars },
    moved: twin === undefined ? null : movedFills(twin, records),
    elapsedMs: clock.now() - startedAt,
  };
}

/** Those of regular hours: nothing is held up against a time that no strategy has lived in. */
function playedBars(
  given: ReadonlyMap<string, readonly Bar[]>,
  sessions: readonly MarketSession[],
): ReadonlyMap<string, readonly Bar[]> {
  const isPlayed = ({ startAt }: Bar) =>
    sessions.some(({ openAt, closeAt }) => startAt >= openAt && startAt < closeAt);
  return new Map([...given].map(([symbol, bars]) => [symbol, bars.filter(isPlayed)]));
}
