/** An instance of a strategy that sends its orders by itself, straight to the broker. */
import type { EpochMs } from "../core/clock.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import { ManualClock } from "../core/manual-clock.ts";
import { PlainAlpaca } from "../replay/plain-alpaca.ts";
import type { Quiet } from "../replay/quiet.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import type { FeedItem } from "../strategy/feed.ts";
import type { UnguardedContext, UnguardedStrategy } from "../strategy/plain-broker.ts";
import type { Instance, LoggedLine } from "./instance.ts";

/** After so long without an answer the bot's own client gives up, and the bot sends again. */
const CLIENT_TIMEOUT_MS = 10_000;

export interface UnguardedWorld {
  readonly brokerUrl: string;
  readonly startAt: EpochMs;
  readonly quiet: Quiet;
}

export class UnguardedInstance implements Instance {
  readonly lines: LoggedLine[] = [];
  readonly #strategy: UnguardedStrategy;
  readonly #clock: ManualClock;
  readonly #quiet: Quiet;
  readonly #context: UnguardedContext;
  #session: MarketSession | undefined;
  #last: Promise<void>;
  /** Ends what is under way when the run is given up. */
  readonly #stop = new AbortController();
  #failure: unknown;
  #isOver = false;

  constructor(strategy: UnguardedStrategy, world: UnguardedWorld, instance: number) {
    this.#strategy = strategy;
    this.#clock = new ManualClock(world.startAt);
    this.#quiet = world.quiet;
    const { brokerUrl: baseUrl } = world;
    const { fetchApi } = world.quiet;
    const clock = this.#clock;
    const own = this;
    this.#context = {
      broker: new PlainAlpaca({ baseUrl, fetchApi, deadline: () => this.#deadline() }),
      now: () => clock.now(),
      get session() {
        return own.#session;
      },
      log: (message, fields = {}) =>
        void this.lines.push({ at: clock.now(), instance, message, fields }),
    };
    this.#last = this.#call(() => strategy.onStart?.(this.#context));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  push(item: FeedItem): void {
    this.#last = this.#last.then(() => this.#take(item));
  }

  end(): void {
    void this.#last
      .then(() => this.#call(() => this.#strategy.onStop?.(this.#context)))
      .then(() => {
        this.#isOver = true;
      });
  }

  async advanceTo(now: EpochMs): Promise<void> {
    this.#clock.advanceTo(now);
    await this.#quiet.settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  wakeAt(): EpochMs | null {
    return this.#clock.nextWakeAt() ?? null;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("the run is over"));
    // A hook that never returns is not waited for.
    await this.#quiet.settled();
  }

  /** Aborts when the bot's own client gives up. */
  #deadline(): AbortSignal {
    const { signal } = this.#stop;
    const controller = new AbortController();
    const giveUp = () => controller.abort(new Error("no answer"));
    this.#clock.sleep(CLIENT_TIMEOUT_MS, signal).then(giveUp, giveUp);
    return controller.signal;
  }

  async #take(item: FeedItem): Promise<void> {
    if (item.kind === "session") this.#session = item.session;
    if (item.kind === "bar") {
      await this.#call(() => this.#strategy.onBar(item.bar, this.#context));
    }
  }

  async #call(hook: () => void | Promise<void>): Promise<void> {
    try {
      await hook();
    } catch (cause) {
      const message = `the strategy has thrown: ${messageOf(cause)}`;
      this.#failure ??= new LatchError("strategy_failed", message, { cause });
    }
  }
}
