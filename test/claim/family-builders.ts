/** An order with legs, for the tests of the pure core: its claim, its legs as the broker shows them. */
import type { Claim } from "../../src/claim/claim.ts";
import { adoptLeg } from "../../src/claim/decide-legs.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { buy, type OrderChanges, orderOf, proceeded, START, sell } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

export const BRACKET: Intent = buy("6", {
  extension: { order_class: "bracket", take_profit: { limit_price: "90" } },
});
export const OCO: Intent = sell("6", { type: "limit", extension: { order_class: "oco" } });

/** A claim of `intent` that the broker has taken, with ten shares held if it is a close. */
export function parentOf(intent: Intent, changes: OrderChanges = {}): Claim {
  const ledger = new MemoryLedger();
  if (intent.effect === "close") ledger.adopt(intent.side === "sell" ? "10" : "-10", "70");
  const claim = proceeded(ledger.claim(intent));
  return ledger.accept(claim, orderOf(claim, changes));
}

/** A leg inside the parent's order: an exit of it, unless `changes` say otherwise. */
export function legOf(parent: Claim, name: string, changes: OrderChanges = {}): BrokerOrder {
  return orderOf(parent, {
    ...{ brokerOrderId: name as BrokerOrderId, clientOrderId: `of-${name}` as ClientOrderId },
    ...{ side: "sell", type: "limit", timeInForce: "gtc", limitPrice: decimal("90") },
    ...changes,
  });
}

/** The claim that a leg begins. */
export function adopted(parent: Claim, leg: BrokerOrder, now = START): Claim {
  const { key, events } = adoptLeg(parent, leg, "poll", now);
  const claim = events.reduce<Claim | undefined>(
    (before, event) => evolveClaim(before, key, event, now),
    undefined,
  );
  if (claim === undefined) throw new Error(`${leg.brokerOrderId} begins no claim`);
  return claim;
}
