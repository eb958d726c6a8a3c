/**
 * A strategy on a live feed, with its orders through the latch, until the session is over or it is
 * told to stop; and what is left open then.
 *
 * 1. Before the first bar everything that an earlier run left unsettled is looked up at the broker.
 * 2. A stop is orderly: what the strategy has under way ends first, and positions stay as they are.
 * 3. Fills are told as they are booked, between the bars too.
 */

import { type Book, isFlat } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import type { Clock } from "../core/clock.ts";
import { add, type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { Incident } from "../incident/incident.ts";
import type { Latch } from "../latch.ts";
import { allIncidents } from "../ledger/all-incidents.ts";
import type { Feed } from "../strategy/feed.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { type RunObserver, StrategyRunner } from "../strategy/strategy-runner.ts";

export interface LiveDayParts {
  readonly strategy: Strategy;
  readonly feed: Feed;
  readonly latch: Latch;
  readonly clock: Clock;
  readonly observer: RunObserver;
  readonly isDryRun: boolean;
}

/** What the run leaves behind; nothing of it is looked after while no latch runs. */
export interface LeftOpen {
  /** Books that hold something. */
  readonly positions: readonly Book[];
  /** Orders at work, and those whose outcome is not known. */
  readonly claims: readonly Claim[];
  readonly incidents: readonly Incident[];
  /** Realized during the run, of all that the account's books hold, in US dollars. */
  readonly realizedUsd: DecimalText;
}

/** How often it is looked for fills. */
const FILLS_MS = 2_000;
/** How long orders of the last bar are waited for, so that they are not left open for no reason. */
const SETTLE_MS = 10_000;
const OVER = new Error("the run is over");

/** How a day ended, and what it leaves behind: that is to be known most of all where it failed. */
export interface DayEnd {
  readonly how: "over" | "stopped" | "failed";
  readonly left: LeftOpen;
  /** A LatchError `strategy_failed` or `feed_failed`; undefined where it did not fail. */
  readonly failure: unknown;
}

/** Rejects where not even the ledger can be read. */
export async function liveDay(parts: LiveDayParts, stop: AbortSignal): Promise<DayEnd> {
  const { clock, latch } = parts;
  const before = realizedIn(await latch.books());
  const runner = new StrategyRunner(parts);
  const ended = new AbortController();
  const failed = new AbortController();
  const watching = watchFills(runner, clock, ended.signal).catch((error) => failed.abort(error));
  const running = runner.run(AbortSignal.any([stop, failed.signal]));
  await running.then(() => settled(latch, clock)).catch((error) => failed.abort(error));
  if (!failed.signal.aborted) {
    await runner.lookForFills().catch((error) => failed.abort(error));
  }
  ended.abort(OVER);
  await watching;
  const failure = failed.signal.aborted ? failed.signal.reason : undefined;
  const how = failed.signal.aborted ? "failed" : stop.aborted ? "stopped" : "over";
  return { how, left: await leftOpen(latch, before), failure };
}

async function leftOpen(latch: Latch, before: DecimalText): Promise<LeftOpen> {
  const books = await latch.books();
  return {
    positions: books.filter((book) => !isFlat(book)),
    claims: await latch.unsettledClaims(),
    incidents: await allIncidents(latch, { isOpen: true }),
    realizedUsd: subtract(realizedIn(books), before),
  };
}

function realizedIn(books: readonly Book[]): DecimalText {
  return books.map(({ realizedProfitUsd }) => realizedProfitUsd).reduce(add, ZERO);
}

/** Rejects with what a hook has thrown; the run ends by it. */
async function watchFills(runner: StrategyRunner, clock: Clock, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await clock.sleep(FILLS_MS, over).catch(() => undefined);
    if (!over.aborted) await runner.lookForFills();
  }
}

/** Waits for what is under way, within a bound. */
async function settled(latch: Latch, clock: Clock): Promise<void> {
  const giveUpAt = clock.now() + SETTLE_MS;
  while ((await latch.unsettledClaims()).length > 0 && clock.now() < giveUpAt) {
    await clock.sleep(FILLS_MS);
  }
}
