/**
 * Time comes from outside: nothing else in the product reads the system's clock or sets a timer.
 * A test, a simulation or the replay passes a clock of its own.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Milliseconds since some moment, by a clock that nobody sets; without it `now` has to do. */
  elapsed?(): number;
  /** How much of `now` is not this machine's: it was raised to a moment that has been. */
  raisedMs?(): number;
  /** As {@link setAlarm} has it, where the clock can do it by itself. */
  alarm?(durationMs: number, ring: () => void): () => void;
  /** Resolves after `durationMs`; rejects with the signal's reason when `signal` aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** The two clocks of a machine, in milliseconds. */
export interface MachineClocks {
  /** What people set; it may be set back. */
  readonly wall: () => EpochMs;
  /** Counts from some moment on and is never set. */
  readonly monotonic: () => number;
}

/**
 * The wall's time, but never going back. Where the wall is set back, time goes on from where it was
 * at its usual pace: deadlines come, and nothing that was over begins anew. Where the wall is set
 * forward, as after a machine has slept, time follows it.
 */
export function steadyNow({ wall, monotonic }: MachineClocks): () => EpochMs {
  let aheadMs = Number.NEGATIVE_INFINITY;
  return () => {
    const elapsed = monotonic();
    aheadMs = Math.max(aheadMs, wall() - elapsed);
    return Math.floor(elapsed + aheadMs);
  };
}

const CALLED_OFF = new Error("the alarm was called off");

/**
 * Calls `ring` after `durationMs`, unless what this gives is called before. Most waits are a bound
 * on something that ends in time: to abort a sleep for each of them costs more than the timer.
 */
export function setAlarm(clock: Clock, durationMs: number, ring: () => void): () => void {
  if (clock.alarm !== undefined) return clock.alarm(durationMs, ring);
  const off = new AbortController();
  clock.sleep(durationMs, off.signal).then(ring, () => undefined);
  return () => off.abort(CALLED_OFF);
}

/**
 * By how much the wall's time is ahead of the clock that nobody sets, which stands still while the
 * machine sleeps; the same for ever where there is no such clock.
 */
export function wallAheadMs(clock: Clock): number {
  const now = clock.now();
  return now - (clock.elapsed?.() ?? now);
}

/** Time from now on, which counts as `begunAt`, at its own pace, however the clock is set. */
export function atItsPace(clock: Clock, begunAt = clock.now()): () => EpochMs {
  const elapsed = () => clock.elapsed?.() ?? clock.now();
  const before = elapsed();
  return () => Math.floor(begunAt + elapsed() - before);
}

type MaybeTimes = readonly (EpochMs | null | undefined)[];

/** Of those that are known; undefined where none is. */
export function earliest(times: MaybeTimes): EpochMs | undefined {
  const known = times.filter((at) => typeof at === "number");
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Of those that are known; null where none is. */
export function latest(times: MaybeTimes): EpochMs | null {
  const known = times.filter((at) => typeof at === "number");
  return known.length === 0 ? null : Math.max(...known);
}

export const systemClock: Clock = {
  now: steadyNow({ wall: () => Date.now(), monotonic: () => performance.now() }),
  elapsed: () => performance.now(),
  alarm: (durationMs, ring) => {
    const timer = setTimeout(ring, durationMs);
    return () => clearTimeout(timer);
  },
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, durationMs);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};

/** A pause that keeps no process up: for what is of use only as long as that has more to do. */
export function idleSleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });
}
