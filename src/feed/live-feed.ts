/**
 * The feed of a day of trading as it happens: the session that is open, or the next one, by the
 * broker's calendar, which knows early closes. It ends when that session has closed.
 *
 * Keys and plan are tried at once, hours before the open too: nobody wants to learn at 09:31 that
 * they were wrong.
 */
import { MINUTE_MS } from "../broker/market-data.ts";
import { LatchError } from "../core/errors.ts";
import type { MarketHours, MarketSession } from "../schedule/market-hours.ts";
import type { Feed, FeedItem, FeedRequest } from "../strategy/feed.ts";
import { START_PATIENCE_MS } from "./gap-reader.ts";
import { SessionFeed, type SessionFeedParts } from "./session-feed.ts";

export interface LiveFeedParts extends SessionFeedParts {
  readonly calendar: {
    /** Undefined: it could not be read. */
    readonly hours: () => Promise<MarketHours | undefined>;
  };
}

/** How long before the open the stream is connected. */
const LEAD_MS = MINUTE_MS;
/** So often it is looked at the clock meanwhile. */
const LONGEST_WAIT_MS = 30_000;
/** How often the calendar is asked for while the start waits for it. */
export const CALENDAR_PAUSE_MS = 5_000;
/** A read that any account may make; its answer is not used. */
const TRIAL_MS = 5 * MINUTE_MS;

export class LiveFeed implements Feed {
  readonly #parts: LiveFeedParts;

  constructor(parts: LiveFeedParts) {
    this.#parts = parts;
  }

  async *items({ symbols, signal }: FeedRequest): AsyncGenerator<FeedItem> {
    const request = { symbols: [...new Set(symbols)], signal };
    const session = await this.#session(signal);
    if (session === undefined) return;
    await this.#try(request);
    yield { kind: "session", session };
    await this.#untilOpen(session, signal);
    if (!signal.aborted) yield* new SessionFeed(this.#parts, session, request).items();
  }

  /** A machine that sleeps does not count that time, and clocks are set: hence the short pauses. */
  async #untilOpen({ date, openAt }: MarketSession, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    let waitMs = openAt - LEAD_MS - clock.now();
    if (waitMs > 0) log.info({ date, waitMs }, "the market is closed; waiting for its open");
    while (waitMs > 0 && !signal.aborted) {
      await clock.sleep(Math.min(waitMs, LONGEST_WAIT_MS), signal).catch(() => undefined);
      waitMs = openAt - LEAD_MS - clock.now();
    }
  }

  /** Undefined where the signal aborts first. */
  async #session(signal: AbortSignal): Promise<MarketSession | undefined> {
    const { calendar, clock } = this.#parts;
    const giveUpAt = clock.now() + START_PATIENCE_MS;
    while (!signal.aborted) {
      const hours = await calendar.hours();
      const now = clock.now();
      const session = hours && sessionAt(hours, now);
      if (session !== undefined) return session;
      if (now >= giveUpAt) {
        const reason = hours === undefined ? "cannot be read" : "names no further trading day";
        throw new LatchError("feed_failed", `the market's calendar ${reason}`);
      }
      await clock.sleep(CALENDAR_PAUSE_MS, signal).catch(() => undefined);
    }
    return undefined;
  }

  async #try({ symbols }: FeedRequest): Promise<void> {
    const { data, clock, log } = this.#parts;
    const until = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
    const reading = await data.bars({ symbols, from: until - TRIAL_MS, until });
    clock.keepUp();
    clock.requireNear();
    if (reading.kind === "refused") {
      throw new LatchError("feed_failed", `${data.url} refuses bars: ${reading.reason}`);
    }
    if (reading.kind === "unknown") log.warn({ reason: reading.reason }, "bars cannot be read");
  }
}

/** The session under way, or else the next one. */
function sessionAt(hours: MarketHours, now: number): MarketSession | undefined {
  const today = hours.sessionOn(now);
  if (today !== undefined && now < today.closeAt) return today;
  const openAt = hours.nextOpen(now);
  return openAt === undefined ? undefined : hours.sessionOn(openAt);
}
