/**
 * What is news about one order, given what was relayed about it. Pure.
 *
 * 1. The cumulative filled quantity decides: it only rises, and every share is relayed once.
 *    An update that lags behind it is old; one that runs ahead shows that fills were missed, and
 *    these are relayed before it.
 * 2. The end of an order (filled, canceled, expired, rejected, replaced) is relayed once; after it
 *    come only shares that nobody had seen, and refusals of a replace or a cancel.
 * 3. A reading may lag behind the stream: a status that is not an end counts only if it is newer.
 * 4. That a fill was taken back or corrected is relayed once, whatever the order shows by then.
 */

import { isLater } from "../broker/timestamp.ts";
import { compare, type DecimalText, ZERO } from "../core/decimal.ts";
import { amountBefore, missedFill, missedStatus, partlyFilled } from "./stream-caught-up.ts";
import type { OrderReading, TradeUpdate } from "./trade-update.ts";

/** What was relayed about an order. */
export interface Seen {
  readonly status: string;
  /** Its end was relayed. */
  readonly finished: boolean;
  readonly filled: DecimalText;
  readonly average: DecimalText | null;
  readonly updatedAt: string | null;
  /** Keys of the last updates, oldest first. */
  readonly keys: readonly string[];
}

export interface Step {
  readonly seen: Seen;
  /** What to relay, in order. */
  readonly relayed: readonly TradeUpdate[];
}

/** Repetitions come within seconds: as many updates of one order are recognized by their key. */
const KEYS_REMEMBERED = 64;

export const UNSEEN: Seen = {
  ...{ status: "", finished: false, filled: ZERO, average: null, updatedAt: null, keys: [] },
};

/** The event that tells of an order's end, by its status. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ["filled", "fill"],
  ["canceled", "canceled"],
  ["expired", "expired"],
  ["rejected", "rejected"],
  ["replaced", "replaced"],
]);
const END_EVENTS: ReadonlySet<string> = new Set(ENDS.values());
/** Answers to a request; the order goes on, or had ended before. */
const REQUEST_REFUSALS: ReadonlySet<string> = new Set([
  "order_replace_rejected",
  "order_cancel_rejected",
]);
/** What was executed is otherwise than was told: of an order that had ended, too. */
const CORRECTIONS: ReadonlySet<string> = new Set(["trade_bust", "trade_correct"]);
/** Statuses that are told by an event of the same name. */
const TOLD_BY_NAME: ReadonlySet<string> = new Set([
  ...["pending_new", "accepted", "held", "new", "pending_cancel", "pending_replace"],
  ...["done_for_day", "stopped", "suspended", "calculated"],
]);
const AT_WORK: ReadonlySet<string> = new Set(["accepted", "held", "new", "partially_filled"]);
/** Back at work from one of these: the request was refused. */
const REFUSED_FROM: Readonly<Record<string, string>> = {
  pending_cancel: "order_cancel_rejected",
  pending_replace: "order_replace_rejected",
};

/** Whether an order in `status` will not change any more. */
export function isEnd(status: string): boolean {
  return ENDS.has(status);
}

/** Whether it tells of executions that were told otherwise before. */
export function isCorrection({ event }: TradeUpdate): boolean {
  return CORRECTIONS.has(event);
}

/** What an order that was only read, not told about, counts as. */
export function asSeen(order: OrderReading, before: Seen = UNSEEN): Seen {
  const { status, filled, average, updatedAt } = order;
  const finished = before.finished || isEnd(status);
  return { status, finished, filled, average, updatedAt, keys: before.keys };
}

/** An update from the stream. */
export function afterUpdate(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  if (seen.keys.includes(update.key)) return unchanged(seen);
  if (isCorrection(update)) return afterCorrection(seen, update, order);
  if (compare(order.filled, seen.filled) < 0) return unchanged(seen);
  const step = isFill(update)
    ? afterFill(seen, update, order)
    : REQUEST_REFUSALS.has(update.event)
      ? afterRefusal(seen, update, order)
      : afterStatus(seen, update, order);
  return { ...step, seen: withKey(step.seen, update) };
}

function withKey(seen: Seen, { key }: TradeUpdate): Seen {
  return { ...seen, keys: [...seen.keys, key].slice(-KEYS_REMEMBERED) };
}

