/** A log that says only of failures once something is being closed. */
import type { Logger } from "pino";

/** For what is read by itself: that a close has cut it off is no news. */
export function quietOnceClosed(log: Logger, closing: AbortSignal): Logger {
  const told = log.child({});
  const hush = () => {
    if (told.isLevelEnabled("error")) told.level = "error";
  };
  closing.addEventListener("abort", hush, { once: true });
  return told;
}
