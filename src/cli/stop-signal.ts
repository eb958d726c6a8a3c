/** Tells a command that the program is to end, so that it can put away what it has opened. */
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A command was ended before it was done. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
  /** What a shell expects of a program that a signal has ended. */
  readonly exitCode: number;

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`ended by ${signal} before it was done`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Aborts with a {@link StoppedError} at the first signal that asks the program to end. The same
 * signal once more ends it as if nobody listened.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) {
    process.once(signal, () => controller.abort(new StoppedError(signal)));
  }
  return controller.signal;
}
