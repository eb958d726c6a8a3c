/**
 * What is known of an action that was begun is tried again where the store does not take it: the
 * process that knows it is still here, and a claim that is left without its word costs a person.
 */
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";

/** So long; whoever waits for the action is then told that its end is not on record. */
export const WRITE_WITHIN_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Rejects with what the store said last, and at once with what no further try mends. */
export async function untilWritten<Answer>(
  clock: Pick<Clock, "now" | "sleep">,
  write: () => Promise<Answer>,
): Promise<Answer> {
  const giveUpAt = clock.now() + WRITE_WITHIN_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      const mayPass = error instanceof LatchError && error.retryable;
      if (!mayPass || clock.now() >= giveUpAt) throw error;
    }
    await clock.sleep(pauseMs);
  }
}
