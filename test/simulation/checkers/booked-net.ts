/** What a book comes to by the log alone, event by event. */
import { add, type DecimalText, negate } from "../../../src/core/decimal.ts";
import type { StoredEvent } from "../../../src/ledger/ledger.ts";
import type { Outcome } from "../outcome.ts";

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
