/**
 * Bars, trades and quotes as Alpaca's market data writes them. Its numbers are numbers of JSON, not
 * text; a quote is made up, a cent to either side of the last price.
 */
import type { EpochMs } from "../core/clock.ts";
import {
  add,
  type DecimalText,
  decimal,
  divide,
  isZero,
  subtract,
  toFixed,
} from "../core/decimal.ts";
import type { LastTrade, MarketBar } from "./market-tape.ts";

/** How a point in time is written: text in JSON, an extension type in msgpack. */
export type WireTime = (at: EpochMs) => unknown;

const TICK = decimal("0.01");
const EXCHANGE = "V";
const TAPE = "C";
const QUOTE_SIZE = 100;
const AVERAGE_DECIMALS = 6;

export function wireBar(bar: MarketBar, time: WireTime) {
  return {
    t: time(bar.startAt),
    o: number(bar.open),
    h: number(bar.high),
    l: number(bar.low),
    c: number(bar.close),
    v: number(bar.volume),
    n: bar.trades,
    vw: averagePrice(bar),
  };
}

export function wireTrade({ at, id, price, size }: LastTrade, time: WireTime) {
  const what = { p: number(price), s: number(size), i: id };
  return { t: time(at), x: EXCHANGE, ...what, c: ["@"], z: TAPE };
}

export function wireQuote({ at, price }: LastTrade, time: WireTime) {
  const bid = { bx: EXCHANGE, bp: number(subtract(price, TICK)), bs: QUOTE_SIZE };
  const ask = { ax: EXCHANGE, ap: number(add(price, TICK)), as: QUOTE_SIZE };
  return { t: time(at), ...bid, ...ask, c: ["R"], z: TAPE };
}

/** As the REST endpoints and the streams in JSON write it. */
export const textTime: WireTime = (at) => new Date(at).toISOString().replace(".000Z", "Z");

function averagePrice({ turnover, volume, close }: MarketBar): number {
  if (isZero(volume)) return number(close);
  return Number(toFixed(divide(turnover, volume), AVERAGE_DECIMALS));
}

/** Market data is for looking at, and its wire has nothing else. */
function number(amount: DecimalText): number {
  return Number(amount);
}
