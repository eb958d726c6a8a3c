/** Defects about multi-leg orders that the worlds of spreads must find; see canaries.ts. */
import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerOrder, OrderLookup } from "../../src/claim/evidence.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { isCombo } from "../../src/identity/combo.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Rows } from "../../src/ledger/rows.ts";
import { type Canary, readsNoOrders, withoutWindow } from "./canaries.ts";
import { overriding } from "./tampering.ts";

export const COMBO_CANARIES: readonly Canary[] = [
  {
    name: "takes all openings of a spread for one",
    caughtBy: "meant",
    seed: 4,
    tampering: { rows: withoutLives },
  },
  {
    name: "tells of an earlier spread without reading those at work",
    caughtBy: "meant",
    seed: 1,
    tampering: { ledger: readsNoOrders },
  },
  {
    name: "forgets a spread without a name once it has filled",
    caughtBy: "meant",
    seed: 1,
    tampering: { ledger: withoutWindow },
  },
  {
    name: "books what a leg has filled at each read of it",
    caughtBy: "I6",
    seed: 1,
    tampering: { broker: renamesLegs },
  },
  {
    name: "takes what a spread fills for somebody else's",
    caughtBy: "I6",
    seed: 1,
    tampering: { ledger: overlooksCombos },
  },
];

/** Nothing tells of which life of its contract's position a leg's fill is. */
function withoutLives(rows: Rows): Rows {
  return overriding(rows, {
    equals: (...asked) =>
      rows.equals(...asked).map((claim) => {
        const legs = Object.entries(claim.legs).map(([id, { episode: _, ...leg }]) => [id, leg]);
        return { ...claim, legs: Object.fromEntries(legs) };
      }),
  });
}

/** A leg under another id is another leg, whose fills nobody has seen. */
function renamesLegs(broker: Broker): Broker {
  let reads = 0;
  const renamed = (order: BrokerOrder): BrokerOrder => {
    reads += 1;
    const legs = order.legs?.map((leg) => {
      return { ...leg, brokerOrderId: `${leg.brokerOrderId}-${reads}` as BrokerOrderId };
    });
    return legs === undefined ? order : { ...order, legs };
  };
  return overriding(broker, {
    orderById: async (...asked): Promise<OrderLookup> => {
      const lookup = await broker.orderById(...asked);
      return lookup.kind === "found" ? { ...lookup, order: renamed(lookup.order) } : lookup;
    },
  });
}

/** Nobody looks after a spread that is at work. */
function overlooksCombos(ledger: Ledger): Ledger {
  return overriding(ledger, {
    unsettledClaims: async (account) => {
      const claims = await ledger.unsettledClaims(account);
      return claims.filter(({ intent }) => !isCombo(intent));
    },
  });
}
