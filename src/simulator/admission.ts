/**
 * Whether the account may place an order that is sound in itself, and why not. Pure.
 *
 * The checks run in one fixed order and the first refusal wins: asset, uniqueness of the
 * client_order_id, intent, shorting, shares, wash trade, money. A refused order leaves no trace:
 * its client_order_id stays free.
 */
import { compare, type DecimalText, isZero, signOf, subtract, ZERO } from "../core/decimal.ts";
import type { Asset } from "./asset-registry.ts";
import {
  availableQuantity,
  closingOrders,
  closingSide,
  estimatedCost,
  heldQuantity,
} from "./holdings.ts";
import type { MarketPhase } from "./market-calendar.ts";
import { isOptionSymbol } from "./option-contract.ts";
import type { Order, OrderTerms, PositionIntent } from "./order.ts";
import { isFractional } from "./order-terms-rules.ts";
import { duplicateClientOrderId, forbidden, type Refusal, unprocessable } from "./refusal.ts";
import { washTradeRefusal } from "./wash-trade.ts";

/** All that the decision looks at beside the order itself. */
export interface Standing {
  readonly asset: Asset | undefined;
  readonly clientOrderIdTaken: boolean;
  /** Signed; zero when flat. */
  readonly positionQuantity: DecimalText;
  /** Working orders of the symbol. */
  readonly working: readonly Order[];
  readonly marketPrice: DecimalText | undefined;
  readonly buyingPower: DecimalText;
  readonly shortingAllowed: boolean;
  readonly phase: MarketPhase;
  /** New York time. */
  readonly minuteOfDay: number;
}

/** Options that nothing held or bought beside them covers. */
export const uncovered: Refusal = forbidden(
  "account not eligible to trade uncovered option contracts",
);

const OPG_REFUSED_FROM = 9 * 60 + 28;
const CLS_REFUSED_FROM = 15 * 60 + 50;
const AUCTION_REFUSED_UNTIL = 19 * 60;

/** Why the order is refused, or undefined when it may be placed. */
export function admissionRefusal(
  terms: OrderTerms,
  specified: PositionIntent | null,
  standing: Standing,
): Refusal | undefined {
  return (
    assetRefusal(terms, standing) ??
    auctionRefusal(terms, standing) ??
    (standing.clientOrderIdTaken ? duplicateClientOrderId : undefined) ??
    intentRefusal(terms, specified, standing) ??
    (opensPosition(terms, standing)
      ? openingRefusal(terms, standing)
      : sharesRefusal(terms, standing)) ??
    washTradeRefusal(terms, standing.working) ??
    moneyRefusal(terms, standing)
  );
}

/** Whether a leg of a multi-leg order may be placed; money and cover are the whole order's. */
export function legRefusal(
  terms: OrderTerms,
  specified: PositionIntent | null,
  standing: Standing,
): Refusal | undefined {
  return (
    assetRefusal(terms, standing) ??
    (standing.clientOrderIdTaken ? duplicateClientOrderId : undefined) ??
    intentRefusal(terms, specified, standing) ??
    (opensPosition(terms, standing) ? undefined : sharesRefusal(terms, standing))
  );
}

/** What the order would do to the position as it stands. */
export function inferIntent(
  side: OrderTerms["side"],
  positionQuantity: DecimalText,
): PositionIntent {
  const closes = closingSide(positionQuantity) === side;
  return `${side}_to_${closes ? "close" : "open"}`;
}

function opensPosition(terms: OrderTerms, standing: Standing): boolean {
  return closingSide(standing.positionQuantity) !== terms.side;
}

function assetRefusal(terms: OrderTerms, { asset }: Standing): Refusal | undefined {
  if (asset === undefined) return unprocessable(`asset "${terms.symbol}" not found`);
  if (!asset.tradable) return unprocessable(`asset "${asset.symbol}" is not tradable`);
  if (isFractional(terms) && !asset.fractionable) {
    return forbidden(`asset "${asset.symbol}" is not fractionable`);
  }
  return undefined;
}

