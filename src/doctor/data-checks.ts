/**
 * What is wrong with the broker's market data: one read of bars, and one connection to their stream
 * that is closed as soon as it is up. A sidecar needs neither; a strategy that runs here does.
 */
import {
  type BarsReading,
  type MarketData,
  MINUTE_MS,
  type StreamEnd,
} from "../broker/market-data.ts";
import type { Clock } from "../core/clock.ts";
import { type Finding, failed, ok, warning } from "./check.ts";

export interface MarketDataReads {
  /** Whether a run is meant, which cannot do without. */
  readonly isNeeded: boolean;
  readonly url: string;
  readonly streamUrl: string;
  readonly bars: BarsReading;
  readonly isUp: boolean;
  /** How the connection ended, whether it was up or not. */
  readonly end: StreamEnd;
}

/** A symbol that every plan has bars of. */
const SYMBOL = "QQQ";
/** Over a long weekend there is a session in it. */
const SPAN_MS = 5 * 24 * 60 * MINUTE_MS;
const MEND = "Check the keys, the plan, and --data-feed (iex is in every plan).";

export async function readMarketData(
  data: MarketData,
  clock: Clock,
  isNeeded: boolean,
): Promise<MarketDataReads> {
  const until = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  const done = new AbortController();
  let isUp = false;
  const onUp = () => {
    isUp = true;
    done.abort();
  };
  const ears = { onUp, onBar: () => undefined };
  const [bars, end] = await Promise.all([
    data.bars({ symbols: [SYMBOL], from: until - SPAN_MS, until }),
    data.stream([SYMBOL], ears, done.signal),
  ]);
  return { isNeeded, url: data.url, streamUrl: data.streamUrl, bars, isUp, end };
}

export function checkBars({ url, bars, isNeeded }: MarketDataReads): Finding {
  const bad = isNeeded ? failed : warning;
  if (bars.kind === "refused") return bad(`${url} refuses bars: ${bars.reason}`, MEND);
  if (bars.kind === "unknown") {
    const remedy = "Check APCA_API_DATA_URL and the network; a sidecar needs no bars, a run does.";
    return bad(`${url}: ${bars.reason}`, remedy);
  }
  const last = bars.value.at(-1);
  if (last !== undefined)
    return ok(`${url}: the last bar of ${SYMBOL} is of ${textOf(last.startAt)}`);
  return ok(`${url} answers; it has no bar of ${SYMBOL} in five days`);
}

export function checkBarStream({ streamUrl, isUp, end, isNeeded }: MarketDataReads): Finding {
  const bad = isNeeded ? failed : warning;
  if (isUp) return ok(`${streamUrl} takes the keys`);
  const found = `${streamUrl}: ${end.reason}`;
  if (end.kind === "refused") return bad(found, MEND);
  if (end.kind === "lost") return bad(found, "Check APCA_API_STREAM_URL and the network.");
  return warning(found, "Another program has the plan's one stream; a run reads bars meanwhile.");
}

function textOf(at: number): string {
  return new Date(at).toISOString();
}
