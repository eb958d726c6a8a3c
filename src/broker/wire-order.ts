/** An order as the broker writes it: how a look-up gives it, and when it moved. */
import type { OrderLookup } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import type { WireOrder } from "./broker.ts";
import { instantOf } from "./timestamp.ts";

/** The order of a look-up in the broker's own form, where it was given. */
export function wireOf(lookup: OrderLookup): WireOrder | undefined {
  if (lookup.kind !== "found" || lookup.wire === undefined) return undefined;
  return JSON.parse(lookup.wire) as WireOrder;
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

export function epochMsOf(instant: bigint | undefined): EpochMs | undefined {
  return instant === undefined ? undefined : Number(instant / 1_000_000n);
}
