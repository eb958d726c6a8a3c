/**
 * A process: everything it does happens at turns. It can be paused, which puts all its turns off,
 * and it can die, after which it takes none. Its code never learns of either.
 */
import { type EpochMs, steadyNow } from "../../src/core/clock.ts";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import type { RandomSource } from "../../src/core/random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Host } from "./simulated-ledger.ts";

/** The clock on the wall of the machine that processes run on. */
export interface WallClock {
  readonly offsetMs: number;
}

/** The clock of a machine that is ahead of `wall`. */
export function aheadOf(wall: WallClock, aheadMs = 0): WallClock {
  return {
    get offsetMs() {
      return wall.offsetMs + aheadMs;
    },
  };
}

/** `how` happens once, in the place of the `turns`-th turn of whichever of `processes` takes it. */
export function strikeFirst(
  processes: readonly (SimulatedProcess | undefined)[],
  turns: number,
  how: () => void,
): void {
  let isOver = false;
  const once = () => {
    if (isOver) return;
    isOver = true;
    how();
  };
  for (const process of processes) process?.strikeAt(turns, once);
}

export class SimulatedProcess implements Host {
  readonly name: string;
  readonly random: RandomSource;
  /** The product's own clock, on what the simulated machine shows. */
  readonly clock: FlooredClock;
  isAlive = true;
  /** When its last pause ended; null where it was never paused. */
  resumedAt: EpochMs | null = null;
  /** Told the client_order_id of each order that it sends. */
  onSent: (clientOrderId: string) => void = () => {};
  readonly #scheduler: Scheduler;
  #pausedUntil = 0;
  /** The turns that fell due in the pause: each is taken when it ends. */
  readonly #parked = new Set<() => void>();
  #strike: { turnsLeft: number; readonly how: () => void } | undefined;

  constructor(name: string, scheduler: Scheduler, random: RandomSource, wall: WallClock) {
    this.name = name;
    this.random = random;
    this.#scheduler = scheduler;
    this.clock = new FlooredClock({
      now: steadyNow({
        wall: () => scheduler.now() + wall.offsetMs,
        monotonic: () => scheduler.now(),
      }),
      elapsed: () => scheduler.now(),
      alarm: (durationMs, ring) => this.turn(durationMs, ring),
      sleep: (durationMs, signal) => this.#sleep(durationMs, signal),
    });
  }

  turn(delayMs: number, action: () => void): () => void {
    let cancel = () => {};
    const take = () => {
      if (!this.isAlive) return;
      if (this.#scheduler.now() < this.#pausedUntil) {
        const unpark = () => {
          cancel = this.#scheduler.after(0, take);
        };
        this.#parked.add(unpark);
        cancel = () => this.#parked.delete(unpark);
        return;
      }
      if (this.#strikes()) return;
      action();
    };
    cancel = this.#scheduler.after(delayMs, take);
    return () => cancel();
  }

  latency(): number {
    return Math.floor(this.random.fraction() * 2);
  }

  pause(forMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#scheduler.now() + forMs);
    this.#scheduler.after(forMs, () => {
      if (this.#scheduler.now() >= this.#pausedUntil) this.resume();
    });
  }

  resume(): void {
    if (this.#pausedUntil === 0) return;
    this.#pausedUntil = 0;
    this.resumedAt = this.#scheduler.now();
    for (const unpark of this.#parked) unpark();
    this.#parked.clear();
  }

  /** `how` happens in the place of the `turns`-th turn from now. */
  strikeAt(turns: number, how: () => void): void {
    this.#strike = { turnsLeft: turns, how };
  }

  kill(): void {
    this.isAlive = false;
  }

  #strikes(): boolean {
    if (this.#strike === undefined) return false;
    this.#strike.turnsLeft -= 1;
    if (this.#strike.turnsLeft > 0) return false;
    const { how } = this.#strike;
    this.#strike = undefined;
    how();
    return true;
  }

  #sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.turn(durationMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
