/** A strategy's instance with a latch of its own, on a ledger that the others share. */
import { pino } from "pino";
import { openLatch } from "../app.ts";
import type { EpochMs } from "../core/clock.ts";
import { ManualClock } from "../core/manual-clock.ts";
import type { Latch } from "../latch.ts";
import { DrivenLatch } from "../replay/driven-latch.ts";
import type { Quiet } from "../replay/quiet.ts";
import type { FeedItem } from "../strategy/feed.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { type RunObserver, StrategyRunner } from "../strategy/strategy-runner.ts";
import type { Instance, LoggedLine } from "./instance.ts";
import { PushedFeed } from "./pushed-feed.ts";

export interface InstanceWorld {
  readonly brokerUrl: string;
  /** The ledger's file. */
  readonly store: string;
  readonly startAt: EpochMs;
  readonly closesAt: EpochMs;
  readonly quiet: Quiet;
  readonly stop: AbortSignal;
}

/** All instances of the bot are one agent group. */
const AGENT = "backtest";

export class GuardedInstance implements Instance {
  readonly lines: LoggedLine[] = [];
  readonly #feed = new PushedFeed();
  readonly #driven: DrivenLatch;
  #isOver = false;

  private constructor(
    strategy: Strategy,
    driven: DrivenLatch,
    clock: ManualClock,
    instance: number,
    stop: AbortSignal,
  ) {
    this.#driven = driven;
    const observer: RunObserver = {
      onAnswer: () => driven.orderGiven(),
      onLog: (message, fields) =>
        void this.lines.push({ at: clock.now(), instance, message, fields }),
    };
    const { latch } = driven;
    const runner = new StrategyRunner({ strategy, feed: this.#feed, latch, clock, observer });
    runner.run(stop).then(
      () => {
        this.#isOver = true;
      },
      (error: unknown) => driven.fail(error),
    );
  }

  static async open(strategy: Strategy, world: InstanceWorld, instance: number): Promise<Instance> {
    const { quiet, brokerUrl, store, startAt, closesAt, stop } = world;
    const clock = new ManualClock(startAt);
    const latch = await openLatch({
      ...{ store, baseUrl: brokerUrl, agent: AGENT, keyId: "backtest", secret: "backtest" },
      ...{ clock, fetchApi: quiet.fetchApi, schedule: false },
      // What a running latch would log is what the report is about.
      logger: pino({ level: "silent" }),
    });
    const driven = new DrivenLatch(latch, clock, quiet, closesAt);
    return new GuardedInstance(strategy, driven, clock, instance, stop);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get latch(): Latch {
    return this.#driven.latch;
  }

  push(item: FeedItem): void {
    this.#feed.push(item);
  }

  end(): void {
    this.#feed.end();
  }

  advanceTo(now: EpochMs): Promise<void> {
    return this.#driven.advanceTo(now);
  }

  wakeAt(): EpochMs | null {
    return this.#driven.wakeAt();
  }

  close(): Promise<void> {
    return this.#driven.close();
  }
}
