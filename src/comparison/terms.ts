/** Compares what a claim and an order say of symbol, side, amounts and fills. Exact decimals. */
import { absolute, compare, type DecimalText, decimal, signOf, subtract } from "../core/decimal.ts";
import type { Reason } from "./finding.ts";
import { lastOf, type OrderGroup } from "./order-group.ts";
import type { RecordedClaim, RecordedTerms } from "./recorded.ts";

/** Brokers round average prices. */
const PRICE_TOLERANCE = decimal("0.0001");

type Amount = DecimalText | null;

/** Whether the record says what was ordered: symbol, side and an amount. */
export function areTermsStated({ symbol, side, quantity, notional }: RecordedTerms): boolean {
  return symbol !== null && side !== null && (quantity !== null || notional !== null);
}

/** What differs of what was ordered; what one of them does not say differs from nothing. */
export function termsThatDiffer(claim: RecordedClaim, group: OrderGroup): readonly Reason[] {
  const [first] = group.orders;
  if (first === undefined) return [];
  const orders = [first, lastOf(group)];
  const wanted = [claim.quantity, claim.quantityAtEnd];
  // An order by quantity has no notional, and the other way round.
  const isOtherAmount =
    claim.quantity !== null && claim.notional === null && orders.every((order) => isByMoney(order));
  const isQuantity = isOtherAmount || areDifferent(wanted, amounts(orders, "quantity"));
  return [
    ...(isSame(symbolOf(claim), symbolOf(first)) ? [] : (["symbol_differs"] as const)),
    ...(isSame(claim.side, first.side) ? [] : (["side_differs"] as const)),
    ...(isQuantity ? (["quantity_differs"] as const) : []),
    ...(areDifferent([claim.notional], amounts(orders, "notional"))
      ? (["notional_differs"] as const)
      : []),
  ];
}

/** A chain whose beginning is missing may have filled more than it shows. */
export function fillsThatDiffer(claim: RecordedClaim, group: OrderGroup): readonly Reason[] {
  if (claim.filled === null || mayCountChain(claim, group)) return [];
  const difference = compare(claim.filled, group.filled);
  if (difference === 0) return pricesThatDiffer(claim, group);
  return difference > 0 && !group.isWhole ? [] : ["fills_differ"];
}

/** Whether the claim's number is that of orders which count the ones that they replaced. */
export function mayCountChain({ filled }: RecordedClaim, { filledIfCounted }: OrderGroup): boolean {
  return filled !== null && filledIfCounted !== null && compare(filled, filledIfCounted) === 0;
}

function pricesThatDiffer(claim: RecordedClaim, { orders }: OrderGroup): readonly Reason[] {
  const [only, ...others] = orders.filter(({ filled }) => signOf(filled) > 0);
  const price = only?.averagePrice ?? null;
  if (others.length > 0 || price === null || claim.averagePrice === null) return [];
  const difference = absolute(subtract(claim.averagePrice, price));
  return compare(difference, PRICE_TOLERANCE) > 0 ? ["price_differs"] : [];
}

function isByMoney({ quantity, notional }: RecordedTerms): boolean {
  return quantity === null && notional !== null;
}

function amounts(orders: readonly RecordedTerms[], name: "quantity" | "notional") {
  return orders.map((order) => order[name]);
}

/** Whether both sides say something, and nothing of it is the same. */
function areDifferent(ours: readonly Amount[], theirs: readonly Amount[]): boolean {
  const [left, right] = [ours.filter(isStated), theirs.filter(isStated)];
  if (left.length === 0 || right.length === 0) return false;
  return !left.some((a) => right.some((b) => compare(a, b) === 0));
}

function isStated(amount: Amount): amount is DecimalText {
  return amount !== null;
}

function isSame(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}

/** A pair is written with and without its stroke. */
export function symbolOf({ symbol }: RecordedTerms): string | null {
  return symbol === null ? null : symbol.replace("/", "").toUpperCase();
}
