/**
 * Sidecars on one store, as they would be on several machines, and bots that are patient: each
 * sends its order, to whichever sidecar, until it is told what became of it.
 */
import { systemClock } from "../../src/core/clock.ts";
import type { Answer, KillableProgram, Sent } from "../crash/killable-program.ts";
import type { SidecarWorld } from "./sidecar-world.ts";

const SIDECARS = 3;
/** A bot gives up on an answer after so long, and asks another sidecar. */
const PATIENCE_MS = 6_000;
const PAUSE_MS = 100;
const LOOK_AGAIN_MS = 100;
const MOST_STARTS = 20;
const MOST_TRIES = 300;
const UNSETTLED = "status=OPEN&status=RESOLVED&status=IN_RECONCILIATION&status=FINAL";

export class Fleet {
  readonly #world: SidecarWorld;
  readonly #store: string;
  /** Each place is filled again when its sidecar has died. */
  readonly #places: KillableProgram[];

  private constructor(world: SidecarWorld, store: string, places: KillableProgram[]) {
    this.#world = world;
    this.#store = store;
    this.#places = places;
  }

  static async start(world: SidecarWorld, store: string, size = SIDECARS): Promise<Fleet> {
    const starting = Array.from({ length: size }, () => world.start(store));
    return new Fleet(world, store, await Promise.all(starting));
  }

  /** The sidecar at a place; places are counted round and round. */
  at(place: number): KillableProgram {
    return this.#places[place % this.#places.length] as KillableProgram;
  }

  /**
   * Kills the sidecar at `place` and starts another one there; again where that finds no store and
   * ends, as whoever runs it in earnest would have it.
   */
  async replace(place: number): Promise<void> {
    await this.at(place).kill();
    for (let tries = 1; ; tries += 1) {
      try {
        this.#places[place % this.#places.length] = await this.#world.start(this.#store);
        return;
      } catch (error) {
        if (tries === MOST_STARTS) throw error;
      }
    }
  }

  /**
   * Stops the sidecar at `place` until the others have looked after whatever it had under way, or
   * for `longestMs`: one that holds the lock of a file keeps the others from doing so.
   */
  async freeze(place: number, longestMs: number): Promise<void> {
    const frozenAt = systemClock.now();
    const frozen = this.at(place);
    frozen.signal("SIGSTOP");
    try {
      const until = new Date(frozenAt).toISOString();
      const path = `/latch/v1/claims?limit=1&status=OPEN&until=${encodeURIComponent(until)}`;
      const isOver = () => systemClock.now() - frozenAt > longestMs;
      while (!isOver() && (await this.#countOn(place + 1, path)) !== 0) {
        await systemClock.sleep(LOOK_AGAIN_MS);
      }
    } finally {
      frozen.signal("SIGCONT");
    }
  }

  /** The answer to an order that `bot` pursues until it has one. */
  async pursue(sent: Sent, bot: number): Promise<Answer> {
    let last: Answer | "cut" = "cut";
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      this.#world.keepTime();
      last = await this.at(bot + tries).send(sent, AbortSignal.timeout(PATIENCE_MS));
      if (last !== "cut" && last.status === 200) return last;
      await systemClock.sleep(PAUSE_MS);
    }
    throw new Error(`no answer to ${JSON.stringify(sent)}: ${JSON.stringify(last)}`);
  }

  /** Every fill is booked, and every question answered. */
  async untilSettled(): Promise<void> {
    while ((await this.#countOn(0, `/latch/v1/claims?limit=1&${UNSETTLED}`)) !== 0) {
      this.#world.keepTime();
      await systemClock.sleep(LOOK_AGAIN_MS);
    }
  }

  /** Undefined while it cannot be told. */
  async #countOn(place: number, path: string): Promise<number | undefined> {
    try {
      return (await this.at(place).page(path)).claims.length;
    } catch {
      return undefined;
    }
  }
}
