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
import type { Clock, EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import { newYorkMinute } from "../schedule/new-york-time.ts";
import type { FeedItem, FeedRequest } from "../strategy/feed.ts";
import { BarLine, GRACE_MS } from "./bar-line.ts";
import { namedBar } from "./named-bar.ts";
import { Staleness } from "./staleness.ts";
import { StreamKeeper } from "./stream-keeper.ts";

export interface SessionFeedParts {
  readonly data: MarketData;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Without a bar of a symbol for so long in market hours, entries are stopped. */
export const STALE_MS = 90_000;
/** A bar that comes later than this after its end is late. */
export const FRESH_MS = 30_000;
/** How long bars are held up by minutes before them that cannot be read. */
const PATIENCE_MS = 20_000;
/** How long a start goes on trying to read what came before it. */
export const START_PATIENCE_MS = 60_000;
const FIRST_READ_PAUSE_MS = 4_000;
const LONGEST_READ_PAUSE_MS = 16_000;
/** So many reads in a row with bars that the stream has not told of, and it is made anew. */
const SILENT_READS = 3;
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
  readonly #keeper: StreamKeeper;
  #changed = new AbortController();
  #reading: Promise<void> | undefined;
  #readAgainAt: EpochMs = Number.NEGATIVE_INFINITY;
  #readPauseMs = FIRST_READ_PAUSE_MS;
  /** Why the last read came to nothing; undefined where it did not. */
  #unread: string | undefined;
  #hasRead = false;
  /** How many reads in a row had bars that the stream did not tell of. */
  #readInstead = 0;
  #isUp = false;
  #failure: LatchError | undefined;

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
    this.#keeper = this.#openKeeper();
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
    const streaming = this.#keeper.run(stopping.signal);
    try {
      for (;;) {
        yield* this.#due();
        if (this.#failure !== undefined) throw this.#failure;
        if (signal.aborted || this.#isOver()) return;
        this.#lookUp();
        await this.#untilSomethingIsDue();
      }
    } finally {
      signal.removeEventListener("abort", end);
      stopping.abort(OVER);
      await Promise.all([streaming, this.#reading]);
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
    if (!this.#hasRead || !(isComplete || now >= next + MINUTE_MS + GRACE_MS)) return undefined;
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
    const endAt = startAt + MINUTE_MS;
    if (now - endAt <= FRESH_MS) return true;
    return line.isNewest(startAt) && now < endAt + MINUTE_MS + GRACE_MS;
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
    if (this.#unread === undefined || !this.#hasRead) return;
    for (const lane of this.#lanes) {
      const { line } = lane;
      const holdsUpSince = line.firstWaiting();
      if (holdsUpSince === undefined || now < holdsUpSince + MINUTE_MS + PATIENCE_MS) continue;
      const lost = line.giveUp();
      if (lost === undefined) continue;
      const span = `${newYorkMinute(lost.from)} to ${newYorkMinute(lost.last)}`;
      const { symbol } = line;
      this.#parts.log.warn({ symbol, ...lost, reason: this.#unread }, "minutes are lost");
      lane.hole = `the bars of ${symbol} from ${span} could not be read: ${this.#unread}`;
    }
  }

  /** Reads what is overdue, one read at a time. */
  #lookUp(): void {
    const now = this.#parts.clock.now();
    if (this.#reading !== undefined || now < this.#readAgainAt) return;
    const overdue = this.#lanes.map(({ line }) => line).filter((line) => line.isOverdue(now));
    const until = Math.min(Math.floor(now / MINUTE_MS) * MINUTE_MS, this.#session.closeAt);
    const from = Math.min(...overdue.map((line) => line.next));
    if (overdue.length === 0) {
      this.#readPauseMs = FIRST_READ_PAUSE_MS;
      this.#hasRead ||= until <= this.#session.openAt;
    }
    if (from >= until) return;
    this.#reading = this.#read(overdue, from, until, now).finally(() => {
      this.#reading = undefined;
      this.#wake();
    });
  }

  async #read(
    lines: readonly BarLine[],
    from: EpochMs,
    until: EpochMs,
    readAt: EpochMs,
  ): Promise<void> {
    const symbols = lines.map(({ symbol }) => symbol);
    const reading = await this.#parts.data.bars({ symbols, from, until });
    this.#readAgainAt = this.#parts.clock.now() + this.#readPauseMs;
    this.#readPauseMs = Math.min(this.#readPauseMs * 2, LONGEST_READ_PAUSE_MS);
    if (reading.kind !== "read") {
      this.#tellUnread(reading.reason, reading.kind === "refused");
      return;
    }
    this.#unread = undefined;
    // A minute that is not over by our clock may change yet.
    const over = reading.value.filter(({ startAt }) => startAt + MINUTE_MS <= readAt);
    const news = over.filter((bar) => this.#take(bar));
    for (const line of lines) line.confirm(readAt);
    if (this.#hasRead && news.length > 0) this.#missedByStream();
    if (!this.#hasRead) this.#parts.log.info({ symbols, bars: reading.value.length }, "caught up");
    this.#hasRead = true;
  }

  /** A stream that is up and tells nothing is made anew. */
  #missedByStream(): void {
    if (!this.#isUp) return;
    this.#readInstead += 1;
    if (this.#readInstead < SILENT_READS) return;
    this.#parts.log.warn("the stream of bars is silent while bars are read: it is made anew");
    this.#readInstead = 0;
    this.#keeper.restart();
  }

  #tellUnread(reason: string, isRefused: boolean): void {
    const { log, clock, data } = this.#parts;
    if (this.#unread === undefined) log.warn({ reason }, "bars cannot be read");
    this.#unread = reason;
    const isLate = clock.now() >= this.#startedAt + START_PATIENCE_MS;
    if (this.#hasRead || !(isRefused || isLate)) return;
    const message = `the session's bars cannot be read from ${data.url}: ${reason}`;
    this.#failure = new LatchError("feed_failed", message);
  }

  /** What keeps the stream up; its reasons for being down are told once each. */
  #openKeeper(): StreamKeeper {
    const { data, clock, random, log } = this.#parts;
    const { symbols } = this.#request;
    let told: string | undefined;
    return new StreamKeeper({
      ...{ data, clock, random, symbols },
      onBar: (bar) => {
        this.#readInstead = 0;
        // What it is ahead of is missing, and is read at once.
        if (this.#take(bar)) this.#readAgainAt = clock.now();
        this.#wake();
      },
      onUp: () => {
        told = undefined;
        this.#readInstead = 0;
        this.#isUp = true;
        log.info({ url: data.streamUrl, symbols }, "the stream of bars is up");
      },
      onDown: ({ kind, reason }, pauseMs) => {
        const fields = { kind, reason, pauseMs: Math.round(pauseMs) };
        this.#isUp = false;
        const level = reason === told ? "debug" : "warn";
        told = reason;
        log[level](fields, "the stream of bars is down; bars are read meanwhile");
      },
    });
  }

  #take(bar: MinuteBar): boolean {
    const lane = this.#lanes.find(({ line }) => line.symbol === bar.symbol);
    return lane?.line.take(bar) === true;
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
    times.push(this.#readAgainAt, this.#session.closeAt + STALE_MS);
    const next = Math.min(...times.filter((at) => at > now));
    const { signal } = this.#changed;
    await clock.sleep(next - now, signal).catch(() => undefined);
    this.#changed = signal.aborted ? new AbortController() : this.#changed;
  }

  #wake(): void {
    this.#changed.abort(OVER);
  }
}
