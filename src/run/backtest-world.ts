/**
 * A strategy's day against the simulated broker, on a real port and a real ledger. The driver moves
 * the time of the broker and of every instance, and only when nothing is in flight.
 *
 * 1. After the close time goes on until no claim waits for anything, or a quarter of an hour.
 * 2. The broker misbehaves to the end of the last session; behind it, it has recovered.
 * 3. What is reported is read at the end: orders and positions from the broker's own records.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Latch } from "../latch.ts";
import { NUMBER_FIELD, Quiet } from "../replay/quiet.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import {
  type LoggedRequest,
  type Simulator,
  startSimulator,
  type WireFill,
  type WireOrder,
  type WirePosition,
} from "../simulator/index.ts";
import type { Bar } from "../strategy/bar.ts";
import type { FeedItem } from "../strategy/feed.ts";
import type { UnguardedStrategy } from "../strategy/plain-broker.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { calendarOf } from "./broker-calendar.ts";
import { type DayStep, daySteps } from "./day-steps.ts";
import { GuardedInstance } from "./guarded-instance.ts";
import { type FaultLevel, faultRules } from "./heavy-faults.ts";
import type { Instance, LoggedLine } from "./instance.ts";
import { type LedgerRecords, ledgerRecords } from "./ledger-records.ts";
import { isUnguarded } from "./load-strategy.ts";
import { UnguardedInstance } from "./unguarded-instance.ts";

export interface BacktestPlan {
  /** One for each instance, all of one kind. */
  readonly strategies: readonly (Strategy | UnguardedStrategy)[];
  /** By symbol, each in the order of time. */
  readonly bars: ReadonlyMap<string, readonly Bar[]>;
  readonly faults: FaultLevel;
  /** Draws the faults, and everything else that the broker leaves to chance. */
  readonly seed: number;
  readonly stop: AbortSignal;
  readonly onProgress?: (part: number) => void;
}

/** What came of it, by everybody's own records. */
export interface BacktestRecords {
  readonly sessions: readonly MarketSession[];
  readonly orders: readonly WireOrder[];
  readonly fills: readonly WireFill[];
  readonly positions: readonly WirePosition[];
  readonly requests: readonly LoggedRequest[];
  readonly lines: readonly LoggedLine[];
  /** Null where there was no latch. */
  readonly ledger: LedgerRecords | null;
}

const LONGEST_AFTER_CLOSE_MS = 15 * 60_000;
/** So long the broker's records are followed behind the last session at least. */
const AFTER_CLOSE_MS = 60_000;

