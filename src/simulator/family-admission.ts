/**
 * Whether an order with legs fits the position and the price as they stand. Pure.
 *
 * A bracket begins a position or adds to it, an oco ends one. Each exit lies at least a cent on its
 * own side of a base price: of what an entry asks for, or else of the market; of an oco, its stop
 * lies so from its other side and from the market.
 */
import { add, compare, type DecimalText, decimal, subtract } from "../core/decimal.ts";
import type { Standing } from "./admission.ts";
import { closingSide } from "./holdings.ts";
import { type OrderSide, opposite } from "./order.ts";
import type { OrderRequest } from "./order-request.ts";
import { type Refusal, unprocessable } from "./refusal.ts";

const CENT = decimal("0.01");

type Where = "above" | "below";

export function familyRefusal(
  request: OrderRequest,
  { positionQuantity, marketPrice }: Pick<Standing, "positionQuantity" | "marketPrice">,
): Refusal | undefined {
  const { terms, takeProfit, stopLoss } = request;
  const { orderClass, side, type, limitPrice } = terms;
  const isExit = closingSide(positionQuantity) === side;
  switch (orderClass) {
    case "simple":
    case "mleg":
      return undefined;
    case "oco":
      if (!isExit) return unprocessable("oco orders must be exit orders");
      return (
        stopRefusal(stopLoss, side, takeProfit ?? limitPrice) ??
        stopRefusal(stopLoss, side, marketPrice)
      );
    case "bracket":
    case "oto": {
      if (isExit && orderClass === "bracket") {
        return unprocessable("bracket orders must be entry orders");
      }
      const base = type === "limit" ? limitPrice : type === "market" ? marketPrice : null;
      const exitSide = opposite(side);
      const name = "take_profit.limit_price";
      return (
        priceRefusal(name, takeProfit, exitSide === "sell" ? "above" : "below", base) ??
        stopRefusal(stopLoss, exitSide, base)
      );
    }
  }
}

/** `side`: that of the exit. */
function stopRefusal(
  stopLoss: OrderRequest["stopLoss"],
  side: OrderSide,
  base: DecimalText | null | undefined,
): Refusal | undefined {
  const where = side === "sell" ? "below" : "above";
  return priceRefusal("stop_loss.stop_price", stopLoss?.stopPrice ?? null, where, base);
}

function priceRefusal(
  name: string,
  price: DecimalText | null,
  where: Where,
  base: DecimalText | null | undefined,
): Refusal | undefined {
  if (price === null || base === null || base === undefined) return undefined;
  const isAbove = where === "above";
  const fits = isAbove
    ? compare(price, add(base, CENT)) >= 0
    : compare(price, subtract(base, CENT)) <= 0;
  if (fits) return undefined;
  const words = `${name} must be ${isAbove ? ">= base_price +" : "<= base_price -"} ${CENT}`;
  return unprocessable(words, { base_price: base });
}
