/**
 * Brings the latch up behind a server that listens already: whose account it is, then one look at
 * everything that was not settled. While the broker is away, or the server that the store is on, or
 * somebody else holds the store, it is asked again, without an end; only the broker's own word that
 * it does not take the keys, or a store that cannot be used, ends the start.
 *
 * An order whose reads fail for long, while the broker answers, keeps no other one back: a latch
 * that runs has such orders too, and what depends on one waits for it by itself.
 */

import type { Clock } from "../core/clock.ts";
import { type ErrorCode, LatchError } from "../core/errors.ts";
import type { Latch, Recovery } from "../latch.ts";
import type { PreparedLatch } from "../prepared-latch.ts";

export interface Started {
  readonly latch: Latch;
  /** What the start found and did about it. */
  readonly recovery: Recovery;
}

export interface LatchStartOptions {
  readonly clock: Clock;
  /** Ends the waiting; the start then rejects. */
  readonly stop: AbortSignal;
  /** Told each time that the broker or the store could not be asked. */
  readonly onAway: (reason: string) => void;
}

/** So long everything waits for orders that cannot be read while the broker answers. */
const UNREAD_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

export async function startLatch(
  prepared: PreparedLatch,
  options: LatchStartOptions,
): Promise<Started> {
  const { clock, stop, onAway } = options;
  let pauseMs = FIRST_PAUSE_MS;
  const pause = async (reason: string) => {
    // What was cut off by our own end says nothing of the broker.
    stop.throwIfAborted();
    onAway(reason);
    await clock.sleep(pauseMs, stop);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  const latch = await onceThere(() => prepared.open(), pause);
  const since = clock.now();
  let recovery = await onceThere(() => latch.recover(), pause);
  while (recovery.unread > 0) {
    const isLong = clock.now() - since >= UNREAD_MS;
    if (isLong && (await prepared.health()).broker === null) break;
    await pause(`${recovery.unread} claims of the last run could not be looked up`);
    const before = recovery;
    recovery = await onceThere(() => latch.recover(before), pause);
  }
  return { latch, recovery };
}

/** What says that somebody is away, or busy, for a while, and nothing of what is asked for. */
const AWAY: readonly ErrorCode[] = ["broker_unavailable", "store_unreachable", "store_busy"];

async function onceThere<Value>(
  ask: () => Promise<Value>,
  pause: (reason: string) => Promise<void>,
): Promise<Value> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LatchError) || !AWAY.includes(error.code)) throw error;
      await pause(error.message);
    }
  }
}
