/**
 * Reads the minutes that are overdue, one read at a time, with growing pauses while it has to ask
 * again. At the start everything since the open is overdue: until that has been read once, no bar
 * may be given, and where it cannot be read the session cannot begin.
 */
import type { Logger } from "pino";
import { type MarketData, MINUTE_MS } from "../broker/market-data.ts";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { newYorkMinute } from "../schedule/new-york-time.ts";
import type { BarLine } from "./bar-line.ts";
import type { FeedClock } from "./feed-clock.ts";

export interface GapReaderParts {
  readonly data: MarketData;
  readonly clock: FeedClock;
  readonly log: Logger;
  readonly openAt: EpochMs;
  readonly closeAt: EpochMs;
  /** Something has come of a read; `news`: bars that the stream had not told of. */
  readonly onRead: (news: number) => void;
}

/** How long a start goes on trying to read what came before it. */
export const START_PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 16_000;

export class GapReader {
  readonly #parts: GapReaderParts;
  readonly #startedAt: EpochMs;
  #reading: Promise<void> | undefined;
  #againAt: EpochMs = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;
  #hasRead = false;
  #unread: string | undefined;
  #failure: LatchError | undefined;

  constructor(parts: GapReaderParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Whether what came before the start is known. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Why the last read came to nothing; undefined where it did not. */
  get unread(): string | undefined {
    return this.#unread;
  }

  /** Why the session cannot begin; undefined while it can. */
  get failure(): LatchError | undefined {
    return this.#failure;
  }

  /** When it wants to look again, if anything is overdue then. */
  get againAt(): EpochMs {
    return this.#againAt;
  }

  /** There is a reason to look at once. */
  hurry(): void {
    this.#againAt = this.#parts.clock.now();
  }

  /** Begins to read what is overdue among `lines`, where nothing is being read. */
  look(lines: readonly BarLine[]): void {
    const { clock, openAt, closeAt, onRead } = this.#parts;
    const now = clock.now();
    if (this.#reading !== undefined || now < this.#againAt) return;
    const overdue = lines.filter((line) => line.isOverdue(now));
    const until = Math.min(Math.floor(now / MINUTE_MS) * MINUTE_MS, closeAt);
    if (overdue.length === 0) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#hasRead ||= until <= openAt;
    }
    const from = Math.min(...overdue.map((line) => line.next));
    if (from >= until) return;
    this.#reading = this.#read(overdue, from, until, now).then((news) => {
      this.#reading = undefined;
      onRead(news);
    });
  }

  /** Resolves when nothing is being read. */
  async rest(): Promise<void> {
    await this.#reading;
  }

  async #read(
    lines: readonly BarLine[],
    from: EpochMs,
    until: EpochMs,
    readAt: EpochMs,
  ): Promise<number> {
    const { data, clock, log } = this.#parts;
    const symbols = lines.map(({ symbol }) => symbol);
    const reading = await data.bars({ symbols, from, until });
    clock.keepUp();
    this.#againAt = clock.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    if (reading.kind !== "read") {
      this.#note(reading.reason, reading.kind === "refused");
      return 0;
    }
    this.#unread = undefined;
    // A minute that is not over by our clock may change yet.
    const over = reading.value.filter(({ startAt }) => startAt + MINUTE_MS <= readAt);
    const news = over.filter((bar) => lines.some((line) => line.take(bar)));
    for (const line of lines) this.#confirm(line, readAt);
    if (!this.#hasRead) log.info({ symbols, bars: news.length }, "caught up");
    const isCatchUp = !this.#hasRead;
    this.#hasRead = true;
    return isCatchUp ? 0 : news.length;
  }

  #confirm(line: BarLine, readAt: EpochMs): void {
    const from = line.next;
    line.confirm(readAt);
    if (line.next === from) return;
    const span = { from: newYorkMinute(from), until: newYorkMinute(line.next) };
    this.#parts.log.info({ symbol: line.symbol, ...span }, "no trade in these minutes");
  }

  #note(reason: string, isRefused: boolean): void {
    const { log, clock, data } = this.#parts;
    if (this.#unread === undefined) log.warn({ reason }, "bars cannot be read");
    this.#unread = reason;
    const isLate = clock.now() >= this.#startedAt + START_PATIENCE_MS;
    if (this.#hasRead || !(isRefused || isLate)) return;
    const message = `the session's bars cannot be read from ${data.url}: ${reason}`;
    this.#failure = new LatchError("feed_failed", message);
  }
}
