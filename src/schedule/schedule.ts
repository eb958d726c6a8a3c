/**
 * Calls tick functions at the seconds that their cron expressions name; node-cron knows which those
 * are. Tests, simulations and the replay call the same functions themselves.
 *
 * 1. A tick that is still running is not started again, and the log says so once.
 * 2. Time is the clock's, which never goes back: where the wall is set back, ticks go on.
 * 3. What a machine has slept through is over: the ticks go on with the present second. Only those
 *    that a day must not lack are made up for, once.
 */
import { createTask } from "node-cron";
import type { Logger } from "pino";
import { type Clock, type EpochMs, systemClock } from "../core/clock.ts";

/** A function to call again and again; it handles its own failures. */
export interface Tick {
  readonly name: string;
  /** Cron expression, with seconds. */
  readonly cron: string;
  /** Whose clock the expression speaks of, such as America/New_York; default: this host's. */
  readonly timeZone?: string;
  /** Runs once after its minute was slept through, if that was within a day. */
  readonly isMadeUp?: boolean;
  readonly run: () => Promise<void>;
}

export interface RunningSchedule {
  /** Resolves once no tick runs any more. */
  stop(): Promise<void>;
}

/** Every two seconds. */
export const FILL_POLL_CRON = "*/2 * * * * *";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A beat that comes later was not held up by work: the machine slept, or was set forward. */
const LATEST_BEAT_MS = MINUTE_MS;

/** `log` is told of ticks that were left out because the last one still ran, and of long sleeps. */
export function startSchedule(
  ticks: readonly Tick[],
  log: Logger,
  clock: Clock = systemClock,
): RunningSchedule {
  const stopping = new AbortController();
  const tasks = ticks.map((tick) => new TickTask(tick, log));
  const beating = beat(tasks, log, clock, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await beating;
      await Promise.allSettled(tasks.map((task) => task.end()));
    },
  };
}

async function beat(
  tasks: readonly TickTask[],
  log: Logger,
  clock: Clock,
  stopping: AbortSignal,
): Promise<void> {
  let last = secondOf(clock.now());
  while (!stopping.aborted) {
    const untilNext = last + SECOND_MS - clock.now();
    await clock.sleep(Math.max(0, untilNext), stopping).catch(() => undefined);
    const now = secondOf(clock.now());
    if (stopping.aborted || now <= last) continue;
    const sleptMs = now - last;
    const hasSlept = sleptMs > LATEST_BEAT_MS;
    if (hasSlept) log.warn({ sleptMs }, "the machine slept, or its clock was set forward");
    for (const task of tasks) {
      const isDue = hasSlept
        ? task.isAt(now) || task.isToMakeUp(last, now)
        : task.isWithin(last + SECOND_MS, now);
      if (isDue) task.begin();
    }
    last = now;
  }
}

class TickTask {
  readonly #tick: Tick;
  readonly #log: Logger;
  readonly #times: ReturnType<typeof createTask>;
  #running: Promise<void> | undefined;
  #isLeftOut = false;

  constructor(tick: Tick, log: Logger) {
    const { cron, timeZone, run } = tick;
    this.#tick = tick;
    this.#log = log;
    // Asked for its times only; it is never started.
    this.#times = createTask(cron, run, timeZone === undefined ? {} : { timezone: timeZone });
  }

  isAt(at: EpochMs): boolean {
    return this.#times.match(new Date(at));
  }

  /** Whether one of these seconds is its time, both ends included. */
  isWithin(from: EpochMs, until: EpochMs): boolean {
    for (let at = from; at <= until; at += SECOND_MS) if (this.isAt(at)) return true;
    return false;
  }

  /** Whether a minute since `last` was its time, and is to be made up for. */
  isToMakeUp(last: EpochMs, now: EpochMs): boolean {
    if (this.#tick.isMadeUp !== true) return false;
    const from = Math.max(last, now - DAY_MS);
    for (let at = now - (now % MINUTE_MS); at > from; at -= MINUTE_MS) {
      if (this.isAt(at)) return true;
    }
    return false;
  }

  begin(): void {
    const { name, run } = this.#tick;
    if (this.#running !== undefined) {
      if (!this.#isLeftOut) this.#log.warn({ tick: name }, "a tick is still running");
      this.#isLeftOut = true;
      return;
    }
    this.#isLeftOut = false;
    this.#running = run().finally(() => {
      this.#running = undefined;
    });
    // It handles its own failures; one that does not is no reason for the others to end.
    this.#running.catch((error: unknown) => {
      this.#log.error({ err: error, tick: name }, "a tick failed");
    });
  }

  async end(): Promise<void> {
    await Promise.all([this.#times.destroy(), this.#running]);
  }
}

function secondOf(at: EpochMs): EpochMs {
  return at - (at % SECOND_MS);
}
