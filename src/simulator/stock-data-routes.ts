/**
 * Alpaca's endpoints of stock data: historical bars with their pages, and the latest bar, trade
 * and quote, for one symbol or for many. All of it is made of the market's tape.
 */
import type { EpochMs } from "../core/clock.ts";
import {
  type ApiAnswer,
  type ApiCall,
  type ApiRoute,
  type CallEffects,
  ok,
  refusalAnswer,
} from "./api-route.ts";
import { inTimeframe } from "./bar-timeframe.ts";
import { type MarketBar, type MarketTape, MINUTE_MS, minuteOf } from "./market-tape.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import {
  type BarsQuery,
  pageToken,
  readBarsQuery,
  readSymbols,
  refusedFeed,
} from "./stock-data-query.ts";
import { textTime, wireBar, wireQuote, wireTrade } from "./wire-market.ts";

interface ShownBar {
  readonly symbol: string;
  readonly bar: MarketBar;
}

/** What there is of one symbol now, on the wire; undefined where there is nothing yet. */
type Latest = (broker: SimulatedBroker, symbol: string) => unknown;

/** How far back a last bar is looked for. */
const LATEST_WITHIN_MS = 30 * 24 * 60 * MINUTE_MS;

const LATEST: Readonly<Record<"bar" | "trade" | "quote", Latest>> = {
  bar: ({ tape, clock }, symbol) => {
    const now = clock.now();
    const bar = tape.bars(symbol, now - LATEST_WITHIN_MS, minuteOf(now)).at(-1);
    return bar && wireBar(bar, textTime);
  },
  trade: ({ tape }, symbol) => {
    const trade = tape.lastTrade(symbol);
    return trade && wireTrade(trade, textTime);
  },
  quote: ({ tape }, symbol) => {
    const trade = tape.lastTrade(symbol);
    return trade && wireQuote(trade, textTime);
  },
};

export function stockDataRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  const get = (path: string, handle: ApiRoute["handle"]): ApiRoute => {
    return { method: "GET", path: `/v2/stocks/${path}`, handle };
  };
  return [
    get("bars", (call, effects) => bars(broker(), call, effects)),
    get(":symbol/bars", (call, effects) => bars(broker(), call, effects)),
    ...(["bar", "trade", "quote"] as const).flatMap((what) => [
      get(`${what}s/latest`, (call) => latest(broker(), call, what)),
      get(`:symbol/${what}s/latest`, (call) => latest(broker(), call, what)),
    ]),
  ];
}

function bars(broker: SimulatedBroker, call: ApiCall, effects: CallEffects): ApiAnswer {
  const now = broker.clock.now();
  const query = readBarsQuery(call, now, broker.dataPlan);
  if (query.kind === "refused") return refusalAnswer(query.refusal);
  const { symbols, limit } = query.value;
  const end = visibleUntil(now, effects);
  const found = symbols.flatMap((symbol) => ofSymbol(broker.tape, symbol, query.value, end));
  const page = behind(found, query.value).slice(0, limit);
  const last = page.at(-1);
  const isLast = last === undefined || last === found.at(-1);
  const token = isLast ? null : pageToken({ symbol: last.symbol, startAt: last.bar.startAt });
  const { symbol } = call.params;
  if (symbol !== undefined) {
    const shown = page.length === 0 ? null : page.map(({ bar }) => wireBar(bar, textTime));
    return ok({ bars: shown, symbol: symbol.toUpperCase(), next_page_token: token });
  }
  return ok({ bars: bySymbol(page), next_page_token: token });
}

/** When the minutes that are shown have begun, at the latest. */
function visibleUntil(now: EpochMs, { barsLagMs, barsUnfinished }: CallEffects): EpochMs {
  return barsUnfinished ? now : minuteOf(now - barsLagMs);
}

function ofSymbol(
  tape: MarketTape,
  symbol: string,
  { from, to, timeframe, isDescending }: BarsQuery,
  end: EpochMs,
): readonly ShownBar[] {
  const minutes = tape.bars(symbol, timeframe(from), Math.min(to + 1, end));
  const bars = inTimeframe(minutes, timeframe).filter(({ startAt }) => startAt >= from);
  if (isDescending) bars.reverse();
  return bars.map((bar) => ({ symbol, bar }));
}

function behind(
  found: readonly ShownBar[],
  { after, isDescending }: BarsQuery,
): readonly ShownBar[] {
  if (after === undefined) return found;
  const isShown = ({ symbol, bar: { startAt } }: ShownBar) => {
    if (symbol !== after.symbol) return symbol < after.symbol;
    return isDescending ? startAt >= after.startAt : startAt <= after.startAt;
  };
  return found.filter((one) => !isShown(one));
}

function bySymbol(page: readonly ShownBar[]): Record<string, unknown[]> {
  const grouped: Record<string, unknown[]> = {};
  for (const { symbol, bar } of page) {
    grouped[symbol] ??= [];
    grouped[symbol].push(wireBar(bar, textTime));
  }
  return grouped;
}

function latest(broker: SimulatedBroker, call: ApiCall, what: keyof typeof LATEST): ApiAnswer {
  const symbols = readSymbols(call);
  if (symbols.kind === "refused") return refusalAnswer(symbols.refusal);
  const feed = refusedFeed(call.query, broker.dataPlan, true);
  if (feed?.kind === "refused") return refusalAnswer(feed.refusal);
  const found = symbols.value.map((symbol) => [symbol, LATEST[what](broker, symbol)] as const);
  const known = found.filter(([, value]) => value !== undefined);
  if (call.params.symbol === undefined) return ok({ [`${what}s`]: Object.fromEntries(known) });
  const [only] = known;
  if (only !== undefined) return ok({ [what]: only[1], symbol: only[0] });
  const message = `no ${what} found for ${call.params.symbol}`;
  return { status: 404, body: { message } };
}
