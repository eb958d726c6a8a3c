/**
 * Puts the broker's trade updates in the order in which they are relayed, and fills the gaps.
 *
 * 1. The rest of the sidecar hears of an update, and is awaited, before a listener does. It is
 *    awaited within a bound; what it failed to apply, polling applies. What has come in one turn of
 *    the event loop is told in one, in order, so that it can be applied together.
 * 2. After a gap nothing is relayed until the orders were read; then what was missed comes first,
 *    and what had arrived meanwhile after it.
 * 3. What waits is bounded. What does not fit is forgotten, which is a gap like any other.
 * 4. A read made right after a gap can still lag behind, so one more follows later.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { type Clock, type EpochMs, setAlarm } from "../core/clock.ts";
import type { ReportProblem } from "./stream-problem.ts";
import { StreamProgress } from "./stream-progress.ts";
import type { TradeUpdate, WireOrder } from "./trade-update.ts";

export interface StreamFeedPorts {
  readonly clock: Clock;
  /**
   * The orders that changed since `since` (sidecar's clock), as the broker's own JSON objects, or
   * undefined when they could not be read. Undefined `since`: the relay begins, and every order
   * that may still change is wanted; finished ones do no harm.
   */
  readonly catchUp: (since: EpochMs | undefined) => Promise<readonly WireOrder[] | undefined>;
  /** Awaited before the update is relayed; the next ones may be told before it resolves. */
  readonly onUpdate?: ((update: TradeUpdate) => void | Promise<void>) | undefined;
  readonly deliver: (update: TradeUpdate) => void;
  /** From now on every event is delivered. */
  readonly onLive: () => void;
  readonly onProblem?: ReportProblem | undefined;
}

/** So many updates are told before the first of them is awaited. */
const TOLD_TOGETHER = 64;

/** Updates and readings that may wait. */
const FEED_CAPACITY = 10_000;
const HOOK_DEADLINE_MS = 2_000;
const CATCH_UP_DEADLINE_MS = 30_000;
const CATCH_UP_FIRST_PAUSE_MS = 1_000;
const CATCH_UP_LONGEST_PAUSE_MS = 15_000;
/** Lists have been seen to miss an order for some 10 s. */
const SECOND_READ_AFTER_MS = 15_000;

type Waiting = { readonly at: EpochMs } & (
  | { readonly update: TradeUpdate }
  | { readonly orders: readonly WireOrder[] }
);

export class StreamFeed {
  readonly #ports: StreamFeedPorts;
  readonly #progress = new StreamProgress();
  readonly #closing = new AbortController();
  /** Ends what is waited for within a bound. */
  readonly #bounded = new Set<() => void>();
  readonly #begunAt: EpochMs;
  #waiting: Waiting[] = [];
  /** When the first of what is being relayed arrived. */
  #relayingSince: EpochMs | undefined;
  #isUp = false;
  /** Something may have been missed; listeners get nothing new until that is made up for. */
  #isBehind = true;
  /** When the gap began; undefined before the first reading. */
  #gapSince: EpochMs | undefined;
  #hasBegun = false;
  /** Counts gaps: a reading that was begun before the last one proves nothing about it. */
  #gaps = 0;
  #isRunning = false;

  constructor(ports: StreamFeedPorts) {
    this.#ports = ports;
    this.#begunAt = ports.clock.now();
  }

  /** Whether every event from now on will be delivered. */
  get isLive(): boolean {
    return this.#isUp && !this.#isBehind;
  }

  /**
   * Since when something waits to be delivered: the beginning of the gap, or the arrival of the
   * oldest update that is not relayed yet; undefined when nothing does.
   */
  get behindSince(): EpochMs | undefined {
    if (this.#isBehind) return this.#gapSince ?? this.#begunAt;
    return this.#relayingSince ?? this.#waiting[0]?.at;
  }

  upstreamUp(): void {
    this.#isUp = true;
    this.#wake();
  }

  upstreamGap(since: EpochMs): void {
    this.#isUp = false;
    this.#beginGap(since);
  }

  receive(update: TradeUpdate): void {
    this.#put({ at: this.#ports.clock.now(), update });
  }

  /** Orders that somebody else has read: what the stream did not tell of them is relayed. */
  observe(orders: readonly WireOrder[]): void {
    if (this.#hasBegun) this.#put({ at: this.#ports.clock.now(), orders });
  }

  close(): void {
    this.#closing.abort();
    for (const stop of this.#bounded) stop();
    this.#waiting = [];
  }

  #put(item: Waiting): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.push(item);
    if (this.#waiting.length > FEED_CAPACITY) {
      const since = this.#waiting[0]?.at ?? item.at;
      this.#waiting = [];
      this.#ports.onProblem?.({ kind: "feed_overflow" });
      this.#beginGap(since);
    }
    this.#wake();
  }

  #beginGap(since: EpochMs): void {
    this.#gaps += 1;
    this.#isBehind = true;
    if (this.#hasBegun) this.#gapSince = Math.min(since, this.#gapSince ?? since);
  }

  #wake(): void {
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      await turnOfTheLoop();
      let pauseMs = CATCH_UP_FIRST_PAUSE_MS;
      while (!this.#closing.signal.aborted) {
        if (this.#isBehind && this.#isUp) {
          const isRead = await this.#catchUp();
          if (!isRead) await this.#sleep(pauseMs);
          pauseMs = isRead ? CATCH_UP_FIRST_PAUSE_MS : longer(pauseMs);
          continue;
        }
        const items = this.#waiting.splice(0, TOLD_TOGETHER);
        if (items.length === 0) return;
        this.#relayingSince = items[0]?.at;
        await this.#relay(items.flatMap((item) => this.#news(item)));
        this.#relayingSince = undefined;
      }
    } finally {
      // In the same turn as the last look at what waits: no wake-up is lost.
      this.#isRunning = false;
    }
  }

