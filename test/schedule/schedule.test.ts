import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { startSchedule } from "../../src/schedule/schedule.ts";
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
    const lines: string[] = [];
    const [missed, over] = [signal(), signal()];
    const write = (line: string) => {
      lines.push(line);
      missed.give();
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
    expect(lines.join("")).toMatch(/still running/i);
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
