/** An order as the broker writes it: how a look-up or a list gives it, and when it moved. */
import type { BrokerOrder, OrderLookup } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type { ListedOrders, OrdersReading, WireOrder } from "./broker.ts";
import { instantOf } from "./timestamp.ts";

/** The order of a look-up in the broker's own form, where it was given. */
export function wireOf(lookup: OrderLookup): WireOrder | undefined {
  if (lookup.kind !== "found" || lookup.wire === undefined) return undefined;
  return JSON.parse(lookup.wire) as WireOrder;
}

interface OwnAndTold {
  readonly own: WireOrder;
  /** A leg is told of with its order. */
  readonly told: WireOrder;
}

type Wires = Pick<ListedOrders, "wires">;

/** What can be read of a list; of an order that is not shown it says nothing. */
export function readableIn(reading: OrdersReading): ListedOrders | undefined {
  return reading.kind === "read" ? reading : reading.readable;
}

/** An order of the list, or a leg of one, by its id. The list is read once one is asked for. */
export function wiresIn({ wires }: Wires): (id: BrokerOrderId) => OwnAndTold | undefined {
  let shown: ReadonlyMap<unknown, OwnAndTold> | undefined;
  return (id) => {
    shown ??= byOrder(wires());
    return shown.get(id);
  };
}

function byOrder(wires: readonly WireOrder[]): ReadonlyMap<unknown, OwnAndTold> {
  const found = new Map<unknown, OwnAndTold>();
  for (const told of wires) {
    const legs = Array.isArray(told.legs) ? (told.legs as readonly WireOrder[]) : [];
    for (const own of [told, ...legs]) if (!found.has(own.id)) found.set(own.id, { own, told });
  }
  return found;
}

/** When an order of the list filled; see {@link filledAtOf}. */
export function filledAtIn(list: Wires): (order: BrokerOrder) => EpochMs | undefined {
  const shown = wiresIn(list);
  return ({ brokerOrderId }) => filledAtOf(shown(brokerOrderId)?.own);
}

/**
 * When it filled, in nanoseconds since 1970; of one that has not, or not all of it, when it last
 * changed. Undefined where that is not told.
 */
export function movedAtOf(wire: WireOrder | undefined): bigint | undefined {
  const at = wire?.filled_at ?? wire?.updated_at;
  return typeof at === "string" ? instantOf(at) : undefined;
}

/** The same by milliseconds. */
export function filledAtOf(wire: WireOrder | undefined): EpochMs | undefined {
  return epochMsOf(movedAtOf(wire));
}

/** The same of the order that a look-up has found. */
export function filledAtFound(lookup: OrderLookup): EpochMs | undefined {
  return filledAtOf(wireOf(lookup));
}

export function epochMsOf(instant: bigint | undefined): EpochMs | undefined {
  return instant === undefined ? undefined : Number(instant / 1_000_000n);
}
