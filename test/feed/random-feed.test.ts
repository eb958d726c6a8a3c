/**
 * A live feed while its stream and its reads misbehave as a seed says: `FEED_MINUTES=390` runs a
 * whole day, `FEED_SEEDS=7,8` others.
 */
import { expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../../src/core/random.ts";
import type { FaultRule } from "../../src/simulator/index.ts";
import type { FeedItem } from "../../src/strategy/feed.ts";
import { type FeedWorld, MINUTE, minutes, OPEN, openFeedWorld } from "./feed-world.ts";

const LENGTH = Number(process.env.FEED_MINUTES ?? 25);
const SEEDS = (process.env.FEED_SEEDS ?? "1").split(",").map(Number);
const SYMBOLS = ["TQQQ", "QQQ"];
/** A session that is over waits for its last minutes for a moment only. */
const LATE_MINUTES = 3;
const READS = { method: "GET", path: "/v2/stocks/bars" } as const;

/** Something that goes wrong in the next minute or so. */
function drawn(random: RandomSource): FaultRule {
  const upTo = (most: number) => Math.floor(random.fraction() * most);
  const kinds: readonly FaultRule[] = [
    { match: {}, fault: { kind: "bar_lost" }, times: 1 + upTo(3) },
    { match: {}, fault: { kind: "bar_repeated" } },
    { match: {}, fault: { kind: "bar_late", delayMs: upTo(80_000) } },
    { match: {}, fault: { kind: "data_stream_silent", durationMs: upTo(4 * MINUTE) } },
    { match: {}, fault: { kind: "data_stream_cut", heldMs: upTo(90_000) } },
    { match: READS, fault: { kind: "bars_lag", lagMs: upTo(40_000) }, times: 1 + upTo(5) },
    { match: READS, fault: { kind: "bars_unfinished" }, times: 1 + upTo(5) },
    { match: READS, fault: { kind: "drop" }, times: 1 + upTo(8) },
    { match: READS, fault: { kind: "html", status: 200, accept: true }, times: 1 + upTo(3) },
  ];
  return kinds[upTo(kinds.length)] as FaultRule;
}

test.each(SEEDS)(
  "gives every minute once and in order, whatever goes wrong: seed %i",
  async (seed) => {
    const random = seededRandom(seed);
    const bars = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, minutes(LENGTH)]));
    const close = new Date(OPEN + LENGTH * MINUTE - 4 * 60 * MINUTE).toISOString().slice(11, 16);
    const calendar = { "2026-05-21": { open: "09:30", close } };
    const startAt = OPEN - MINUTE;
    const world = await openFeedWorld({ startAt, prices: {}, bars, calendar, seed });
    const feed = world.follow(SYMBOLS);
    const items: FeedItem[] = [];
    const over = (async () => {
      for (let item = await feed.next(); item !== "over"; item = await feed.next())
        items.push(item);
    })();
    await world.advance(MINUTE);
    for (let minute = 0; minute < LENGTH; minute += 1) {
      if (random.fraction() < 0.5) world.simulator.addFaults([drawn(random)]);
      await world.advance(MINUTE);
    }
    await world.advance(2 * MINUTE);
    await over;
    const starts = (symbol: string) =>
      items.flatMap((item) =>
        item.kind === "bar" && item.bar.symbol === symbol
          ? [(item.bar.startAt - OPEN) / MINUTE]
          : [],
      );
    for (const symbol of SYMBOLS) {
      const given = starts(symbol);
      expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
      const lost = lostOf(world, symbol);
      const missing = first(LENGTH - LATE_MINUTES).filter((at) => !given.includes(at));
      expect(missing.filter((at) => !lost.includes(at))).toEqual([]);
      expect(lost.filter((at) => given.includes(at))).toEqual([]);
    }
    expect(world.lines).not.toContain("no trade in these minutes");
    const notices = items.flatMap(({ kind }) =>
      kind === "stale" || kind === "resumed" ? kind : [],
    );
    expect(notices.filter((kind, at) => kind === notices[at - 1])).toEqual([]);
  },
);

/** The minutes that the log says are lost. */
function lostOf({ records }: FeedWorld, symbol: string): number[] {
  return records.flatMap((record) => {
    if (record.msg !== "minutes are lost" || record.symbol !== symbol) return [];
    const [from, last] = [record.from, record.last].map((at) => (Number(at) - OPEN) / MINUTE);
    return first(Number(last) + 1).slice(from);
  });
}

function first(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
