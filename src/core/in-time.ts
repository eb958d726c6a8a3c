/** Work that somebody waits for only so long. What it comes to afterwards is for nobody. */
import { type Clock, type EpochMs, setAlarm } from "./clock.ts";

/** What `work` gives; undefined where it is not over by `until`. */
export async function inTime<Value>(
  clock: Clock,
  until: EpochMs,
  work: Promise<Value>,
): Promise<Value | undefined> {
  let callOff: () => void = () => undefined;
  const late = new Promise<undefined>((resolve) => {
    callOff = setAlarm(clock, Math.max(0, until - clock.now()), () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    callOff();
  }
}
