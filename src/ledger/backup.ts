/**
 * What a copy of a ledger is asked for and what came of it; each store copies in its own way.
 * Retention concerns copies only: what a ledger holds is never deleted.
 */
import type { EpochMs } from "../core/clock.ts";

export interface BackupRequest {
  /** A directory that exists; of one ledger alone. */
  readonly directory: string;
  /** So many copies are kept, this one included. */
  readonly keep: number;
  readonly now: EpochMs;
  /**
   * Checks a copy of any size with SQLite's own integrity check, which nothing can interrupt: for a
   * process that does nothing else. Otherwise a large copy is read through row by row.
   */
  readonly mayBlock?: boolean;
  /** Told how much of it is done, from 0 to 1. */
  readonly onProgress?: ((part: number) => void) | undefined;
  /** Ends it early; then there is no copy. */
  readonly signal?: AbortSignal;
}

export interface Backup {
  readonly path: string;
  /** The last event in it, and that event's hash. */
  readonly sequence: number;
  readonly hash: string;
  /** Names of older copies that were deleted. */
  readonly removed: readonly string[];
}
