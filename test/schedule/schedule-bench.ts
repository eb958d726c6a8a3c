/** What tests of the schedule share: a broker on the simulated one, and an end for everything. */
import { pino } from "pino";
import { afterEach } from "vitest";
import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import type { Broker } from "../../src/broker/broker.ts";
import type { Clock, EpochMs } from "../../src/core/clock.ts";
import type { AccountId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { type LatchWork, latchTicks } from "../../src/schedule/latch-ticks.ts";
import { MarketCalendar } from "../../src/schedule/market-calendar.ts";
import type { Simulator } from "../../src/simulator/index.ts";
import type { World } from "../gateway/world.ts";
import { openLedger } from "../ledger/open-ledger.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export function atTheEnd(close: () => Promise<unknown>): void {
  closers.push(close);
}

export function brokerFor(simulator: Simulator, clock: Clock): Broker {
  const broker = createAlpacaBroker({
    keyId: "key",
    secret: "secret",
    baseUrl: simulator.url,
    clock,
    budget: new RateBudget({ clock }),
  });
  atTheEnd(() => broker.close());
  return broker;
}

export interface TicksBench {
  readonly account: AccountId;
  readonly clock: ManualClock;
  readonly ledger: Ledger;
  readonly log: readonly Record<string, unknown>[];
  /** How often positions were compared. */
  compared(): number;
  /** Moves this process's time to `at` and runs the tick `name`. */
  run(name: string, at: EpochMs | string): Promise<void>;
  /** Log lines with this message. */
  said(message: string): readonly Record<string, unknown>[];
}

/** The ticks of a process of its own, on the broker and the ledger of `world`. */
export async function ticksIn(world: World, work: Partial<LatchWork> = {}): Promise<TicksBench> {
  const clock = new ManualClock(world.now());
  const ledger = openLedger(world.store, clock);
  const broker = brokerFor(world.simulator, clock);
  const account = await broker.account();
  if (account.kind !== "read") throw new Error(account.reason);
  const log: Record<string, unknown>[] = [];
  const logger = pino(
    { level: "info" },
    { write: (line: string) => void log.push(JSON.parse(line)) },
  );
  let compared = 0;
  const ticks = latchTicks({
    ...{ clock, ledger, broker, account: account.value.accountId },
    log: logger,
    calendar: new MarketCalendar({ broker, clock, log: logger }),
    lookAfter: async () => undefined,
    comparePositions: async () => {
      compared += 1;
    },
    backUp: undefined,
    ...work,
  });
  const run = async (name: string, at: EpochMs | string) => {
    clock.advanceTo(typeof at === "string" ? Date.parse(at) : at);
    const tick = ticks.find((one) => one.name === name);
    if (tick === undefined) throw new Error(`no tick ${name}`);
    await tick.run();
  };
  const said = (message: string) => log.filter(({ msg }) => msg === message);
  const { accountId } = account.value;
  return { account: accountId, clock, ledger, log, compared: () => compared, run, said };
}
