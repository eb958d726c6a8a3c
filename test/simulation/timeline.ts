/** A world as a story for people: one line for each thing that happened, in order. */
import type { EpochMs } from "../../src/core/clock.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import type { Order } from "../../src/simulator/order.ts";
import { epochMs, type Timestamp } from "../../src/simulator/timestamp.ts";
import type { HistoryLine } from "./facts.ts";
import type { Outcome } from "./outcome.ts";
import { START } from "./world.ts";

const WIDTH = 150;

export function timelineOf(outcome: Outcome): readonly string[] {
  const { facts, broker } = outcome;
  const committed = facts.commits.flatMap(({ at, events }) =>
    events.map((event) => ({ at, who: "store", what: eventText(event) })),
  );
  const lines = [...facts.history, ...committed, ...broker.orders().flatMap(orderLines)];
  return [...lines].sort((a, b) => a.at - b.at).map(lineText);
}

export function lineText({ at, who, what }: HistoryLine): string {
  const seconds = ((at - START) / 1_000).toFixed(3).padStart(8);
  return `${seconds} s  ${who.padEnd(9)}  ${what}`.slice(0, WIDTH);
}

function eventText(event: StoredEvent): string {
  const { body, sequence, symbol } = event;
  const about = event.subject === "claim" ? event.key.requestId.slice(0, 12) : symbol;
  const order = "order" in body ? ` ${body.order.status} ${body.order.filledQuantity}` : "";
  const details = ["clientOrderId", "quantity", "net", "reason", "kind", "verdict", "code"]
    .filter((name) => name in body)
    .map((name) => ` ${name}=${String(body[name as keyof typeof body])}`);
  return `#${sequence} ${about} ${body.type}${order}${details.join("")}`;
}

function orderLines(order: Order): readonly HistoryLine[] {
  const { clientOrderId, side, symbol, quantity, status, filledQuantity } = order;
  const moments: readonly (readonly [Timestamp | null, string])[] = [
    [order.submittedAt, `has ${side} ${quantity} ${symbol}`],
    [order.filledAt, `${status}, ${filledQuantity} filled`],
    [order.canceledAt, "canceled"],
    [order.failedAt, "rejected"],
    [order.replacedAt, "replaced"],
  ];
  return moments.flatMap(([time, what]) =>
    time === null ? [] : [{ at: momentOf(time), who: "broker", what: `${clientOrderId} ${what}` }],
  );
}

function momentOf(time: Timestamp): EpochMs {
  return epochMs(time);
}
