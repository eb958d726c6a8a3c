/**
 * Orders that count as one: a chain of replacements. Orders that were given several times, as
 * pages that overlap do, are taken once, as they were last.
 */
import { add, compare, type DecimalText, signOf, ZERO } from "../core/decimal.ts";
import { grouped } from "./grouped.ts";
import { nameOfOrder, type RecordedOrder, textOf } from "./recorded.ts";

export interface OrderGroup {
  /** The first order's id. */
  readonly name: string;
  /** Oldest first. */
  readonly orders: readonly RecordedOrder[];
  /** Of all of them. */
  readonly filled: DecimalText;
  /**
   * The same where each counts what the ones before it filled, which no document of Alpaca's rules
   * out; null where it cannot be so, or makes no difference.
   */
  readonly filledIfCounted: DecimalText | null;
  /** Whether its first order was given. */
  readonly isWhole: boolean;
  /** The order that it is a leg of. */
  readonly parent: string | null;
}

const ENDED: ReadonlySet<string> = new Set([
  ...["filled", "canceled", "expired", "rejected", "replaced"],
]);

/** Each order once, in an order that does not depend on that of the input. */
export function distinctOrders(orders: readonly RecordedOrder[]): readonly RecordedOrder[] {
  const byName = grouped(orders, nameOfOrder);
  return [...byName.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, same]) => {
      const [last] = [...same].sort(laterFirst);
      // A page without nested legs shows a leg as an order that belongs to none.
      const [parent = null] = parentsOf(same);
      return { ...(last as RecordedOrder), parent, records: same.length };
    });
}

/** What was updated last, or has filled more: fills never go down. */
function laterFirst(a: RecordedOrder, b: RecordedOrder): number {
  const time = (b.updatedAt ?? 0) - (a.updatedAt ?? 0);
  if (time !== 0) return time;
  return compare(b.filled, a.filled) || (textOf(a) < textOf(b) ? -1 : 1);
}

/**
 * `orders` are distinct; `claimed` are the orders' ids that claims have. Where one leg of an order
 * gave way to another one that was there before, as the exits of a bracket do, each has a claim.
 */
export function orderGroups(
  orders: readonly RecordedOrder[],
  claimed: ReadonlySet<string> = new Set(),
): readonly OrderGroup[] {
  const { after, later } = successors(orders, claimed);
  const taken = new Set<RecordedOrder>();
  const chainFrom = (first: RecordedOrder): readonly RecordedOrder[] => {
    const chain: RecordedOrder[] = [];
    let order: RecordedOrder | undefined = first;
    while (order !== undefined && !taken.has(order)) {
      taken.add(order);
      chain.push(order);
      order = after.get(order);
    }
    return chain;
  };
  const firsts = orders.filter((order) => !later.has(order));
  // What is left behind these goes in a circle, which no broker says; each still has its place.
  const chains = [...firsts, ...orders].map(chainFrom);
  return chains.filter(({ length }) => length > 0).map(groupOf);
}

/** Who comes after whom, by the word of either, and all who come after somebody. */
function successors(orders: readonly RecordedOrder[], claimed: ReadonlySet<string>) {
  const byId = new Map(orders.map((order) => [nameOfOrder(order), order]));
  const after = new Map<RecordedOrder, RecordedOrder>();
  const later = new Set<RecordedOrder>();
  const tie = (first: RecordedOrder | undefined, second: RecordedOrder | undefined) => {
    if (first === undefined || second === undefined || first === second) return;
    if (after.has(first) || later.has(second)) return;
    const areClaimed = [first, second].every(({ id }) => id !== null && claimed.has(id));
    if (areClaimed && areOneFamily(first, second)) return;
    after.set(first, second);
    later.add(second);
  };
  for (const order of orders) tie(order, byId.get(order.replacedBy ?? ""));
  for (const order of orders) tie(byId.get(order.replaces ?? ""), order);
  return { after, later };
}

/** Legs of one order, or a leg and its order. */
function areOneFamily(first: RecordedOrder, second: RecordedOrder): boolean {
  if (first.parent !== null && first.parent === second.parent) return true;
  return first.parent === nameOfOrder(second) || second.parent === nameOfOrder(first);
}

function groupOf(orders: readonly RecordedOrder[]): OrderGroup {
  const [first] = orders;
  return {
    name: first === undefined ? "" : nameOfOrder(first),
    orders,
    filled: orders.map((order) => order.filled).reduce(add, ZERO),
    filledIfCounted: countedFills(orders),
    isWhole: first?.replaces === null,
    parent: parentsOf(orders)[0] ?? null,
  };
}

function countedFills(orders: readonly RecordedOrder[]): DecimalText | null {
  let counted = ZERO;
  let isOther = false;
  for (const { filled } of orders) {
    if (compare(filled, counted) < 0) return null;
    isOther ||= signOf(counted) > 0;
    counted = filled;
  }
  return isOther ? counted : null;
}

function parentsOf(orders: readonly RecordedOrder[]): readonly string[] {
  const names = orders.flatMap(({ parent }) => (parent === null ? [] : [parent]));
  return names.filter((name) => orders.every((order) => nameOfOrder(order) !== name)).sort();
}

export function lastOf({ orders }: OrderGroup): RecordedOrder {
  return orders[orders.length - 1] as RecordedOrder;
}

export function hasFilled({ filled }: OrderGroup): boolean {
  return signOf(filled) > 0;
}

/** Whether its fills can still grow, as far as its status says. */
export function isAtWork(group: OrderGroup): boolean {
  const { status } = lastOf(group);
  return status === null || !ENDED.has(status);
}

/** Whether its fills can grow no more, and it was not filled. */
export function hasEndedEarly(group: OrderGroup): boolean {
  return !isAtWork(group) && lastOf(group).status !== "filled";
}

export function isRejected(group: OrderGroup): boolean {
  return lastOf(group).status === "rejected";
}
