/** What a backtest came to, as the document of `--json` has it. Pure. */
import { add, compare, decimal, divide, isZero, multiply, toFixed, ZERO } from "../core/decimal.ts";
import type { Bar } from "../strategy/bar.ts";
import type { BacktestRecords } from "./backtest-world.ts";
import type { FaultLevel } from "./heavy-faults.ts";
import type { LedgerRecords } from "./ledger-records.ts";
import { booksEqual, brokenInvariants, ownersOf } from "./run-checks.ts";
import { duplicatesAmong, type OrderFill, type TradeAccounts } from "./trade-accounts.ts";

/** Money with two decimals, parts of a whole with four; null where there is nothing to count. */
export interface RunSummary {
  readonly isGuarded: boolean;
  readonly faults: FaultLevel;
  readonly seed: number;
  readonly instances: number;
  /** `YYYY-MM-DD`. */
  readonly sessions: readonly string[];
  /** Of the symbol that has the most. */
  readonly bars: number;
  /** Positions from flat to flat. */
  readonly trades: number;
  readonly wins: number;
  /** Wins of all trades. */
  readonly hitRate: string | null;
  readonly realizedProfitUsd: string;
  readonly maxDrawdownUsd: string;
  /** Part of the time in which something was held. */
  readonly exposure: string;
  /** Orders that the broker accepted. */
  readonly orders: number;
  /** Those that repeat another: a second one of an action; without a latch, one that looks so. */
  readonly duplicateOrders: number;
  readonly duplicateNotionalUsd: string;
  /** Repeats of an action that the latch did not send; null without a latch. */
  readonly duplicatesBlocked: number | null;
  /** Logical actions; null without a latch. */
  readonly intents: number | null;
  /** Those that have no end; null without a latch. */
  readonly unsettled: number | null;
  /** Whether the final books equal the broker's positions; null without a latch. */
  readonly booksEqual: boolean | null;
  /** What of the invariants does not hold, a sentence each; null without a latch. */
  readonly invariantsBroken: readonly string[] | null;
  readonly incidents: number | null;
  readonly finalPositions: Readonly<Record<string, string>>;
  /** Requests that met a fault. */
  readonly faultsMet: number;
}

export interface Summed {
  readonly records: BacktestRecords;
  readonly accounts: TradeAccounts;
  readonly bars: ReadonlyMap<string, readonly Bar[]>;
  readonly faults: FaultLevel;
  readonly seed: number;
  readonly instances: number;
}

const PART_DIGITS = 4;

export function summaryOf({ records, accounts, bars, ...given }: Summed): RunSummary {
  const { ledger, orders, positions } = records;
  const { trades, equity } = accounts;
  const wins = trades.filter(({ profitUsd }) => compare(profitUsd, ZERO) > 0).length;
  const duplicates = duplicatesOf(accounts.fills, ledger);
  const notionals = duplicates.map(({ quantity, price }) => multiply(quantity, price));
  return {
    isGuarded: ledger !== null,
    ...given,
    sessions: records.sessions.map(({ date }) => date),
    bars: Math.max(...[...bars.values()].map(({ length }) => length)),
    trades: trades.length,
    wins,
    hitRate: trades.length === 0 ? null : part(wins, trades.length),
    realizedProfitUsd: toFixed(accounts.realizedProfitUsd, 2),
    maxDrawdownUsd: toFixed(accounts.maxDrawdownUsd, 2),
    exposure: part(equity.filter(({ isExposed }) => isExposed).length, equity.length),
    orders: orders.length,
    duplicateOrders: duplicates.length,
    duplicateNotionalUsd: toFixed(notionals.reduce(add, ZERO), 2),
    ...ledgerCounts(records),
    finalPositions: Object.fromEntries(
      positions
        .filter(({ qty }) => !isZero(decimal(qty)))
        .map(({ symbol, qty }) => [symbol, String(qty)]),
    ),
    faultsMet: records.requests.filter(({ fault }) => fault !== undefined).length,
  };
}

/** What is wrong with a guarded day, in words; undefined where nothing is. */
export function unsoundness({
  booksEqual: areEqual,
  invariantsBroken,
}: Pick<RunSummary, "booksEqual" | "invariantsBroken">): string | undefined {
  const broken = invariantsBroken?.length ?? 0;
  const found = [
    ...(areEqual === false ? ["the final books differ from the broker's positions"] : []),
    ...(broken === 0 ? [] : [`invariants broken: ${broken}`]),
  ];
  return found.length === 0 ? undefined : found.join("; ");
}

type LedgerCounts = Pick<
  RunSummary,
  "duplicatesBlocked" | "intents" | "unsettled" | "booksEqual" | "invariantsBroken" | "incidents"
>;

function ledgerCounts(records: BacktestRecords): LedgerCounts {
  const { ledger } = records;
  if (ledger === null) {
    const none = { duplicatesBlocked: null, intents: null, unsettled: null, incidents: null };
    return { ...none, booksEqual: null, invariantsBroken: null };
  }
  return {
    duplicatesBlocked: ledger.events.filter(({ body }) => body.type === "repeat_answered").length,
    intents: ledger.claims.length,
    unsettled: ledger.claims.filter(({ status }) => status !== "SETTLED").length,
    booksEqual: booksEqual(ledger, records.positions),
    invariantsBroken: brokenInvariants(records, ledger),
    incidents: ledger.incidents.length,
  };
}

/**
 * Through the latch each order has its action on record: two of one kind in a minute are two, and
 * what repeats another is a second one of its action.
 */
function duplicatesOf(
  fills: readonly OrderFill[],
  ledger: LedgerRecords | null,
): readonly OrderFill[] {
  const alike = duplicatesAmong(fills);
  if (ledger === null) return alike;
  const owners = ownersOf(ledger.claims);
  const filled = new Set<string>();
  return fills.filter((fill) => {
    const owner = owners.get(fill.clientOrderId);
    if (owner === undefined) return alike.includes(fill);
    const isSecond = filled.has(owner);
    filled.add(owner);
    return isSecond;
  });
}

function part(of: number, whole: number): string {
  return toFixed(divide(decimal(String(of)), decimal(String(whole))), PART_DIGITS);
}
