/**
 * A live feed in front of the simulated broker: real HTTP and a real websocket, and two clocks that
 * the test moves together. Nothing sleeps: a test awaits what the feed gives or logs.
 */
import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { createAlpacaMarketData } from "../../src/broker/alpaca/alpaca-market-data.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import type { MarketData } from "../../src/broker/market-data.ts";
import type { Clock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { seededRandom } from "../../src/core/random.ts";
import { FeedClock } from "../../src/feed/feed-clock.ts";
import { CALENDAR_PAUSE_MS, LiveFeed } from "../../src/feed/live-feed.ts";
import { MarketCalendar } from "../../src/schedule/market-calendar.ts";
import {
  type ScriptedBar,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/index.ts";
import type { FeedItem } from "../../src/strategy/feed.ts";

export const MINUTE = 60_000;
/** 21 May 2026, 09:30 in New York. */
export const OPEN = Date.parse("2026-05-21T13:30:00Z");
export const UP = "the stream of bars is up";

/** As far as both clocks go at once. */
const STEP_MS = 4_000;
/** Turns of the event loop without a request under way after which nothing more comes of one. */
const QUIET_TURNS = 12;

export interface FeedWorld {
  readonly simulator: Simulator;
  readonly clock: ManualClock;
  readonly data: MarketData;
  /** What every read and order of the test goes through: time stands still for them. */
  readonly fetchApi: typeof fetch;
  readonly log: Logger;
  readonly lines: readonly string[];
  /** The same with all their fields. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** Moves both clocks, the broker's first, when no read is under way. */
  advance(durationMs: number): Promise<void>;
  /** Until a line that says `message` was logged, from now on or before, once for each line. */
  logged(message: string): Promise<void>;
  /** The feed's items, one after another. */
  follow(symbols?: readonly string[], ownClock?: Clock): Followed;
}

export interface Followed {
  next(): Promise<FeedItem | "over">;
  /** The next items in short. */
  take(count: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Minutes of a symbol from the open on, whose closes are 100, 101 and so on. */
export function minutes(count: number, leaveOut: readonly number[] = []): ScriptedBar[] {
  const kept = Array.from({ length: count }, (_, at) => at).filter((at) => !leaveOut.includes(at));
  return kept.map((at) => {
    const [low, close, high] = [99, 100 + at, 101 + at].map(String) as [string, string, string];
    return { time: OPEN + at * MINUTE, open: "100", high, low, close, volume: "400" };
  });
}

export async function openFeedWorld(
  options: SimulatorOptions & {
    readonly dataFeed?: "iex" | "sip";
    /** How far the feed's clock is ahead of the broker's. */
    readonly clockAheadMs?: number;
  } = {},
): Promise<FeedWorld> {
  const { dataFeed = "iex", clockAheadMs = 0, ...simulated } = options;
  const simulator = await startSimulator({ keyId: "key", secret: "secret", ...simulated });
  onTestFinished(() => simulator.close());
  const clock = new ManualClock(simulator.now() + clockAheadMs);
  const lines: string[] = [];
  const records: Record<string, unknown>[] = [];
  const waiting: { readonly message: string; readonly done: () => void }[] = [];
  let heard = 0;
  const log = pino({ level: "debug" }, { write: (line: string) => void hear(line) });
  const hear = (line: string) => {
    const record = JSON.parse(line);
    records.push(record);
    lines.push(record.msg);
    const index = waiting.findIndex(({ message }) => message === lines.at(-1));
    if (index >= 0) {
      heard = lines.length;
      waiting.splice(index, 1)[0]?.done();
    }
  };
  let underWay = 0;
  const fetchApi: typeof fetch = async (url, init) => {
    underWay += 1;
    try {
      return await fetch(url, init);
    } finally {
      underWay -= 1;
    }
  };
  const keys = { keyId: "key", secret: "secret", clock, baseUrl: simulator.url, fetchApi };
  const data = createAlpacaMarketData({
    ...{ ...keys, dataUrl: undefined, dataStreamUrl: undefined, dataFeed },
  });
  const broker = createAlpacaBroker({ ...keys, budget: new RateBudget({ clock }) });
  onTestFinished(() => broker.close());
  const rest = async () => {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (underWay > 0) turns = 0;
    }
  };
  return {
    ...{ simulator, clock, data, fetchApi, log, lines, records },
    async advance(durationMs) {
      const end = simulator.now() + durationMs;
      for (let now = simulator.now(); now < end; now = simulator.now()) {
        await rest();
        const step = Math.min(STEP_MS, end - now);
        simulator.advance(step);
        // What the stream has sent is there before the answer to what was asked afterwards.
        await (await fetch(`${simulator.url}/sim/clock`)).text();
        await rest();
        clock.advanceTo(clock.now() + step);
      }
      await rest();
    },
    logged(message) {
      const known = lines.indexOf(message, heard);
      if (known >= 0) {
        heard = known + 1;
        return Promise.resolve();
      }
      return new Promise((done) => waiting.push({ message, done }));
    },
    follow(symbols = ["QQQ"], ownClock = clock) {
      const retryMs = CALENDAR_PAUSE_MS;
      const calendar = new MarketCalendar({ broker, clock: ownClock, log, retryMs });
      const random = seededRandom(1);
      const feedClock = new FeedClock(ownClock, data, log);
      const feed = new LiveFeed({ data, calendar, clock: feedClock, random, log });
      const stopping = new AbortController();
      const items = feed.items({ symbols, signal: stopping.signal })[Symbol.asyncIterator]();
      const next = async () => {
        const { done, value } = await items.next();
        return done === true ? "over" : value;
      };
      const stop = async () => {
        stopping.abort();
        while ((await next()) !== "over") {}
      };
      onTestFinished(stop);
      return { next, stop, take: (count) => taken(next, count) };
    },
  };
}

async function taken(next: Followed["next"], count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    found.push(inShort(await next()));
  }
  return found;
}

/** Such as `QQQ 09:31 101`, with `past` behind it. */
export function inShort(item: FeedItem | "over"): string {
  if (item === "over") return item;
  switch (item.kind) {
    case "bar": {
      const { symbol, name, close } = item.bar;
      return `${symbol} ${name.slice(11)} ${close}${item.isPast ? " past" : ""}`;
    }
    case "session":
      return `session ${item.session.date}`;
    case "stale":
      return `stale: ${item.reason}`;
    case "resumed":
      return "resumed";
    case "gap_filled":
      return `filled ${item.symbol} ${item.from.slice(11)} to ${item.until.slice(11)}: ${item.bars}`;
  }
}
