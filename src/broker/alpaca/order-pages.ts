/**
 * A list of orders over as many pages as it takes.
 *
 * 1. `after` is exclusive, and one order's submission time can differ by a microsecond between
 *    endpoints: each page begins before the last one ended, and orders are told apart by id.
 * 2. A list that cannot be read to its end, or has an order that cannot be read, is unknown, never
 *    a shorter list. What it shows of other orders is evidence of them all the same.
 */
import type { BrokerOrder } from "../../claim/evidence.ts";
import { type EpochMs, latest } from "../../core/clock.ts";
import type { OrdersReading, Reading } from "../broker.ts";
import { type OrdersPage, wireOrdersIn } from "./wire-order.ts";

/** The most that Alpaca gives in one page. */
export const PAGE_SIZE = 500;
/** 10,000 orders; more than any look-back of ours selects. */
export const MAX_PAGES = 20;
/** How far a page reaches back into the one before it. */
const OVERLAP_MS = 1;

/** Reads the page of orders submitted after `after`, by the broker's clock; oldest first. */
export type ReadPage = (after: EpochMs | undefined) => Promise<Reading<OrdersPage>>;

/** Every order from `after`, by the broker's clock, on; oldest first. */
export async function readEveryPage(
  after: EpochMs | undefined,
  readPage: ReadPage,
): Promise<OrdersReading> {
  const found = new Map<string, BrokerOrder>();
  const bodies: string[] = [];
  const wires = () => bodies.flatMap(wireOrdersIn);
  let unread = 0;
  const unknown = (reason: string): OrdersReading => {
    const isNone = found.size === 0 && unread === 0;
    const readable = { value: oldestFirst(found), wires };
    return isNone ? { kind: "unknown", reason } : { kind: "unknown", reason, readable };
  };
  let from = after;
  for (let pages = 1; pages <= MAX_PAGES; pages += 1) {
    const page = await readPage(from);
    if (page.kind === "unknown") return unknown(page.reason);
    const foundBefore = found.size;
    bodies.push(page.value.body);
    unread += page.value.unread;
    // The later page was read later: where both show an order, it knows more.
    for (const order of page.value.orders) found.set(order.brokerOrderId, order);
    if (page.value.length < PAGE_SIZE) {
      if (unread > 0) return unknown(`the list has ${unread} that cannot be read as orders`);
      return { kind: "read", value: oldestFirst(found), wires };
    }
    const end = latest(page.value.orders.map(({ submittedAt }) => submittedAt));
    if (end === null || found.size === foundBefore) {
      return unknown(`page ${pages} of the orders brought nothing new`);
    }
    from = end - OVERLAP_MS;
  }
  return unknown(`the orders did not end within ${MAX_PAGES} pages`);
}

/** Orders without a submission time were not submitted yet, so they come last. */
function oldestFirst(found: ReadonlyMap<string, BrokerOrder>): readonly BrokerOrder[] {
  const time = (order: BrokerOrder) => order.submittedAt ?? Number.MAX_SAFE_INTEGER;
  return [...found.values()].sort((a, b) => time(a) - time(b));
}
