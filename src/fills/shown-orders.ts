/** What the broker shows of orders, in lists or singly, by their id, and how they came to move. */
import type { OrdersReading, WireOrder } from "../broker/broker.ts";
import { movedAtOf, readableIn, wiresIn } from "../broker/wire-order.ts";
import type { Claim } from "../claim/claim.ts";
import { filledInAll } from "../claim/decide-order.ts";
import { type BrokerOrder, type OrderLookup, withLegs } from "../claim/evidence.ts";
import { compare } from "../core/decimal.ts";
import type { BrokerOrderId } from "../core/ids.ts";

export interface Shown {
  readonly order: BrokerOrder;
  /** What the order was read from, in the broker's own words; undefined where that is not known. */
  readonly wire: () => WireOrder | undefined;
}

export interface Listed extends Shown {
  /** As in {@link movedAtOf}. */
  readonly movedAt: () => bigint | undefined;
}

export type ListedById = readonly [BrokerOrderId, Listed];

/** What came of the look at an order. */
export type Look = Listed | Exclude<OrderLookup, { readonly kind: "found" }>;

/** One that was read by itself, `wire` as it was read. */
export function shownAs(order: BrokerOrder, wire: Shown["wire"]): Listed {
  return { order, wire, movedAt: () => movedAtOf(wire()) };
}

/** What can be read of the list; of an order that is not shown it says nothing. */
export function listedIn(reading: OrdersReading): readonly ListedById[] {
  const list = readableIn(reading);
  if (list === undefined) return [];
  const wires = wiresIn(list);
  // A leg is looked for like any other.
  return withLegs(list.value).map((order) => {
    const { brokerOrderId } = order;
    const wire = () => wires(brokerOrderId)?.told;
    const movedAt = () => movedAtOf(wires(brokerOrderId)?.own);
    return [brokerOrderId, { order, wire, movedAt }];
  });
}

/**
 * The claims as the broker filled their orders. Booked in another order, an exit of all and the
 * entry that filled before it would make the book flat in between, which the position never was,
 * and what comes next would count as of another life of it. A single one with news comes first too:
 * a leg that is recorded with its order has no time of its own. Those of which no time is told come
 * behind the others, as they are.
 */
export function asTheyFilled(claims: readonly Claim[], looks: Looks): readonly Claim[] {
  const news = claims.filter((claim) => hasNews(claim, looks));
  if (news.length === 0) return claims;
  const movedAt = new Map<Claim, bigint>();
  for (const claim of news) {
    const at = shownIn(looks, claim)?.movedAt();
    if (at !== undefined) movedAt.set(claim, at);
  }
  const timed = [...movedAt].sort(([, a], [, b]) => Number(a - b)).map(([claim]) => claim);
  return [...timed, ...claims.filter((claim) => !movedAt.has(claim))];
}

type Looks = ReadonlyMap<BrokerOrderId | null, Look>;

/** Which of them show fills that are not booked, and how many: the same text for the same ones. */
export function newsIn(claims: readonly Claim[], looks: Looks): string {
  return claims
    .filter((claim) => hasNews(claim, looks))
    .map((claim) => `${claim.brokerOrderId} ${shownIn(looks, claim)?.order.filledQuantity}`)
    .join();
}

function hasNews(claim: Claim, looks: Looks): boolean {
  const shown = shownIn(looks, claim);
  return shown !== undefined && hasUnbooked(claim, shown.order);
}

/** Whether the order shows other fills than are booked; those before it in its place are too. */
export function hasUnbooked(claim: Claim, order: BrokerOrder): boolean {
  return compare(filledInAll(claim, order), claim.bookedQuantity) !== 0;
}

function shownIn(looks: Looks, { brokerOrderId }: Claim): Listed | undefined {
  const look = looks.get(brokerOrderId);
  return look !== undefined && "order" in look ? look : undefined;
}
