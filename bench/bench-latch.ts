/**
 * The library as a bot opens it: the real ledger in a real file, Alpaca's adapter over HTTP, the
 * machine's clock. Whoever measures does its ticks. Of what `openLatch` wires only the share of the
 * broker's rate limit is another: what is measured goes far beyond 200 requests a minute, and reads
 * would never be let through.
 */
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { createAlpacaBroker } from "../src/broker/alpaca/alpaca-broker.ts";
import { RateBudget } from "../src/broker/alpaca/rate-budget.ts";
import { resolveConfig } from "../src/config.ts";
import { systemClock } from "../src/core/clock.ts";
import { FlooredClock } from "../src/core/floored-clock.ts";
import type { OwnerId } from "../src/core/ids.ts";
import { systemRandom } from "../src/core/random.ts";
import { GuardDesk } from "../src/guard/guard-desk.ts";
import type { Latch } from "../src/latch.ts";
import { backUpSqliteLedger } from "../src/ledger/sqlite/backup.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { LatchInWaiting } from "../src/prepared-latch.ts";
import { KEYS } from "./broker-keys.ts";

const REQUESTS_PER_WINDOW = 1_000_000;
const TRIES = 50;
const PAUSE_MS = 100;

export function openBenchLatch(store: string, brokerUrl: string): Promise<Latch> {
  const clock = new FlooredClock(systemClock);
  const config = resolveConfig({ ...KEYS, store, baseUrl: brokerUrl, agent: "bench" }, {});
  const common = {
    clock,
    ledger: openSqliteLedger(store, clock),
    log: pino({ name: "tradelatch", level: "warn" }, pino.destination(2)),
    owner: systemRandom.uuid() as OwnerId,
  };
  const { agent, guardLeaseMs: leaseMs } = config;
  const parts = {
    ...{ ...common, brokerUrl, broker: benchBroker(brokerUrl), config },
    backUp: (request: Parameters<typeof backUpSqliteLedger>[1]) =>
      backUpSqliteLedger(store, request),
    guard: new GuardDesk({ ...common, random: systemRandom, agent, leaseMs }),
  };
  return new LatchInWaiting(parts, false).open();
}

/** The adapter by itself: what an order's call costs without a claim. */
export function benchBroker(brokerUrl: string) {
  const budget = new RateBudget({ clock: systemClock, maxRequests: REQUESTS_PER_WINDOW });
  return createAlpacaBroker({ ...KEYS, clock: systemClock, baseUrl: brokerUrl, budget });
}

/** Ends what is at work by what the broker shows; throws where something is left. */
export async function settle(latch: Latch): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if ((await latch.unsettledClaims()).length === 0) return;
    // The broker fills an order a moment after it has taken it.
    await pause(PAUSE_MS);
    await latch.recover();
  }
  const [left] = await latch.unsettledClaims();
  throw new Error(`claims are left that the broker does not settle: ${JSON.stringify(left)}`);
}
