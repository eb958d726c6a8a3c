import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { steadyNow, systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { startSchedule, type Tick } from "../../src/schedule/schedule.ts";
import { OPEN, openWorld } from "../gateway/world.ts";

const EVERY_SECOND = "* * * * * *";
const silent = pino({ level: "silent" });
const run = promisify(execFile);

/** A promise, and what resolves it. */
function signal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { give, given };
}

/** Ten at night. */
const EVENING = Date.parse("2026-11-23T22:00:00Z");

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A schedule on a clock of the test, and what has run and was logged. */
async function slept(ticks: readonly Omit<Tick, "run">[]) {
  const clock = new ManualClock(EVENING);
  const [lines, ran]: [string[], string[]] = [[], []];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const all = ticks.map((tick) => ({ ...tick, run: async () => void ran.push(tick.name) }));
  const schedule = startSchedule(all, log, clock);
  await turns();
  const pass = async (durationMs: number) => {
    for (const until = clock.now() + durationMs; clock.now() < until; await turns()) {
      clock.advanceTo(clock.now() + 1_000);
    }
  };
  return { clock, lines, ran, schedule, pass };
}

describe("the schedule", () => {
  test("calls its ticks by the clock on the wall until it is stopped", async () => {
    const [first, second] = [signal(), signal()];
    let ticks = 0;
    const counted = async () => {
      ticks += 1;
      first.give();
    };
    const stopped = startSchedule([{ name: "one", cron: EVERY_SECOND, run: counted }], silent);
    await first.given;
    await stopped.stop();
    const later = async () => second.give();
    const going = startSchedule([{ name: "two", cron: EVERY_SECOND, run: later }], silent);
    await second.given;
    await going.stop();
    expect(ticks).toBe(1);
  });

  test("does not start a tick that is still running, and says so", async () => {
    const [missed, over] = [signal(), signal()];
    // Of a machine that is busy it may also say that a tick came late.
    const write = (line: string) => {
      if (/still running/i.test(line)) missed.give();
    };
    let running = 0;
    const slow = () => {
      running += 1;
      return over.given;
    };
    const tick = { name: "a slow tick", cron: EVERY_SECOND, run: slow };
    const schedule = startSchedule([tick], pino({ level: "warn" }, { write }));
    await missed.given;
    expect(running).toBe(1);
    over.give();
    await schedule.stop();
  });

  test("goes on at once after a night's sleep, and says so in one line", async () => {
    const { clock, lines, ran, schedule, pass } = await slept([
      { name: "often", cron: "*/2 * * * * *" },
      { name: "nightly", cron: "0 30 3 * * *", timeZone: "UTC", isMadeUp: true },
      { name: "hourly", cron: "0 0 * * * *", timeZone: "UTC" },
    ]);
    await pass(4_000);
    expect(ran).toEqual(["often", "often"]);
    clock.advanceTo(EVENING + 8 * 60 * 60_000);
    await turns();
    expect(ran.splice(0)).toEqual(["often", "often", "often", "nightly", "hourly"]);
    await pass(4_000);
    expect(ran).toEqual(["often", "often"]);
    expect(lines).toHaveLength(1);
    await schedule.stop();
  });

  test("runs what was due within a beat that comes late, once", async () => {
    const { clock, lines, ran, schedule } = await slept([
      { name: "often", cron: "*/2 * * * * *" },
      { name: "once", cron: "3 0 22 * * *", timeZone: "UTC" },
    ]);
    clock.advanceTo(EVENING + 9_000);
    await turns();
    expect(ran).toEqual(["often", "once"]);
    expect(lines).toEqual([]);
    await schedule.stop();
  });

  test("goes on where the clock on the wall is set back", async () => {
    let setBackMs = 0;
    const wall = () => Date.now() - setBackMs;
    const now = steadyNow({ wall, monotonic: () => performance.now() });
    const goesOn = signal();
    const ticked = async () => {
      if (setBackMs > 0) goesOn.give();
      setBackMs = 60 * 60_000;
    };
    const tick = { name: "one", cron: EVERY_SECOND, run: ticked };
    const schedule = startSchedule([tick], silent, { ...systemClock, now });
    await goesOn.given;
    await schedule.stop();
  });

  test("looks after the orders of a latch that runs by itself", async () => {
    const world = await openWorld();
    const polled = signal();
    const bot = await world.open({ clock: systemClock, schedule: true, logger: silent });
    await world.drive(bot.latch.submit(OPEN));
    bot.gate = (method, path) => {
      if (method === "GET" && path === "/v2/orders") polled.give();
      return "pass";
    };
    await polled.given;
    await bot.latch.close();
    bot.runs = false;
    expect(world.posts()).toHaveLength(1);
    expect(world.theClaim().brokerOrderId).toBe(world.orders()[0]?.id);
  });

  test("says nothing of what the close of its latch has cut off", async () => {
    const world = await openWorld();
    const bot = await world.open();
    let closed: Promise<void> | undefined;
    bot.gate = (_, path) => {
      if (path === "/v2/positions") closed ??= bot.latch.close();
      return "pass";
    };
    await world.drive(bot.latch.comparePositions());
    await closed;
    bot.runs = false;
    expect(closed).toBeDefined();
    expect(world.log).toEqual([]);
  });

  test("lets a program end by itself once its latch is closed", async () => {
    const world = await openWorld();
    const program = `
      import { openLatch } from "./dist/index.js";
      const latch = await openLatch();
      const answer = await latch.submit(${JSON.stringify(OPEN)});
      await latch.close();
      process.stdout.write(answer.status);`;
    const env = {
      PATH: process.env.PATH,
      TRADELATCH_STORE: world.store,
      APCA_API_BASE_URL: world.simulator.url,
      APCA_API_KEY_ID: "key",
      APCA_API_SECRET_KEY: "secret",
    };
    const ended = await run(process.execPath, ["--input-type=module", "-e", program], { env });
    expect(ended).toEqual({ stdout: "PROCEED", stderr: "" });
  });
});