/** What was told of the order's shares stays told: a read that lags behind shows them still. */
function afterCorrection(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  const known = seen === UNSEEN ? asSeen(order) : seen;
  return { seen: withKey(known, update), relayed: [update] };
}

/** The fills that `update` shows to have been missed before it. */
export function beforeUpdate(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  const own = isFill(update) ? update.execution : undefined;
  const amount = own === undefined ? order : amountBefore(order, own);
  const isMissing = compare(amount.filled, seen.filled) > 0;
  if (!isMissing || (isFill(update) && own === undefined)) return unchanged(seen);
  const then = partlyFilled(order, amount);
  const { status, updatedAt } = seen;
  const after = { ...asSeen(then, seen), status, updatedAt, finished: seen.finished };
  return { seen: after, relayed: [missedFill("partial_fill", then, seen)] };
}

/** The order as a read shows it. */
export function afterReading(seen: Seen, order: OrderReading): Step {
  const progress = compare(order.filled, seen.filled);
  if (progress < 0) return unchanged(seen);
  const ends = isEnd(order.status) && !seen.finished;
  const relayed: TradeUpdate[] = [];
  if (order.status === "filled" && (progress > 0 || ends)) {
    relayed.push(missedFill("fill", order, seen));
  } else {
    const then = isEnd(order.status) ? partlyFilled(order, order) : order;
    if (progress > 0) relayed.push(missedFill("partial_fill", then, seen));
    const event = ends ? order.status : statusNews(seen, order, progress > 0);
    if (event !== undefined) relayed.push(missedStatus(event, order));
  }
  const isNothing = relayed.length === 0 && seen !== UNSEEN;
  return { seen: isNothing ? seen : asSeen(order, seen), relayed };
}

function afterFill(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  const isLast = update.event === "fill";
  const read = isLast ? { ...order, status: "filled" } : order;
  if (compare(order.filled, seen.filled) === 0) {
    // The shares are known, but perhaps not that they were the last ones.
    return isLast ? afterReading(seen, read) : unchanged(seen);
  }
  const { execution } = update;
  const overlaps =
    execution !== undefined && compare(amountBefore(order, execution).filled, seen.filled) < 0;
  if (overlaps) return afterReading(seen, read);
  const missed = beforeUpdate(seen, update, order);
  const after = { ...asSeen(order, seen), finished: seen.finished || isLast };
  return { seen: after, relayed: [...missed.relayed, update] };
}

function afterStatus(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  const isEndEvent = END_EVENTS.has(update.event);
  const hasProgress = compare(order.filled, seen.filled) > 0;
  if (!hasProgress && (seen.finished || isStale(seen, order, isEndEvent))) return unchanged(seen);
  // The order ran ahead of its own event: its end is what counts.
  if (!isEndEvent && isEnd(order.status)) return afterReading(seen, order);
  const missed = beforeUpdate(seen, update, order);
  const relayed = seen.finished ? missed.relayed : [...missed.relayed, update];
  return { seen: { ...asSeen(order, seen), finished: seen.finished || isEndEvent }, relayed };
}

/** A refused replace or cancel is news whatever became of the order. */
function afterRefusal(seen: Seen, update: TradeUpdate, order: OrderReading): Step {
  const hasProgress = compare(order.filled, seen.filled) > 0;
  const step = hasProgress || isEnd(order.status) ? afterReading(seen, order) : undefined;
  return {
    seen: asSeen(order, step?.seen ?? seen),
    relayed: [...(step?.relayed ?? []), update],
  };
}

function isStale(seen: Seen, order: OrderReading, isEndEvent: boolean): boolean {
  return !isEndEvent && isLater(seen.updatedAt, order.updatedAt);
}

/** The event that tells how a living order's status changed, if it is newer than what we know. */
function statusNews(seen: Seen, order: OrderReading, hasProgress: boolean): string | undefined {
  const { status } = order;
  if (seen.finished || status === seen.status) return undefined;
  const isNewer = seen === UNSEEN || isLater(order.updatedAt, seen.updatedAt);
  if (!isNewer && !hasProgress) return undefined;
  const refusal = AT_WORK.has(status) ? REFUSED_FROM[seen.status] : undefined;
  return refusal ?? (TOLD_BY_NAME.has(status) ? status : undefined);
}

function isFill(update: TradeUpdate): boolean {
  return update.event === "fill" || update.event === "partial_fill";
}

function unchanged(seen: Seen): Step {
  return { seen, relayed: [] };
}
