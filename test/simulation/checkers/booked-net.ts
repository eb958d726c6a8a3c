/** What a book comes to by the log alone, event by event, and whether that is the broker's way. */

import type { EpochMs } from "../../../src/core/clock.ts";
import { add, type DecimalText, negate } from "../../../src/core/decimal.ts";
import type { StoredEvent } from "../../../src/ledger/ledger.ts";
import type { Outcome } from "../outcome.ts";
import { positionSteps } from "./broker-record.ts";

/** The net of the event's symbol behind it, where it was `net` before. */
export function netAfter(
  { disk }: Pick<Outcome, "disk">,
  event: StoredEvent,
  net: DecimalText,
): DecimalText {
  const { body } = event;
  switch (body.type) {
    case "opening_adopted":
    case "position_adjusted":
      return body.net;
    case "fill_booked":
    case "late_fill_booked": {
      const claim = event.subject === "claim" ? disk.rows.claim(event.key) : undefined;
      return add(net, claim?.intent.side === "buy" ? body.quantity : negate(body.quantity));
    }
    case "leg_booked":
      return add(net, body.side === "buy" ? body.quantity : negate(body.quantity));
    default:
      return net;
  }
}

/** When a fill in `symbol` was first booked while one that came before it was not. */
export function misbookedAt(outcome: Outcome, symbol: string): EpochMs {
  const filled = [...new Set(positionSteps(outcome, symbol).map(({ orderId }) => orderId))];
  const booked = new Set<string>();
  for (const { at, events } of outcome.facts.commits) {
    for (const { body, symbol: about } of events) {
      if (about !== symbol || !("brokerOrderId" in body) || !FILLS.has(body.type)) continue;
      const before = filled.slice(0, Math.max(0, filled.indexOf(`${body.brokerOrderId}`)));
      if (before.some((id) => !booked.has(id))) return at;
      booked.add(`${body.brokerOrderId}`);
    }
  }
  return Number.POSITIVE_INFINITY;
}

const FILLS: ReadonlySet<string> = new Set(["fill_booked", "late_fill_booked", "leg_booked"]);
