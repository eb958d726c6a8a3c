/** Bars as Alpaca writes them, turned into ours; undefined where one cannot be read. */
import { z } from "zod";
import { type DecimalText, decimal, parseDecimal } from "../../core/decimal.ts";
import { parseJsonText } from "../../core/json-text.ts";
import { MINUTE_MS, type MinuteBar } from "../market-data.ts";

export interface BarsPage {
  readonly bars: readonly MinuteBar[];
  readonly nextPageToken: string | null;
}

/** What the SDK's stream makes of a bar. */
export interface StreamedBar {
  readonly symbol: string;
  readonly timestamp: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Numbers are the text that stood in the body. */
const amount = z
  .string()
  .transform((text) => parseDecimal(text))
  .refine((value): value is DecimalText => value !== undefined && !value.startsWith("-"));
const price = amount.refine((value) => value !== "0");
const minute = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((at) => at % MINUTE_MS === 0);
const wireBar = z.object({ t: minute, o: price, h: price, l: price, c: price, v: amount });
const wirePage = z.object({
  bars: z.record(z.string(), z.array(wireBar)).nullable(),
  next_page_token: z.string().nullish(),
});

/** One page of the bars of many symbols. */
export function readBarsBody(body: string): BarsPage | undefined {
  const parsed = wirePage.safeParse(parseJsonText(body));
  if (!parsed.success) return undefined;
  const bars = Object.entries(parsed.data.bars ?? {}).flatMap(([symbol, list]) =>
    list.map(({ t, o, h, l, c, v }) => {
      return { symbol, startAt: t, open: o, high: h, low: l, close: c, volume: v };
    }),
  );
  return { bars, nextPageToken: parsed.data.next_page_token ?? null };
}

export function readStreamedBar(bar: StreamedBar): MinuteBar | undefined {
  const { symbol, timestamp } = bar;
  const startAt = timestamp.getTime();
  const prices = [bar.open, bar.high, bar.low, bar.close].map(textOf);
  const volume = textOf(bar.volume);
  const isWhole = startAt % MINUTE_MS === 0 && volume !== undefined;
  const isPriced = prices.every((one) => one !== undefined && one !== "0");
  if (!isWhole || !isPriced) return undefined;
  const [open, high, low, close] = prices as [DecimalText, DecimalText, DecimalText, DecimalText];
  return { symbol, startAt, open, high, low, close, volume };
}

/** The shortest text that is this number; undefined where it is no amount. */
function textOf(value: number): DecimalText | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  return parseDecimal(String(value)) ?? decimal(value.toFixed(9));
}
