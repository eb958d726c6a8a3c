/**
 * The bars of one session as they come: from the stream, and from reads where the stream has them
 * not. What a start in the middle has missed, what a connection that was down has missed, and what
 * the stream just left out are one and the same: minutes that are overdue.
 *
 * 1. A symbol's bars are given in the order of time, those of one minute in the strategy's order.
 * 2. A minute that is overdue is read. Where no read succeeds, it holds the bars behind it up for a
 *    moment only: then they are given, entries are stopped, and it is said which minutes are lost.
 * 3. Entries are stopped while a symbol has had no bar for 90 s, and by a bar that came late. The
 *    newest bar is never withheld as past, so that exits go on.
 */
import type { Logger } from "pino";
import { type MarketData, MINUTE_MS, type MinuteBar } from "../broker/market-data.ts";
import type { EpochMs } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import { newYorkMinute } from "../schedule/new-york-time.ts";
import type { FeedItem, FeedRequest } from "../strategy/feed.ts";
import { BarLine, GRACE_MS } from "./bar-line.ts";
import type { FeedClock } from "./feed-clock.ts";
import { GapReader } from "./gap-reader.ts";
import { namedBar } from "./named-bar.ts";
import { Staleness } from "./staleness.ts";
import { WatchedStream } from "./watched-stream.ts";

export interface SessionFeedParts {
  readonly data: MarketData;
  readonly clock: FeedClock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Without a bar of a symbol for so long in market hours, entries are stopped. */
const STALE_MS = 90_000;
/** A bar that comes later than this after its end is late. */
const FRESH_MS = 30_000;
/** How long bars are held up by minutes before them that cannot be read. */
const PATIENCE_MS = 20_000;
const OVER = new Error("something has changed");

/** A symbol's line, and what was said of it. */
interface Lane {
  readonly line: BarLine;
  /** When its newest bar was over. */
  newestEndAt: EpochMs;
  /** Minutes before this were told of as filled. */
  filledUntil: EpochMs;
  /** Why minutes before the next bar are lost; undefined where none are. */
  hole: string | undefined;
}

export class SessionFeed {
  readonly #parts: SessionFeedParts;
  readonly #session: MarketSession;
  readonly #request: FeedRequest;
  readonly #lanes: readonly Lane[];
  readonly #staleness = new Staleness();
  readonly #startedAt: EpochMs;
  readonly #stream: WatchedStream;
  readonly #reader: GapReader;
  #changed = new AbortController();

