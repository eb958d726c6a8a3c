/**
 * What the latest reads of each order at work agree on: that it is there, or that the broker says
 * that it has none of that id. A read that failed says nothing. Kept by this process alone.
 */
import type { OrderSighting } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import type { BrokerOrderId } from "../core/ids.ts";

interface Reads {
  readonly isShown: boolean;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

export class OrderSightings {
  readonly #reads = new Map<BrokerOrderId, Reads>();

  note(id: BrokerOrderId, isShown: boolean, at: EpochMs): void {
    const before = this.#reads.get(id);
    const firstAt = before?.isShown === isShown ? before.firstAt : at;
    this.#reads.set(id, { isShown, firstAt, lastAt: at });
  }

  /** Undefined where it was not read yet. */
  of(id: BrokerOrderId): OrderSighting | undefined {
    const reads = this.#reads.get(id);
    return reads && { isShown: reads.isShown, spanMs: reads.lastAt - reads.firstAt };
  }

  /** Forgets the others. */
  keep(ids: ReadonlySet<BrokerOrderId | null>): void {
    for (const id of this.#reads.keys()) if (!ids.has(id)) this.#reads.delete(id);
  }
}
