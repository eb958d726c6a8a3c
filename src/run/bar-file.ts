/**
 * Reads bars from files: comma-separated, the first line naming the columns, of which time, open,
 * high, low, close and volume are taken. A line that begins with # is a remark. Nothing is guessed:
 * a line that does not fit is named, and nothing is run.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import type { EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, parseDecimal, signOf } from "../core/decimal.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import { plainSymbol } from "../identity/symbol.ts";
import { newYorkInstant, newYorkMinute } from "../schedule/new-york-time.ts";
import { BAR_MS, type Bar } from "../strategy/bar.ts";

const COLUMNS = ["time", "open", "high", "low", "close", "volume"] as const;
type Column = (typeof COLUMNS)[number];

/** The symbol that a file is of, by the last word of its name: `2026-05-21-qqq.csv`. */
const NAMED_SYMBOL = /([a-z][a-z0-9.]*)\.csv$/i;
/** The slash is a pair's, such as `BTC/USD`. */
const GIVEN_SYMBOL = /^([A-Z][A-Z0-9.]{0,9}(?:\/[A-Z]{3,4})?)=(.+)$/;
const ENDING = ".csv";
/** So much of a first line is shown that names no columns. */
const SHOWN_MAX = 60;

/**
 * The bars of `symbols` (without them, of all that the files have), by symbol, in the order of
 * time. A given file is of the symbol that stands before it (`QQQ=bars.csv`), or that its column
 * `symbol` or its name tells; symbols that no given file is of are looked for beside the first one,
 * as `2026-05-21-tqqq.csv` is beside `2026-05-21-qqq.csv`. Throws LatchError `invalid_bars`.
 */
export function readBars(
  given: readonly string[],
  symbols?: readonly string[],
): ReadonlyMap<string, readonly Bar[]> {
  const bars = new Map<string, readonly Bar[]>();
  for (const argument of given) {
    for (const [symbol, of] of readFile(argument)) {
      if (bars.has(symbol)) throw invalid(`${argument} has bars of ${symbol}, as another file has`);
      bars.set(symbol, of);
    }
  }
  if (symbols === undefined) return bars;
  for (const symbol of symbols.filter((one) => !bars.has(one))) {
    bars.set(symbol, readBeside(given[0] ?? "", symbol));
  }
  return new Map(symbols.map((symbol) => [symbol, bars.get(symbol) ?? []]));
}

function readBeside(first: string, symbol: string): readonly Bar[] {
  const { path } = splitArgument(first);
  const name = basename(path).replace(NAMED_SYMBOL, `${symbol.toLowerCase()}${ENDING}`);
  const beside = join(dirname(path), name);
  const remedy = `or give them as --bars ${symbol}=FILE`;
  if (name === basename(path)) throw invalid(`no bars of ${symbol}: ${remedy.slice(3)}`);
  try {
    return readFile(`${symbol}=${beside}`).get(symbol) ?? [];
  } catch (error) {
    if (!(error instanceof LatchError) || error.code !== "file_unreadable") throw error;
    throw invalid(`no bars of ${symbol}: expected ${beside}, ${remedy}`, error);
  }
}

function splitArgument(argument: string): { symbol: string | undefined; path: string } {
  const [, symbol, path] = GIVEN_SYMBOL.exec(argument) ?? [];
  return symbol === undefined || path === undefined
    ? { symbol: undefined, path: argument }
    : { symbol, path };
}

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function readFile(argument: string): Map<string, readonly Bar[]> {
  const { symbol, path } = splitArgument(argument);
  const bySymbol = new Map<string, Bar[]>();
  for (const { record, info } of rowsOf(path)) {
    const where = `${path}, line ${info.lines}`;
    const of = plainSymbol(symbol ?? (record.symbol || nameOf(path)).toUpperCase());
    const bars = bySymbol.get(of) ?? [];
    bars.push(barOf(of, record, where, bars.at(-1)));
    bySymbol.set(of, bars);
  }
  if (bySymbol.size === 0) throw invalid(`${path} has no bars`);
  return bySymbol;
}

