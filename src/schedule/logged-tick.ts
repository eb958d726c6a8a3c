/**
 * A tick whose failures are told and not passed on. A store that is away fails every round in the
 * same way: that is told once, and once more when it is over. A fault of ours is told each time,
 * with its stack.
 */
import type { Logger } from "pino";
import { LatchError } from "../core/errors.ts";
import type { Tick } from "./schedule.ts";

export function loggedTick(tick: Tick, log: Logger): Tick {
  const { name } = tick;
  /** How it failed last, and how often since it last worked. */
  let failing: { readonly code: string; readonly times: number } | undefined;
  const tell = (error: unknown) => {
    if (!(error instanceof LatchError)) {
      log.error({ err: error, tick: name }, "a tick failed");
      return;
    }
    const { code, message: reason, hint } = error;
    if (failing?.code !== code) log.error({ tick: name, code, reason, hint }, "a tick failed");
    failing = { code, times: (failing?.times ?? 0) + 1 };
  };
  const run = async () => {
    try {
      await tick.run();
    } catch (error) {
      tell(error);
      return;
    }
    if (failing !== undefined) log.warn({ tick: name, ...failing }, "a tick works again");
    failing = undefined;
  };
  return { ...tick, run };
}
