/**
 * What orders came to, counted from the broker's own list: trades from flat to flat, and the equity
 * at every bar's end. Pure; the same for a guarded and an unguarded world.
 */
import { type Book, emptyBook, isFlat, withFill } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import {
  absolute,
  add,
  compare,
  type DecimalText,
  isZero,
  multiply,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";
import type { WireFill, WireOrder } from "../simulator/index.ts";
import { feeOfFill } from "../simulator/pair-fee.ts";
import type { Bar } from "../strategy/bar.ts";

/** All that one order has filled. */
export interface OrderFill {
  readonly at: EpochMs;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly price: DecimalText;
}

/** A position from flat to flat. */
export interface Trade {
  readonly symbol: string;
  readonly side: "long" | "short";
  readonly openedAt: EpochMs;
  readonly closedAt: EpochMs;
  /** The most shares that it held. */
  readonly quantity: DecimalText;
  readonly profitUsd: DecimalText;
}

/** The account at one moment, against its begin. */
export interface EquityPoint {
  readonly at: EpochMs;
  readonly profitUsd: DecimalText;
  readonly isExposed: boolean;
}

export interface TradeAccounts {
  readonly fills: readonly OrderFill[];
  readonly trades: readonly Trade[];
  readonly equity: readonly EquityPoint[];
  readonly realizedProfitUsd: DecimalText;
  /** The deepest fall of the equity from a height before it. */
  readonly maxDrawdownUsd: DecimalText;
}

export function accountsOf(
  orders: readonly WireOrder[],
  parts: readonly WireFill[],
  bars: ReadonlyMap<string, readonly Bar[]>,
): TradeAccounts {
  const fills = fillsOf(orders, parts);
  const ledger = new FillLedger();
  const equity: EquityPoint[] = [];
  const prices = new Map<string, DecimalText>();
  const ends = [...bars.values()].flat().sort((a, b) => a.endAt - b.endAt);
  let next = 0;
  const bookUntil = (at: EpochMs) => {
    for (let fill = fills[next]; fill !== undefined && fill.at < at; fill = fills[next]) {
      ledger.book(fill);
      next += 1;
    }
  };
  for (const [index, bar] of ends.entries()) {
    prices.set(bar.symbol, bar.close);
    if (ends[index + 1]?.endAt === bar.endAt) continue;
    bookUntil(bar.endAt);
    equity.push({ at: bar.endAt, ...ledger.standing(prices) });
  }
  bookUntil(Number.POSITIVE_INFINITY);
  equity.push({ at: (equity.at(-1)?.at ?? 0) + 1, ...ledger.standing(prices) });
  const { trades, realizedProfitUsd } = ledger;
  return { fills, trades, equity, realizedProfitUsd, maxDrawdownUsd: drawdownOf(equity) };
}

/**
 * Oldest first, each at its last part: of an order that has ended with a part of it, its own record
 * says when it ended.
 */
export function fillsOf(
  orders: readonly WireOrder[],
  parts: readonly WireFill[],
): readonly OrderFill[] {
  const lastPart = new Map(parts.map((part) => [part.order_id, part.transaction_time]));
  return orders
    .flatMap((order): OrderFill[] => {
      const { filled_avg_price: price, side, symbol, client_order_id: clientOrderId } = order;
      if (price === null || side === "" || isZero(order.filled_qty)) return [];
      const at = Date.parse(order.filled_at ?? lastPart.get(order.id) ?? order.updated_at);
      return [{ at, clientOrderId, symbol, side, quantity: order.filled_qty, price }];
    })
    .sort((a, b) => a.at - b.at);
}

/** Books by symbol, moved as the latch's books are; a pair's fee makes the rest dearer. */
class FillLedger {
  readonly #books = new Map<string, Book>();
  readonly #begun = new Map<string, { at: EpochMs; most: DecimalText; before: DecimalText }>();
  readonly trades: Trade[] = [];

  get realizedProfitUsd(): DecimalText {
    return [...this.#books.values()].reduce((sum, one) => add(sum, one.realizedProfitUsd), ZERO);
  }

  book({ at, symbol, side, quantity, price, clientOrderId }: OrderFill): void {
    const before = this.#books.get(symbol) ?? emptyBook("" as AccountId, symbol);
    const by = { agent: "" as AgentId, requestId: clientOrderId as RequestId };
    const cost = multiply(quantity, price);
    const credited = subtract(quantity, feeOfFill({ symbol, side }, quantity));
    const after = withFill(before, { side, quantity: credited, cost, by });
    this.#books.set(symbol, after);
    const isAnother = isFlat(after) || after.episode !== before.episode;
    if (!isFlat(before) && isAnother) this.#end(before, after, at);
    const begun = this.#begun.get(symbol);
    if (begun === undefined && !isFlat(after)) {
      const most = absolute(after.net);
      this.#begun.set(symbol, { at, most, before: after.realizedProfitUsd });
    } else if (begun !== undefined && compare(absolute(after.net), begun.most) > 0) {
      begun.most = absolute(after.net);
    }
  }

  standing(prices: ReadonlyMap<string, DecimalText>): Omit<EquityPoint, "at"> {
    const books = [...this.#books.values()];
    const open = books.map(({ symbol, net, averagePrice }) =>
      multiply(net, subtract(prices.get(symbol) ?? averagePrice, averagePrice)),
    );
    const profitUsd = open.reduce(add, this.realizedProfitUsd);
    return { profitUsd, isExposed: books.some((book) => !isFlat(book)) };
  }

  #end(before: Book, after: Book, closedAt: EpochMs): void {
    const { symbol } = before;
    const begun = this.#begun.get(symbol);
    this.#begun.delete(symbol);
    if (begun === undefined) return;
    this.trades.push({
      ...{ symbol, openedAt: begun.at, closedAt, quantity: begun.most },
      side: signOf(before.net) > 0 ? "long" : "short",
      profitUsd: subtract(after.realizedProfitUsd, begun.before),
    });
  }
}

function drawdownOf(equity: readonly EquityPoint[]): DecimalText {
  let highest = ZERO;
  let deepest = ZERO;
  for (const { profitUsd } of equity) {
    if (compare(profitUsd, highest) > 0) highest = profitUsd;
    const fall = subtract(highest, profitUsd);
    if (compare(fall, deepest) > 0) deepest = fall;
  }
  return deepest;
}

/** Orders that repeat another of the same symbol and side within a minute, and what they filled. */
export function duplicatesAmong(fills: readonly OrderFill[]): readonly OrderFill[] {
  return fills.filter((fill, index) =>
    fills
      .slice(0, index)
      .some(
        (earlier) =>
          earlier.symbol === fill.symbol &&
          earlier.side === fill.side &&
          fill.at - earlier.at < DUPLICATE_WITHIN_MS,
      ),
  );
}

/** A strategy decides once a minute: a second order of one kind within it repeats the first. */
const DUPLICATE_WITHIN_MS = 59_000;
