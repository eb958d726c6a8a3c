/**
 * What the latest reads of each order at work agree on: that it is there, or that the broker says
 * that it has none of that id. A read that failed says nothing of that. Kept by this process alone.
 */
import type { FailingReads, OrderSighting } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import type { BrokerOrderId } from "../core/ids.ts";

interface Reads {
  readonly isShown: boolean;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

export class OrderSightings {
  readonly #reads = new Map<BrokerOrderId, Reads>();
  readonly #failing = new Map<BrokerOrderId, FailingReads>();

  note(id: BrokerOrderId, isShown: boolean, at: EpochMs): void {
    const before = this.#reads.get(id);
    const firstAt = before?.isShown === isShown ? before.firstAt : at;
    this.#reads.set(id, { isShown, firstAt, lastAt: at });
    this.#failing.delete(id);
  }

  noteFailure(id: BrokerOrderId, because: string, at: EpochMs): void {
    const firstAt = this.#failing.get(id)?.firstAt ?? at;
    this.#failing.set(id, { firstAt, lastAt: at, because });
  }

  /** Undefined where no read of it was tried yet. */
  of(id: BrokerOrderId): OrderSighting | undefined {
    const reads = this.#reads.get(id);
    const failing = this.#failing.get(id) ?? null;
    if (reads === undefined)
      return failing === null ? undefined : { isShown: null, spanMs: 0, failing };
    return { isShown: reads.isShown, spanMs: reads.lastAt - reads.firstAt, failing };
  }

  /** Forgets the others. */
  keep(ids: ReadonlySet<BrokerOrderId | null>): void {
    for (const known of [this.#reads, this.#failing]) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
  }
}
