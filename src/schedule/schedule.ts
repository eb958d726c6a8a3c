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
  /** Whose clock the expression speaks of, such as America/New_York; default: this host's. */
  readonly timeZone?: string;
  readonly run: () => Promise<void>;
}

export interface RunningSchedule {
  /** Resolves once no tick runs any more. */
  stop(): Promise<void>;
}

/** Every two seconds. */
export const FILL_POLL_CRON = "*/2 * * * * *";

/** `logger` is told of ticks that were missed or left out because the last one still ran. */
export function startSchedule(ticks: readonly Tick[], logger: Logger): RunningSchedule {
  const running = new Set<Promise<void>>();
  const tracked = (run: Tick["run"]) => async () => {
    const round = run();
    running.add(round);
    try {
      await round;
    } finally {
      running.delete(round);
    }
  };
  const tasks = ticks.map(({ name, cron, timeZone, run }) => {
    const zone = timeZone === undefined ? {} : { timezone: timeZone };
    return schedule(cron, tracked(run), { name, logger, noOverlap: true, ...zone });
  });
  return {
    stop: async () => {
      await Promise.all(tasks.map((task) => task.destroy()));
      await Promise.allSettled(running);
    },
  };
}
