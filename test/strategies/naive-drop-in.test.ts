import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { resolveServeConfig } from "../../src/config.ts";
import type { Bar, UnguardedContext } from "../../src/index.ts";
import { PlainAlpaca } from "../../src/replay/plain-alpaca.ts";
import { readBars } from "../../src/run/bar-file.ts";
import { openSidecar } from "../../src/sidecar/sidecar.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import createNaiveBot from "../../strategies/naive.ts";
import { JumpingClock } from "../jumping-clock.ts";

/** The key that {@link PlainAlpaca} shows: both instances are one agent group. */
const AGENTS = JSON.stringify([{ id: "simulated", secret: "simulated", group: "momentum" }]);
const OPEN_AT = Date.parse("2026-05-21T13:30:00Z");
const CLOSE_AT = Date.parse("2026-05-21T20:00:00Z");
/** Until the flip out of TQQQ at 10:14. */
const MINUTES = 44;

async function openSidecarBefore(simulator: Simulator, clock: JumpingClock): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "tradelatch-drop-in-"));
  const store = join(directory, "latch.db");
  const keys = { keyId: "broker", secret: "broker", baseUrl: simulator.url };
  const serve = resolveServeConfig({ store, ...keys, port: 0, agents: AGENTS }, {});
  const logger = pino({ level: "silent" });
  const sidecar = await openSidecar({ serve, logger, clock, schedule: false });
  onTestFinished(async () => {
    await sidecar.close(0);
    rmSync(directory, { recursive: true, force: true });
  });
  await sidecar.started;
  return `http://127.0.0.1:${sidecar.port}`;
}

test("two naive bots in front of a sidecar, unchanged, make one set of orders", async () => {
  const simulator = await startSimulator({ startAt: OPEN_AT });
  onTestFinished(() => simulator.close());
  const clock = new JumpingClock(OPEN_AT);
  const baseUrl = await openSidecarBefore(simulator, clock);
  const broker = new PlainAlpaca({ baseUrl, deadline: () => new AbortController().signal });
  const failures: string[] = [];
  const context: UnguardedContext = {
    ...{ broker, now: () => clock.now() },
    session: { date: "2026-05-21", openAt: OPEN_AT, closeAt: CLOSE_AT },
    log: (message, fields) => {
      if (fields?.failure !== undefined) failures.push(`${message}: ${fields.failure}`);
    },
  };
  const bots = [createNaiveBot({}), createNaiveBot({})];
  const bars = readBars(["fixtures/bars/2026-05-21-qqq.csv"], bots[0]?.symbols ?? []);
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const now = [...bars.values()].map((of) => of[minute] as Bar);
    clock.jumpTo(now[0]?.endAt ?? 0);
    simulator.setTime(Math.max(simulator.now(), clock.now()));
    for (const { symbol, close } of now) simulator.setPrice(symbol, close);
    for (const bar of now) await Promise.all(bots.map((bot) => bot.onBar(bar, context)));
  }
  expect(simulator.orders().map(({ side, symbol, qty }) => `${side} ${symbol} ${qty}`)).toEqual([
    ...["buy TQQQ 6", "buy TQQQ 6", "sell TQQQ 12"],
    ...["buy TQQQ 6", "buy TQQQ 6", "buy TQQQ 6", "sell TQQQ 18"],
  ]);
  expect(simulator.positions()).toEqual([]);
  expect(failures).toEqual([]);
});