  constructor(parts: SessionFeedParts, session: MarketSession, request: FeedRequest) {
    this.#parts = parts;
    this.#session = session;
    this.#request = request;
    this.#startedAt = parts.clock.now();
    const { openAt, closeAt } = session;
    const newestEndAt = Math.max(openAt, this.#startedAt);
    this.#lanes = request.symbols.map((symbol) => {
      const line = new BarLine(symbol, openAt, closeAt);
      return { line, newestEndAt, filledUntil: this.#startedAt, hole: undefined };
    });
    this.#stream = new WatchedStream({
      ...{ ...parts, symbols: request.symbols },
      onBar: (bar) => this.#hear(bar),
    });
    this.#reader = new GapReader({
      ...{ ...parts, openAt, closeAt },
      onRead: (news) => {
        if (news > 0) this.#stream.missed();
        this.#wake();
      },
    });
  }

  /** Until the session is over or the request's signal aborts. */
  async *items(): AsyncGenerator<FeedItem> {
    const { signal } = this.#request;
    const stopping = new AbortController();
    const end = () => {
      stopping.abort(OVER);
      this.#wake();
    };
    signal.addEventListener("abort", end, { once: true });
    const streaming = this.#stream.run(stopping.signal);
    try {
      for (;;) {
        yield* this.#due();
        if (this.#reader.failure !== undefined) throw this.#reader.failure;
        if (signal.aborted || this.#isOver()) return;
        this.#reader.look(this.#lanes.map(({ line }) => line));
        await this.#untilSomethingIsDue();
      }
    } finally {
      signal.removeEventListener("abort", end);
      stopping.abort(OVER);
      await Promise.all([streaming, this.#reader.rest()]);
    }
  }

  /** All that is to be told now. */
  *#due(): Generator<FeedItem> {
    for (;;) {
      const now = this.#parts.clock.now();
      yield* this.#stopEntries(now);
      this.#giveUpLost(now);
      const lane = this.#nextLane(now);
      if (lane === undefined || this.#request.signal.aborted) return;
      yield* this.#give(lane, now);
    }
  }

  /** The earliest bar, once the others of its minute are there or have had their time. */
  #nextLane(now: EpochMs): Lane | undefined {
    const ready = this.#lanes.filter(({ line }) => line.head() !== undefined);
    const next = Math.min(...ready.map(({ line }) => line.next));
    const isComplete = this.#lanes.every(
      ({ line }) => line.next > next || line.head()?.startAt === next,
    );
    if (!this.#reader.hasRead || !(isComplete || now >= next + MINUTE_MS + GRACE_MS))
      return undefined;
    return ready.find(({ line }) => line.next === next);
  }

  *#give(lane: Lane, now: EpochMs): Generator<FeedItem> {
    const { line } = lane;
    const bar = line.head();
    if (bar === undefined) return;
    const endAt = bar.startAt + MINUTE_MS;
    const isPast = endAt <= this.#startedAt || !this.#isCurrent(line, bar.startAt, now);
    if (isPast) yield* this.#filled(lane, now);
    else yield* this.#judge(lane, now - endAt);
    line.pass();
    lane.newestEndAt = Math.max(lane.newestEndAt, endAt);
    yield { kind: "bar", bar: namedBar(bar), isPast };
  }

  /** Young, or the newest there is: whoever holds a position has to decide by it. */
  #isCurrent(line: BarLine, startAt: EpochMs, now: EpochMs): boolean {
    return now - (startAt + MINUTE_MS) <= FRESH_MS || line.isNewest(startAt);
  }

  /** What is past and was not told of, with all that follows it without a hole. */
  *#filled(lane: Lane, now: EpochMs): Generator<FeedItem> {
    const { line } = lane;
    if (line.next + MINUTE_MS <= lane.filledUntil) return;
    let bars = line.countBefore(this.#session.closeAt);
    const last = () => line.next + (bars - 1) * MINUTE_MS;
    if (this.#isCurrent(line, last(), now)) bars -= 1;
    lane.filledUntil = last() + MINUTE_MS;
    const [from, until] = [newYorkMinute(line.next), newYorkMinute(last())];
    yield { kind: "gap_filled", at: now, symbol: line.symbol, from, until, bars };
  }

  /** A young bar ends what stopped entries; a late one, or one behind lost minutes, stops them. */
  *#judge(lane: Lane, ageMs: number): Generator<FeedItem> {
    const { symbol } = lane.line;
    const late = `the bar of ${symbol} came ${Math.round(ageMs / 1_000)} s late`;
    const reason = lane.hole ?? (ageMs > FRESH_MS ? late : undefined);
    lane.hole = undefined;
    if (reason !== undefined) yield* this.#stale(symbol, reason);
    else if (this.#staleness.clear(symbol)) yield { kind: "resumed", at: this.#parts.clock.now() };
  }

  *#stopEntries(now: EpochMs): Generator<FeedItem> {
    for (const { line, newestEndAt } of this.#lanes) {
      if (now < newestEndAt + STALE_MS || now >= this.#session.closeAt) continue;
      if (this.#staleness.has(line.symbol)) continue;
      yield* this.#stale(line.symbol, `no bar of ${line.symbol} for ${STALE_MS / 1_000} s`);
    }
  }

  *#stale(symbol: string, reason: string): Generator<FeedItem> {
    if (!this.#staleness.mark(symbol, reason)) return;
    yield { kind: "stale", at: this.#parts.clock.now(), reason };
  }

  #giveUpLost(now: EpochMs): void {
    const { unread, hasRead } = this.#reader;
    if (unread === undefined || !hasRead) return;
    for (const lane of this.#lanes) {
      const { line } = lane;
      const holdsUpSince = line.firstWaiting();
      if (holdsUpSince === undefined || now < holdsUpSince + MINUTE_MS + PATIENCE_MS) continue;
      const lost = line.giveUp();
      if (lost === undefined) continue;
      const span = `${newYorkMinute(lost.from)} to ${newYorkMinute(lost.last)}`;
      const { symbol } = line;
      this.#parts.log.warn({ symbol, ...lost, reason: unread }, "minutes are lost");
      lane.hole = `the bars of ${symbol} from ${span} could not be read: ${unread}`;
    }
  }

  #hear(bar: MinuteBar): void {
    const line = this.#lanes.map((lane) => lane.line).find(({ symbol }) => symbol === bar.symbol);
    line?.take(bar);
    // What it is ahead of is missing, and is read at once.
    if (line?.firstWaiting() !== undefined) this.#reader.hurry();
    this.#wake();
  }

  #isOver(): boolean {
    if (this.#lanes.every(({ line }) => line.isOver)) return true;
    return this.#parts.clock.now() >= this.#session.closeAt + STALE_MS;
  }

  async #untilSomethingIsDue(): Promise<void> {
    const { clock } = this.#parts;
    const now = clock.now();
    const times = this.#lanes.flatMap(({ line, newestEndAt }) => [
      line.dueAt,
      newestEndAt + STALE_MS,
      (line.firstWaiting() ?? now) + MINUTE_MS + PATIENCE_MS,
    ]);
    times.push(this.#reader.againAt, this.#session.closeAt + STALE_MS);
    const next = Math.min(...times.filter((at) => at > now));
    const { signal } = this.#changed;
    await clock.sleep(next - now, signal).catch(() => undefined);
    this.#changed = signal.aborted ? new AbortController() : this.#changed;
  }

  #wake(): void {
    this.#changed.abort(OVER);
  }
}
