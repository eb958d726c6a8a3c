/**
 * The bot's old behaviour, the same in both worlds: place an order, and on any exception place it
 * again, up to three tries; before an entry, look whether a position is open that should not be.
 */

/** Tries of one order before the bot gives up, the first included. */
export const MAX_TRIES = 3;

export interface Tried<Result> {
  /** Null when every try threw. */
  readonly result: Result | null;
  /** What each failed try threw. */
  readonly failures: readonly string[];
}

/** Calls `place` until it does not throw, {@link MAX_TRIES} times at the most. */
export async function placeWithRetries<Result>(
  place: (attempt: number) => Promise<Result>,
): Promise<Tried<Result>> {
  const failures: string[] = [];
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    try {
      return { result: await place(attempt), failures };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { result: null, failures };
}
