/** Work that a client waits for only so long. What it comes to afterwards is for nobody. */
import type { Clock, EpochMs } from "../core/clock.ts";

/** What `work` gives; undefined where it is not over by `until`. */
export async function inTime<Value>(
  clock: Clock,
  until: EpochMs,
  work: Promise<Value>,
): Promise<Value | undefined> {
  const over = new AbortController();
  const nothing = () => undefined;
  const late = clock.sleep(Math.max(0, until - clock.now()), over.signal).then(nothing, nothing);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
