/**
 * The actions that are under way, so that a close can wait for them: what comes of one whose ledger
 * is closed is on nobody's record. Meanwhile no other action begins, except what one of these needs
 * itself.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";

interface Action {
  readonly requestId: string;
  readonly ended: Promise<void>;
}

export class UnderWay {
  readonly #actions = new Set<Action>();
  /** The actions that a call is made from, the outermost first. */
  readonly #around = new AsyncLocalStorage<readonly Action[]>();
  #isClosing = false;

  /** Throws LatchError `store_closed`. */
  requireOpen(): void {
    const isOutside = this.#around.getStore() === undefined;
    if (this.#isClosing && isOutside) throw new LatchError("store_closed", "the guard is closed");
  }

  run<Result>(requestId: string, work: () => Promise<Result>): Promise<Result> {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const action = { requestId, ended };
    const around = [...(this.#around.getStore() ?? []), action];
    this.#actions.add(action);
    return this.#around.run(around, work).finally(() => {
      this.#actions.delete(action);
      end();
    });
  }

  /** Waits for all but those that it is called from; gives the ids of what is still under way. */
  async close(clock: Pick<Clock, "sleep">, waitMs: number): Promise<readonly string[]> {
    this.#isClosing = true;
    const around = this.#around.getStore() ?? [];
    const others = () => [...this.#actions].filter((action) => !around.includes(action));
    const over = new AbortController();
    let isLate = waitMs === 0;
    const late = clock.sleep(waitMs, over.signal).then(
      () => {
        isLate = true;
      },
      () => undefined,
    );
    while (!isLate && others().length > 0) {
      await Promise.race([late, ...others().map(({ ended }) => ended)]);
    }
    over.abort();
    return others().map(({ requestId }) => requestId);
  }
}