  #news(item: Waiting): readonly TradeUpdate[] {
    return "update" in item ? this.#progress.update(item.update) : this.#progress.read(item.orders);
  }

  /** False when the orders could not be read; true also when another gap came in between. */
  async #catchUp(): Promise<boolean> {
    const gap = this.#gaps;
    const since = this.#gapSince;
    const isFirst = !this.#hasBegun;
    const orders = await this.#readOrders(since);
    if (orders === undefined || this.#closing.signal.aborted) return false;
    if (gap !== this.#gaps) return true;
    const held = this.#waiting;
    this.#waiting = [];
    const readings = held.flatMap((item) => ("orders" in item ? item.orders : []));
    const updates = held.flatMap((item) => ("update" in item ? [item.update] : []));
    if (isFirst) this.#progress.begin(orders);
    this.#hasBegun = true;
    await this.#relay(this.#progress.resume([...orders, ...readings], updates));
    if (gap !== this.#gaps) return true;
    this.#isBehind = false;
    this.#gapSince = undefined;
    if (!isFirst) void this.#readAgain(since);
    this.#ports.onLive();
    return true;
  }

  async #readAgain(since: EpochMs | undefined): Promise<void> {
    const gap = this.#gaps;
    await this.#sleep(SECOND_READ_AFTER_MS);
    if (gap !== this.#gaps || this.#closing.signal.aborted) return;
    const orders = await this.#readOrders(since);
    if (orders !== undefined && gap === this.#gaps) this.observe(orders);
  }

  async #readOrders(since: EpochMs | undefined): Promise<readonly WireOrder[] | undefined> {
    try {
      // Called inside, so that a port that throws at once counts as one that rejects.
      const reading = (async () => this.#ports.catchUp(since))();
      const orders = await this.#within(CATCH_UP_DEADLINE_MS, reading);
      const isFailed = orders === undefined && !this.#closing.signal.aborted;
      if (isFailed) this.#ports.onProblem?.({ kind: "catch_up_failed" });
      return orders;
    } catch (cause) {
      this.#ports.onProblem?.({ kind: "catch_up_failed", cause });
      return undefined;
    }
  }

  async #relay(updates: readonly TradeUpdate[]): Promise<void> {
    for (let first = 0; first < updates.length; first += TOLD_TOGETHER) {
      const together = updates.slice(first, first + TOLD_TOGETHER);
      const told = together.map((update) => this.#tell(update));
      for (const [index, update] of together.entries()) {
        await told[index];
        if (this.#closing.signal.aborted) return;
        this.#ports.deliver(update);
      }
    }
  }

  async #tell(update: TradeUpdate): Promise<void> {
    const { onUpdate, onProblem } = this.#ports;
    try {
      const told = onUpdate?.(update);
      if (told === undefined) return;
      const done = await this.#within(
        HOOK_DEADLINE_MS,
        told.then(() => true),
      );
      const isLate = done === undefined && !this.#closing.signal.aborted;
      if (isLate) onProblem?.({ kind: "hook_late" });
    } catch (cause) {
      onProblem?.({ kind: "hook_failed", cause });
    }
  }

  /** The result of `work`, or undefined when it takes longer or the feed closes. */
  async #within<Result>(limitMs: number, work: Promise<Result>): Promise<Result | undefined> {
    let stop = (): void => undefined;
    const over = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined);
    });
    const callOff = setAlarm(this.#ports.clock, limitMs, stop);
    this.#bounded.add(stop);
    try {
      return await Promise.race([work, over]);
    } finally {
      callOff();
      this.#bounded.delete(stop);
    }
  }

  #sleep(durationMs: number): Promise<void> {
    return this.#ports.clock.sleep(durationMs, this.#closing.signal).catch(() => {});
  }
}

function longer(pauseMs: number): number {
  return Math.min(pauseMs * 2, CATCH_UP_LONGEST_PAUSE_MS);
}
