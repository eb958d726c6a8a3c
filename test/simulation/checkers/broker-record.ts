/** The broker's own record, as the checkers read it: orders, chains of replacements, positions. */
import type { EpochMs } from "../../../src/core/clock.ts";
import { add, type DecimalText, decimal, negate, ZERO } from "../../../src/core/decimal.ts";
import { isWorking, type Order } from "../../../src/simulator/order.ts";
import { epochMs } from "../../../src/simulator/timestamp.ts";
import type { Outcome } from "../outcome.ts";

/** An order and those that took its place: one order, as far as the promise goes. */
export interface Chain {
  readonly first: Order;
  readonly orders: readonly Order[];
  readonly filled: DecimalText;
  readonly cost: DecimalText;
  readonly liveFrom: EpochMs;
  /** Null while it still works. */
  readonly liveUntil: EpochMs | null;
}

/** The orders that no person sent by hand and that are no legs, with their replacements. */
export function chains({ broker, facts }: Outcome): readonly Chain[] {
  const orders = broker.orders();
  const ours = orders.filter(
    ({ parentId, replaces, clientOrderId }) =>
      parentId === null && replaces === null && !facts.byHand.has(clientOrderId),
  );
  return ours.map((first) => chainFrom(first, orders));
}

export function chainFrom(first: Order, orders: readonly Order[]): Chain {
  const chain = [first];
  for (let last: Order | undefined = first; last !== undefined; ) {
    const { replacedBy }: Order = last;
    last = replacedBy === null ? undefined : orders.find(({ id }) => id === replacedBy);
    if (last !== undefined) chain.push(last);
  }
  return {
    first,
    orders: chain,
    filled: chain.reduce((sum, { filledQuantity }) => add(sum, filledQuantity), ZERO),
    cost: chain.reduce((sum, { filledCost }) => add(sum, filledCost), ZERO),
    liveFrom: epochMs(first.submittedAt),
    liveUntil: endOf(chain.at(-1) ?? first),
  };
}

/** Null while it works. */
export function endOf(order: Order): EpochMs | null {
  if (isWorking(order)) return null;
  const { filledAt, canceledAt, expiredAt, failedAt, updatedAt } = order;
  return epochMs(filledAt ?? canceledAt ?? expiredAt ?? failedAt ?? updatedAt);
}

/** The ids under which the chain's executions are listed: of a combo those of its legs. */
export function orderIdsOf({ broker }: Outcome, { orders }: Chain): readonly string[] {
  const own = orders.map(({ id }) => id);
  const legs = broker
    .orders()
    .filter(({ parentId }) => parentId !== null && own.includes(parentId));
  return [...own, ...legs.map(({ id }) => id)];
}

/** What a client_order_id of ours begins with in every attempt; a bot's own is its own. */
export function stemOf(clientOrderId: string): string {
  return /^(tl-[0-9a-f]{32})-\d+$/.exec(clientOrderId)?.[1] ?? clientOrderId;
}

export interface PositionStep {
  readonly at: EpochMs;
  readonly orderId: string;
  readonly before: DecimalText;
  readonly after: DecimalText;
}

/** What the broker held in `symbol` when the world began. */
export function openingOf({ opening }: Outcome["plan"], symbol: string): DecimalText {
  return decimal(opening.find((held) => held.symbol === symbol)?.quantity ?? "0");
}

/** Every movement of the broker's position in `symbol`, in order, by its list of executions. */
export function positionSteps({ broker, plan }: Outcome, symbol: string): readonly PositionStep[] {
  let held = openingOf(plan, symbol);
  const fills = broker.simulation.broker.activities.fills();
  return fills
    .filter((fill) => fill.symbol === symbol)
    .map(({ time, orderId, side, quantity }) => {
      const before = held;
      held = add(held, side === "buy" ? quantity : negate(quantity));
      return { at: epochMs(time), orderId, before, after: held };
    });
}
