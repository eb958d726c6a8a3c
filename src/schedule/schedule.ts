/**
 * Calls tick functions by the clock on the wall, through node-cron. A tick that is still running is
 * not started again. Tests, simulations and the replay call the same functions themselves.
 */
import { type Logger, schedule } from "node-cron";

/** A function to call again and again; it handles its own failures. */
export interface Tick {
  readonly name: string;
  /** Cron expression, with seconds. */
  readonly cron: string;
  readonly run: () => Promise<void>;
}

export interface RunningSchedule {
  stop(): Promise<void>;
}

/** Every two seconds. */
export const FILL_POLL_CRON = "*/2 * * * * *";

/** `logger` is told of ticks that were missed or left out because the last one still ran. */
export function startSchedule(ticks: readonly Tick[], logger: Logger): RunningSchedule {
  const tasks = ticks.map(({ name, cron, run }) =>
    schedule(cron, run, { name, logger, noOverlap: true }),
  );
  return {
    stop: async () => {
      await Promise.all(tasks.map((task) => task.destroy()));
    },
  };
}
