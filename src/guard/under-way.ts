/**
 * The actions that are under way, so that a close can wait for them: what comes of one whose ledger
 * is closed is on nobody's record. Others begin only as long as one of these runs, which may need
 * them itself: from where a call is made cannot be seen without slowing down every promise.
 */
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";

interface Action {
  readonly requestId: string;
  readonly ended: Promise<void>;
}

export class UnderWay {
  readonly #actions = new Set<Action>();
  /** Those that were under way when a close was asked for; undefined before. */
  #left: ReadonlySet<Action> | undefined;

  /** Throws LatchError `store_closed`. */
  requireOpen(): void {
    if (this.#left === undefined || [...this.#left].some((one) => this.#actions.has(one))) return;
    throw new LatchError("store_closed", "the guard is closed");
  }

  run<Result>(requestId: string, work: () => Promise<Result>): Promise<Result> {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const action = { requestId, ended };
    this.#actions.add(action);
    return work().finally(() => {
      this.#actions.delete(action);
      end();
    });
  }

  /** Waits for all of them; gives the ids of what is still under way after `waitMs`. */
  async close(clock: Pick<Clock, "sleep">, waitMs: number): Promise<readonly string[]> {
    this.#left ??= new Set(this.#actions);
    const over = new AbortController();
    let isLate = waitMs === 0;
    const late = clock.sleep(waitMs, over.signal).then(
      () => {
        isLate = true;
      },
      () => undefined,
    );
    while (!isLate && this.#actions.size > 0) {
      await Promise.race([late, ...[...this.#actions].map(({ ended }) => ended)]);
    }
    over.abort();
    this.#left = new Set();
    return [...this.#actions].map(({ requestId }) => requestId);
  }
}
