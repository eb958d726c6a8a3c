/** Trading days as Alpaca writes them, turned into ours; undefined if one cannot be read. */
import { z } from "zod";
import { parseJsonText } from "../../core/json-text.ts";
import type { MarketDay } from "../broker.ts";

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const wireDays = z
  .array(
    z
      .object({
        date: z.iso.date(),
        open: z.string().regex(TIME),
        close: z.string().regex(TIME),
      })
      .refine(({ open, close }) => open < close, "the close is not after the open"),
  )
  .refine((days) => days.every(({ date }, index) => date > (days[index - 1]?.date ?? "")), "order");

export function readCalendarBody(body: string): readonly MarketDay[] | undefined {
  const parsed = wireDays.safeParse(parseJsonText(body));
  return parsed.success ? parsed.data : undefined;
}