function nameOf(path: string): string {
  const [, name] = NAMED_SYMBOL.exec(basename(path)) ?? [];
  if (name !== undefined) return name;
  throw invalid(`${path} says of no symbol whose bars it has: give it as SYMBOL=${path}`);
}

function rowsOf(path: string): readonly Row[] {
  const text = textOf(path);
  try {
    return parse(text, {
      bom: true,
      comment: "#",
      comment_no_infix: true,
      columns: (names: string[]) => columnsOf(names, path),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly Row[];
  } catch (cause) {
    if (cause instanceof LatchError) throw cause;
    throw invalid(`${path} is no table of bars: ${messageOf(cause)}`, cause);
  }
}

function columnsOf(names: readonly string[], path: string): string[] {
  const lower = names.map((name) => name.toLowerCase());
  const missing = COLUMNS.filter((column) => !lower.includes(column));
  if (missing.length === 0) return lower;
  const first = JSON.stringify(names.join(",").slice(0, SHOWN_MAX));
  const expected = `expected ${COLUMNS.join(",")}, whose order is free`;
  throw invalid(`${path} has no column ${missing.join(", ")} in ${first}: ${expected}`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const message = `the bars in ${JSON.stringify(path)} cannot be read`;
    throw new LatchError("file_unreadable", message, { cause });
  }
}

function barOf(
  symbol: string,
  record: Readonly<Record<string, string>>,
  where: string,
  before: Bar | undefined,
): Bar {
  const startAt = timeOf(record.time ?? "", where);
  if (before !== undefined && startAt <= before.startAt) {
    throw invalid(`${where}: time is ${record.time}: expected one after the bar before`);
  }
  const amount = (column: Exclude<Column, "time">): DecimalText => {
    const value = parseDecimal(record[column] ?? "");
    const least = column === "volume" ? 0 : 1;
    if (value !== undefined && signOf(value) >= least) return value;
    const wanted = least === 0 ? "a number" : "a number above zero";
    throw invalid(`${where}: ${column} is ${JSON.stringify(record[column])}: expected ${wanted}`);
  };
  const prices = { open: amount("open"), high: amount("high"), low: amount("low") };
  const bar = { ...prices, close: amount("close"), volume: amount("volume") };
  const isOutside = [bar.open, bar.close].some(
    (price) => compare(price, bar.high) > 0 || compare(price, bar.low) < 0,
  );
  if (isOutside) {
    const { open, high, low, close } = bar;
    throw invalid(`${where}: open ${open} and close ${close} are not within ${low} to ${high}`);
  }
  return { symbol, name: newYorkMinute(startAt), startAt, endAt: startAt + BAR_MS, ...bar };
}

const EPOCH_SECONDS = /^\d{9,10}$/;
const EPOCH_MS = /^\d{12,13}$/;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::00(?:\.0+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** ISO 8601, in New York where no offset is given; or seconds or milliseconds since 1970. */
function timeOf(text: string, where: string): EpochMs {
  const at = epochOf(text);
  if (Number.isFinite(at) && at % BAR_MS === 0) return at;
  const wanted = "expected the minute at which the bar began, such as 2026-05-21T09:30-04:00";
  throw invalid(`${where}: time is ${JSON.stringify(text)}: ${wanted}`);
}

function epochOf(text: string): EpochMs {
  if (EPOCH_SECONDS.test(text)) return Number(text) * 1_000;
  if (EPOCH_MS.test(text)) return Number(text);
  const [, date = "", time = "", offset] = DATE_TIME.exec(text) ?? [];
  const wall = Date.parse(`${date}T${time}${offset ?? "Z"}`);
  return offset !== undefined || Number.isNaN(wall) ? wall : newYorkInstant(date, time);
}

function invalid(message: string, cause?: unknown): LatchError {
  return new LatchError("invalid_bars", message, cause === undefined ? {} : { cause });
}
