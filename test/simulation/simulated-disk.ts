/**
 * The disk under one ledger, with what it may do to those who write: refuse, take its time, or lose
 * whatever was not synced when the power fails. A commit that is synced carries all earlier ones
 * with it, as the log of a real store does.
 */
import type { Claim } from "../../src/claim/claim.ts";
import { LatchError } from "../../src/core/errors.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import type { Rows } from "../../src/ledger/rows.ts";
import { MemoryRows, type Undo } from "./memory-rows.ts";

export const STORE_FAULTS = [
  /** Another holds the lock for longer than anyone waits. */
  "busy",
  "full",
  /** What was to be synced is not; the transaction is taken back. */
  "sync_fails",
  /** It is committed and synced, and the caller is told that it failed. */
  "answer_lost",
  /** Every sync takes two seconds. */
  "slow",
] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

export interface CommitReport {
  readonly events: readonly StoredEvent[];
  readonly isSynced: boolean;
}

const SLOW_SYNC_MS = 2_000;

export class SimulatedDisk {
  readonly rows = new MemoryRows();
  /** What strikes writers now. */
  fault: StoreFault | null = null;
  /** Told of every commit, at once. */
  onCommit: (report: CommitReport) => void = () => {};
  #unsynced: Undo[] = [];
  #syncedSequence = 0;

  get syncedSequence(): number {
    return this.#syncedSequence;
  }

  get syncTakesMs(): number {
    return this.fault === "slow" ? SLOW_SYNC_MS : 1;
  }

  /** Runs `run` as one transaction on `rows`; throws LatchError `store_*` where the disk fails. */
  commit<Value>(isDurable: boolean, rows: Rows, run: (rows: Rows) => Value): Value {
    if (this.fault === "busy") throw new LatchError("store_busy", "the ledger is locked");
    if (this.fault === "full") throw new LatchError("store_full", "no space is left");
    if (isDurable && this.fault === "sync_fails") {
      throw new LatchError("store_failed", "the ledger could not be synced");
    }
    const value = this.keep(isDurable, () => run(rows));
    if (this.fault === "answer_lost" && isDurable) {
      throw new LatchError("store_unreachable", "the connection to the store was lost");
    }
    return value;
  }

  /** One commit of all that `write` does to the rows. */
  protected keep<Value>(isSynced: boolean, write: () => Value): Value {
    const first = this.rows.events.length;
    const { value, undo } = this.rows.transaction(write);
    this.#unsynced.push(undo);
    if (isSynced) this.sync();
    this.onCommit({ events: this.rows.events.slice(first), isSynced });
    return value;
  }

  sync(): void {
    this.#unsynced = [];
    this.#syncedSequence = this.rows.events.length;
  }

  /** The power fails: the events that are gone. */
  losePower(): readonly StoredEvent[] {
    const lost = this.rows.events.slice(this.#syncedSequence);
    for (const undo of this.#unsynced.reverse()) undo();
    this.#unsynced = [];
    return lost;
  }

  /** Whether a claim to send under `clientOrderId` would be found after a power failure now. */
  holdsSafely(clientOrderId: string): boolean {
    return this.rows.events
      .slice(0, this.#syncedSequence)
      .some(({ body }) => "clientOrderId" in body && body.clientOrderId === clientOrderId);
  }

  /** `words` without what differs from run to run. */
  repeatable(words: string): string {
    return words;
  }

  claims(): readonly Claim[] {
    return [...this.rows.claims.values()];
  }
}
