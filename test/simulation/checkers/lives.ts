/** The lives of a position, from flat to flat, by the broker's list of executions. */
import type { EpochMs } from "../../../src/core/clock.ts";
import { type DecimalText, isZero, signOf } from "../../../src/core/decimal.ts";
import type { Outcome } from "../outcome.ts";
import { openingOf, positionSteps } from "./broker-record.ts";

interface Moment {
  readonly at: EpochMs;
  /** Null at the world's beginning. */
  readonly orderId: string | null;
  readonly held: DecimalText;
  /** The life under way or, while flat, the one that ended last. */
  readonly life: number;
}

/** Those of each symbol, made once. */
export function livesBySymbol(outcome: Outcome): (symbol: string) => Lives {
  const known = new Map<string, Lives>();
  return (symbol) => {
    const lives = known.get(symbol) ?? new Lives(outcome, symbol);
    known.set(symbol, lives);
    return lives;
  };
}

export class Lives {
  readonly #moments: readonly Moment[];

  constructor(outcome: Outcome, symbol: string) {
    let held = openingOf(outcome.plan, symbol);
    let life = isZero(held) ? 0 : 1;
    const moments: Moment[] = [{ at: Number.NEGATIVE_INFINITY, orderId: null, held, life }];
    for (const { at, orderId, after } of positionSteps(outcome, symbol)) {
      if (!isZero(after) && signOf(after) !== signOf(held)) life += 1;
      held = after;
      moments.push({ at, orderId, held, life });
    }
    this.#moments = moments;
  }

  /** The one that an order belongs to which is asked for at `at`. */
  at(at: EpochMs, effect: "open" | "close"): number {
    const { held, life } = this.#before(at);
    return isZero(held) && effect === "open" ? life + 1 : life;
  }

  /** The one in which the last fill of any of `orderIds` came; undefined where none has filled. */
  ofLastFill(orderIds: readonly string[]): number | undefined {
    return this.#moments.filter(({ orderId }) => orderId && orderIds.includes(orderId)).at(-1)
      ?.life;
  }

  /** Whether an order on `side` takes from what is held at `at`; of nothing it takes nothing. */
  isReducedBy(side: "buy" | "sell", at: EpochMs): boolean {
    return signOf(this.#before(at).held) === (side === "sell" ? 1 : -1);
  }

  /** Whether something was held at every moment from `from` to `until`. */
  isHeld(from: EpochMs, until: EpochMs): boolean {
    const within = this.#moments.filter(({ at }) => at > from && at <= until);
    return [this.#before(from), ...within].every(({ held }) => !isZero(held));
  }

  #before(at: EpochMs): Moment {
    return this.#moments.filter((moment) => moment.at <= at).at(-1) as Moment;
  }
}
