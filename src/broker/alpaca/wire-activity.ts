/**
 * Fills as Alpaca's account activities list them, turned into ours. A page with one entry that
 * cannot be read is no page: a witness that leaves something out would be worse than none.
 */
import { z } from "zod";
import { signOf } from "../../core/decimal.ts";
import type { BrokerOrderId } from "../../core/ids.ts";
import { parseJsonText } from "../../core/json-text.ts";
import type { FillActivity } from "../broker.ts";
import { wireDecimal, wireSymbol } from "./wire-fields.ts";

const positive = wireDecimal.refine((value) => signOf(value) > 0, "not above zero");

const wireFill = z.object({
  id: z.string().min(1),
  activity_type: z.literal("FILL"),
  order_id: z.string().min(1),
  symbol: wireSymbol,
  side: z.enum(["buy", "sell", "sell_short"]),
  qty: positive,
  price: positive,
  transaction_time: z.string().refine((text) => Number.isFinite(Date.parse(text)), "not a time"),
});

function fillOf(fill: z.output<typeof wireFill>): FillActivity {
  return {
    activityId: fill.id,
    brokerOrderId: fill.order_id as BrokerOrderId,
    symbol: fill.symbol,
    side: fill.side === "buy" ? "buy" : "sell",
    quantity: fill.qty,
    price: fill.price,
    at: Date.parse(fill.transaction_time),
  };
}

/** Every fill of a page's body, or undefined when one of them cannot be read. */
export function readFillsBody(body: string): readonly FillActivity[] | undefined {
  const parsed = z.array(wireFill).safeParse(parseJsonText(body));
  return parsed.success ? parsed.data.map(fillOf) : undefined;
}