/** Rejects with LatchError `strategy_failed`, `invalid_bars`, and when `stop` aborts. */
export async function runBacktest(plan: BacktestPlan): Promise<BacktestRecords> {
  const directory = mkdtempSync(join(tmpdir(), "tradelatch-run-"));
  const startAt = Math.min(...[...plan.bars.values()].flatMap(([first]) => first?.startAt ?? []));
  const simulator = await startSimulator({ startAt, seed: plan.seed, cash: CASH });
  try {
    const world = new BacktestWorld(plan, simulator, join(directory, "latch.db"), startAt);
    return await world.run();
  } finally {
    await simulator.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Enough for any position that a strategy of a few shares takes. */
const CASH = "1000000";

class BacktestWorld {
  readonly #plan: BacktestPlan;
  readonly #simulator: Simulator;
  readonly #store: string;
  readonly #startAt: EpochMs;
  readonly #quiet: Quiet;
  #instances: readonly Instance[] = [];

  constructor(plan: BacktestPlan, simulator: Simulator, store: string, startAt: EpochMs) {
    this.#plan = plan;
    this.#simulator = simulator;
    this.#store = store;
    this.#startAt = startAt;
    this.#quiet = new Quiet((numbers) => heldAmong(simulator.requests(), numbers));
  }

  async run(): Promise<BacktestRecords> {
    const { bars } = this.#plan;
    const hours = await calendarOf(this.#simulator.url, bars);
    const steps = daySteps(bars, hours);
    const sessions = steps.flatMap((step) => (step.kind === "session" ? [step.session] : []));
    const closesAt = sessions.at(-1)?.closeAt;
    if (closesAt === undefined) {
      throw new LatchError("invalid_bars", "no bar is within the market's regular hours");
    }
    this.#setPrices(steps);
    try {
      await this.#open(closesAt);
      this.#simulator.addFaults(faultRules(this.#plan.faults));
      await this.#live(steps, closesAt);
      return await this.#records(sessions);
    } finally {
      this.#simulator.clearFaults();
      for (const instance of this.#instances) await instance.close();
    }
  }

  /** The market has a price of everything before the first order. */
  #setPrices(steps: readonly DayStep[]): void {
    for (const step of steps) {
      if (step.kind !== "prices") continue;
      for (const [symbol, price] of step.prices) this.#simulator.setPrice(symbol, price);
      return;
    }
  }

  async #open(closesAt: EpochMs): Promise<void> {
    const { strategies, stop } = this.#plan;
    const { url: brokerUrl } = this.#simulator;
    const world = { brokerUrl, store: this.#store, startAt: this.#startAt, closesAt, stop };
    const instances: Instance[] = [];
    this.#instances = instances;
    for (const [number, strategy] of strategies.entries()) {
      const own = { ...world, quiet: this.#quiet };
      instances.push(
        isUnguarded(strategy)
          ? new UnguardedInstance(strategy, own, number)
          : await GuardedInstance.open(strategy, own, number),
      );
      await this.#quiet.settled();
    }
  }

  async #live(steps: readonly DayStep[], closesAt: EpochMs): Promise<void> {
    for (const [index, step] of steps.entries()) {
      this.#plan.stop.throwIfAborted();
      await this.#advanceTo(step.at);
      await this.#take(step);
      this.#plan.onProgress?.(index / steps.length);
    }
    await this.#advanceTo(Math.max(closesAt, this.#simulator.now()));
    this.#simulator.clearFaults();
    for (const instance of this.#instances) instance.end();
    await this.#untilOver(this.#simulator.now());
    if (this.#instances.every(({ isOver }) => isOver)) return;
    const message = "a hook of the strategy has not returned by the end of the run";
    throw new LatchError(
      "strategy_failed",
      `${message}: time waits for its orders and reads alone`,
    );
  }

  async #take(step: DayStep): Promise<void> {
    if (step.kind === "prices") {
      for (const [symbol, price] of step.prices) this.#simulator.setPrice(symbol, price);
      return;
    }
    const items: readonly FeedItem[] =
      step.kind === "session"
        ? [step]
        : step.bars.map((bar) => ({ kind: "bar", bar, isPast: false }));
    for (const item of items) for (const instance of this.#instances) instance.push(item);
    for (const instance of this.#instances) await instance.advanceTo(step.at);
  }

  /** Stops at every moment before `target` at which an instance wants to run. */
  async #advanceTo(target: EpochMs): Promise<void> {
    for (;;) {
      const wakes = this.#instances.map((one) => one.wakeAt()).filter((at) => at !== null);
      const next = Math.max(this.#simulator.now(), Math.min(target, ...wakes));
      this.#simulator.setTime(next);
      for (const instance of this.#instances) await instance.advanceTo(next);
      if (next >= target) return;
    }
  }

  async #untilOver(from: EpochMs): Promise<void> {
    await this.#advanceTo(from + AFTER_CLOSE_MS);
    while (!(await this.#isOver()) && this.#simulator.now() < from + LONGEST_AFTER_CLOSE_MS) {
      await this.#advanceTo(this.#simulator.now() + AFTER_CLOSE_MS);
    }
  }

  async #isOver(): Promise<boolean> {
    if (!this.#instances.every(({ isOver }) => isOver)) return false;
    const unsettled = await this.#latch()?.unsettledClaims();
    return unsettled === undefined || unsettled.length === 0;
  }

  #latch(): Latch | undefined {
    const [first] = this.#instances;
    return first instanceof GuardedInstance ? first.latch : undefined;
  }

  async #records(sessions: readonly MarketSession[]): Promise<BacktestRecords> {
    const latch = this.#latch();
    return {
      sessions,
      orders: this.#simulator.orders(),
      fills: this.#simulator.fills(),
      positions: this.#simulator.positions(),
      requests: this.#simulator.requests(),
      lines: this.#instances.flatMap(({ lines }) => lines).sort((a, b) => a.at - b.at),
      ledger: latch === undefined ? null : await ledgerRecords(latch),
    };
  }
}

function heldAmong(requests: readonly LoggedRequest[], numbers: ReadonlySet<string>): number {
  const isHeld = ({ answered }: LoggedRequest) => answered === "hung" || answered === "pending";
  return requests.filter((one) => numbers.has(one.query[NUMBER_FIELD] ?? "") && isHeld(one)).length;
}