function auctionRefusal({ timeInForce }: OrderTerms, standing: Standing): Refusal | undefined {
  if (timeInForce !== "opg" && timeInForce !== "cls") return undefined;
  const from = timeInForce === "opg" ? OPG_REFUSED_FROM : CLS_REFUSED_FROM;
  const { minuteOfDay, phase } = standing;
  if (phase === "closed" || minuteOfDay < from || minuteOfDay >= AUCTION_REFUSED_UNTIL) {
    return undefined;
  }
  const until = timeInForce === "opg" ? "9:28am" : "3:50pm";
  return forbidden(`${timeInForce} orders must be submitted after 7:00pm and before ${until}`);
}

function intentRefusal(
  terms: OrderTerms,
  specified: PositionIntent | null,
  standing: Standing,
): Refusal | undefined {
  const inferred = inferIntent(terms.side, standing.positionQuantity);
  if (specified === null || specified === inferred) return undefined;
  return unprocessable(`position intent mismatch, inferred: ${inferred}, specified: ${specified}`);
}

function openingRefusal(terms: OrderTerms, standing: Standing): Refusal | undefined {
  const opposing = standing.working.some(
    (order) =>
      order.side !== terms.side && order.armed && order.positionIntent.endsWith("_to_open"),
  );
  if (terms.side === "buy") {
    return opposing
      ? forbidden("cannot open a long buy while a short sell order is open")
      : undefined;
  }
  if (isOptionSymbol(terms.symbol)) return uncovered;
  if (terms.symbol.includes("/")) return insufficientBalance(terms, ZERO, ZERO);
  if (isFractional(terms)) return unprocessable("fractional orders cannot be sold short");
  if (!standing.shortingAllowed) return forbidden("account is not allowed to short");
  if (standing.asset?.shortable === false) {
    return unprocessable(`asset "${terms.symbol}" cannot be sold short`);
  }
  return opposing
    ? forbidden("cannot open a short sell while a long buy order is open")
    : undefined;
}

function sharesRefusal(terms: OrderTerms, standing: Standing): Refusal | undefined {
  const { positionQuantity, working, marketPrice } = standing;
  const { symbol } = terms;
  const position = { symbol, quantity: positionQuantity, averagePrice: ZERO };
  const available = availableQuantity(position, working);
  const enough =
    terms.quantity === null
      ? compare(terms.notional ?? ZERO, worth(available, marketPrice)) <= 0
      : compare(terms.quantity, available) <= 0;
  if (enough) return undefined;
  if (symbol.includes("/")) return insufficientBalance(terms, available, positionQuantity);
  const requested = terms.quantity ?? terms.notional;
  return forbidden(
    `insufficient qty available for order (requested: ${requested}, available: ${available})`,
    {
      symbol,
      existing_qty: positionQuantity,
      held_for_orders: heldQuantity(symbol, positionQuantity, working),
      available,
      related_orders: closingOrders(symbol, positionQuantity, working).map((order) => order.id),
    },
  );
}

/** Of a pair nothing is sold short: what is not held is missing. */
function insufficientBalance(
  { symbol, quantity, notional }: OrderTerms,
  available: DecimalText,
  balance: DecimalText,
): Refusal {
  const [currency, other] = symbol.split("/");
  const numbers = `(requested: ${quantity ?? notional}, available: ${available})`;
  const extra = { available, balance, symbol: other };
  return forbidden(`insufficient balance for ${currency} ${numbers}`, extra);
}

function worth(quantity: DecimalText, price: DecimalText | undefined): DecimalText {
  const shares = { symbol: "", orderClass: "simple", quantity, notional: null } as const;
  const priceless = { limitPrice: null, stopPrice: null, filledQuantity: ZERO };
  return estimatedCost({ ...shares, ...priceless }, price);
}

function moneyRefusal(terms: OrderTerms, standing: Standing): Refusal | undefined {
  if (!opensPosition(terms, standing)) return undefined;
  const cost = estimatedCost({ ...terms, filledQuantity: ZERO }, standing.marketPrice);
  if (isZero(cost) || signOf(subtract(standing.buyingPower, cost)) >= 0) return undefined;
  return forbidden("insufficient buying power", {
    buying_power: standing.buyingPower,
    cost_basis: cost,
  });
}
