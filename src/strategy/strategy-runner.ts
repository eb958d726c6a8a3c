/**
 * Joins a strategy, a feed and a latch: one call of one hook at a time, fills before the bar that
 * follows them.
 *
 * 1. Nothing is sent for a bar of the past, also where its hook has returned and not waited for the
 *    decision; and no entry while the feed is stale. Exits go on.
 * 2. A hook that throws ends the run; so does a feed that fails. Positions stay as they are.
 * 3. A hook that does not return holds everything up, and ends nothing: it is told of.
 * 4. A failure of the latch (its store refuses, an intent is wrong) is the strategy's to meet: it
 *    reaches the hook that called. Fills that cannot be read for now are told when they can.
 *
 * Opens and closes neither latch nor feed, and knows no clock but the one it is given.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, setAlarm } from "../core/clock.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import { type IntentInput, parseIntent } from "../identity/intent-schema.ts";
import type { Latch } from "../latch.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import { heldBack } from "./entry-gate.ts";
import type { Feed, FeedItem } from "./feed.ts";
import { FillWatch } from "./fill-watch.ts";
import type { Strategy, StrategyContext, StrategyFill } from "./strategy.ts";

/** Who looks on; every method may be left out. */
export interface RunObserver {
  /** Before the strategy hears of it. */
  onItem?(item: FeedItem): void;
  onAnswer?(intent: IntentInput, answer: OrderAnswer): void;
  onFill?(fill: StrategyFill): void;
  onLog?(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface RunParts {
  readonly strategy: Strategy;
  readonly feed: Feed;
  readonly latch: Latch;
  readonly clock: Clock;
  readonly observer?: RunObserver | undefined;
  /** Intents are shown to the observer and not sent. */
  readonly isDryRun?: boolean | undefined;
}

/** A hook that takes so long is told of: meanwhile nobody decides anything. */
const HANGS_MS = 60_000;

type HookName = "onStart" | "onBar" | "onFill" | "onStop";

export class StrategyRunner {
  readonly #parts: RunParts;
  readonly #observer: RunObserver;
  readonly #fills: FillWatch;
  readonly #context: StrategyContext;
  /**
   * Whatever asks was begun at a bar of the past, however long ago that was. Entered at such a bar
   * alone: from then on Node 20 follows every promise of the process, which a backtest would feel.
   */
  readonly #ofPast = new AsyncLocalStorage<true>();
  #session: MarketSession | undefined;
  /** Whether the newest bar that was told of is one of the present. */
  #isCaughtUp = true;
  #entriesStopped: string | null = null;
  #areFillsUnread = false;
  /** Whatever is done is done behind this. */
  #last: Promise<void> = Promise.resolve();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#observer = parts.observer ?? {};
    this.#fills = new FillWatch(parts.latch, parts.clock.now());
    this.#context = this.#makeContext();
  }

  /**
   * Runs until the feed is over or `signal` aborts. Rejects with LatchError `strategy_failed` or
   * `feed_failed`.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { strategy, feed } = this.#parts;
    await this.#inTurn(() => this.#fills.begin());
    await this.#inTurn(() => this.#call("onStart", () => strategy.onStart?.(this.#context)));
    for await (const item of feed.items({ symbols: strategy.symbols, signal })) {
      await this.#inTurn(() => this.#take(item));
    }
    await this.#inTurn(() => this.#tellFills());
    await this.#inTurn(() => this.#call("onStop", () => strategy.onStop?.(this.#context)));
  }

  /**
   * Tells the strategy of what has been filled since, between two hooks. Rejects as {@link run}
   * does; whoever called it then ends the run.
   */
  lookForFills(): Promise<void> {
    return this.#inTurn(() => this.#tellFills());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #take(item: FeedItem): Promise<void> {
    this.#observer.onItem?.(item);
    if (item.kind === "session") this.#session = item.session;
    if (item.kind === "stale") this.#entriesStopped = item.reason;
    if (item.kind === "resumed") this.#entriesStopped = null;
    if (item.kind !== "bar") return;
    await this.#tellFills();
    this.#isCaughtUp = !item.isPast;
    const onBar = () => this.#parts.strategy.onBar(item.bar, this.#context);
    await this.#call("onBar", item.isPast ? () => this.#ofPast.run(true, onBar) : onBar);
  }

  async #tellFills(): Promise<void> {
    try {
      for await (const fill of this.#fills.news()) {
        this.#observer.onFill?.(fill);
        await this.#call("onFill", () => this.#parts.strategy.onFill?.(fill, this.#context));
      }
      this.#areFillsUnread = false;
    } catch (error) {
      if (!(error instanceof LatchError && error.retryable)) throw error;
      if (!this.#areFillsUnread) {
        this.#observer.onLog?.("fills cannot be read for now", { because: error.message });
      }
      this.#areFillsUnread = true;
    }
  }

  async #call(hook: HookName, work: () => void | Promise<void>): Promise<void> {
    const span = `${HANGS_MS / 1_000} s`;
    const hang = `${hook} has not returned for ${span}: until it does, no bar and no fill is told`;
    const calledOff = setAlarm(this.#parts.clock, HANGS_MS, () => this.#observer.onLog?.(hang, {}));
    try {
      await work();
    } catch (cause) {
      const message = `${hook} of the strategy has thrown: ${messageOf(cause)}`;
      throw new LatchError("strategy_failed", message, { cause });
    } finally {
      calledOff();
    }
  }

  async #submit(intent: IntentInput): Promise<OrderAnswer> {
    const { latch, isDryRun = false } = this.#parts;
    const feed = { entriesStopped: this.#entriesStopped, isCaughtUp: this.#isCaughtUp };
    const standing = { ...feed, isPast: this.#isPast, isDryRun };
    const held = await heldBack(intent, standing, (symbol) => latch.book(symbol));
    // A dry run is there to show what would come of it.
    if (held?.code === "dry_run") parseIntent(intent, latch.account, latch.agent);
    const answer = held ?? (await latch.submit(intent));
    if (answer.requestId !== null) this.#fills.watch(answer.requestId);
    this.#observer.onAnswer?.(intent, answer);
    return answer;
  }

  get #isPast(): boolean {
    return this.#ofPast.getStore() ?? false;
  }

  #makeContext(): StrategyContext {
    const { latch, clock } = this.#parts;
    const runner = this;
    return {
      account: latch.account,
      agent: latch.agent,
      book: (symbol) => latch.book(symbol),
      books: () => latch.books(),
      claim: (requestId, agent) => latch.claim(requestId, agent),
      claims: (filters) => latch.claims(filters),
      entryCheck: (symbol) => latch.entryCheck(symbol),
      incidents: (query) => latch.incidents(query),
      unsettledClaims: () => latch.unsettledClaims(),
      submit: (intent) => runner.#submit(intent),
      now: () => clock.now(),
      get session() {
        return runner.#session;
      },
      get isPast() {
        return runner.#isPast;
      },
      get entriesStopped() {
        return runner.#entriesStopped;
      },
      log: (message, fields = {}) => runner.#observer.onLog?.(message, fields),
    };
  }
}
