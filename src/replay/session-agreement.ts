/**
 * What no single field of a session file shows: whether its rows fit together.
 *
 * Rows are in the order of their times and inside the session, ids are unique, a duplicate repeats
 * the terms of an earlier order, and the claim store has recovered before it fails again. Whether
 * quantities add up is not asked here: that they do not is what a replay is there to show.
 */
import type { OrderEvent, Session, SessionEvent, StoreFaultEvent } from "./session-rows.ts";

/** One thing that is wrong: where, what stands there, and what should. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly received: unknown;
  readonly expected: string;
}

/** The first row that does not fit the others, or undefined when all do. */
export function disagreement(session: Session): Problem | undefined {
  if (session.closesAt <= session.opensAt) {
    return problem(["closesAt"], session.closesAt, `a time after opensAt, ${session.opensAt}`);
  }
  const symbols = new Set<string>();
  for (const [index, { symbol }] of session.openingPositions.entries()) {
    const path = ["openingPositions", index, "symbol"];
    if (symbols.has(symbol)) return problem(path, symbol, "a symbol that no earlier row names");
    symbols.add(symbol);
  }
  const orders = new Map<string, OrderEvent>();
  let previous = session.opensAt;
  let storeFailsUntil = session.opensAt;
  for (const [index, event] of session.events.entries()) {
    const found =
      misplaced(session, event, previous) ??
      (event.kind === "store_fault" ? tooEarly(event, storeFailsUntil) : undefined) ??
      (event.kind === "order" ? misnamed(event, orders) : undefined);
    if (found !== undefined) return { ...found, path: ["events", index, ...found.path] };
    previous = startOf(event);
    if (event.kind === "order") orders.set(event.id, event);
    if (event.kind === "store_fault") storeFailsUntil = event.until;
  }
  return undefined;
}

function startOf(event: SessionEvent): string {
  return "from" in event ? event.from : event.time;
}

function tooEarly({ from }: StoreFaultEvent, failsUntil: string): Problem | undefined {
  if (from >= failsUntil) return undefined;
  return problem(["from"], from, `no time before ${failsUntil}, when the store works again`);
}

function misplaced(session: Session, event: SessionEvent, previous: string): Problem | undefined {
  const field = "from" in event ? "from" : "time";
  const start = startOf(event);
  if (start < session.opensAt || start > session.closesAt) {
    return problem([field], start, `a time from ${session.opensAt} to ${session.closesAt}`);
  }
  if (start < previous) {
    return problem([field], start, `no time before ${previous}, the row above it`);
  }
  if (!("from" in event)) return undefined;
  if (event.until > event.from && event.until <= session.closesAt) return undefined;
  return problem(["until"], event.until, `a time after ${event.from}, up to ${session.closesAt}`);
}

function misnamed(
  order: OrderEvent,
  earlier: ReadonlyMap<string, OrderEvent>,
): Problem | undefined {
  if (earlier.has(order.id)) return problem(["id"], order.id, "an id that no earlier row has");
  if (order.duplicateOf === null) {
    if (!order.recorded) return undefined;
    return problem(["recorded"], true, "false, because the row has no duplicateOf");
  }
  const first = earlier.get(order.duplicateOf);
  if (first === undefined) {
    return problem(["duplicateOf"], order.duplicateOf, "the id of an earlier order");
  }
  if (order.recorded && order.mark !== "stated") {
    return problem(["mark"], order.mark, '"stated", because the row is recorded');
  }
  return differing(order, first);
}

function differing(order: OrderEvent, first: OrderEvent): Problem | undefined {
  const wanted = termsOf(first);
  const received = termsOf(order);
  for (const [field, value] of Object.entries(wanted)) {
    if (received[field] === value) continue;
    return problem([field], received[field], `"${value}" as in ${first.id}, which it repeats`);
  }
  return undefined;
}

/** What two orders must share for one to be the other again. */
function termsOf(order: OrderEvent): Readonly<Record<string, string>> {
  const { symbol, side, effect, quantity, notionalUsd } = order;
  const anchor =
    order.effect === "open" ? { bar: order.bar, stage: order.stage } : { leg: order.leg };
  return { symbol, side, effect, quantity, notionalUsd, ...anchor };
}

function problem(path: Problem["path"], received: unknown, expected: string): Problem {
  return { path, received, expected };
}
