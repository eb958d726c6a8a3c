/** The market's hours on the days of some bars, by the simulated broker's own calendar. */
import { z } from "zod";
import { MarketHours } from "../schedule/market-hours.ts";
import { newYorkDate } from "../schedule/new-york-time.ts";
import type { Bar } from "../strategy/bar.ts";

const calendarSchema = z.array(
  z.object({ date: z.string(), open: z.string(), close: z.string() }).readonly(),
);

export async function calendarOf(
  brokerUrl: string,
  bars: ReadonlyMap<string, readonly Bar[]>,
): Promise<MarketHours> {
  const times = [...bars.values()].flat().map(({ startAt }) => startAt);
  const range = {
    from: newYorkDate(times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)),
    until: newYorkDate(times.reduce((a, b) => Math.max(a, b), 0)),
  };
  const headers = { "APCA-API-KEY-ID": "backtest", "APCA-API-SECRET-KEY": "backtest" };
  const query = new URLSearchParams({ start: range.from, end: range.until });
  const answer = await fetch(`${brokerUrl}/v2/calendar?${query}`, { headers });
  return new MarketHours(calendarSchema.parse(await answer.json()), range);
}
