/** Has a simulated broker live in this machine's time, second by second. */
import type { Logger } from "pino";
import { systemClock } from "../core/clock.ts";
import { startSchedule } from "../schedule/schedule.ts";
import type { Simulator } from "../simulator/index.ts";

const EVERY_SECOND_CRON = "* * * * * *";

/** What it gives ends it. */
export function followSystemClock(broker: Simulator, logger: Logger): () => Promise<void> {
  const run = async () => broker.setTime(Math.max(broker.now(), systemClock.now()));
  const time = startSchedule([{ name: "simulated-time", cron: EVERY_SECOND_CRON, run }], logger);
  return () => time.stop();
}
