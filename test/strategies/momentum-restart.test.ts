import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import type { Bar, Feed, FeedItem } from "../../src/index.ts";
import { StrategyRunner } from "../../src/index.ts";
import { readBars } from "../../src/run/bar-file.ts";
import createMomentumBot from "../../strategies/momentum.ts";
import { openWorld, type Process, type World } from "../gateway/world.ts";
import { SESSION } from "../strategy/listed-feed.ts";

const DAY_MS = 24 * 60 * 60_000;
const OPEN_AT = Date.parse("2026-05-21T13:30:00Z");
const BARS = readBars(["fixtures/bars/2026-05-21-qqq.csv"], createMomentumBot({}).symbols);

/** The bars of these minutes, each when it is over, at the prices that the market then has. */
function minutesOf(world: World, from: number, until: number, past: number): Feed {
  return {
    async *items() {
      yield SESSION;
      for (let minute = from; minute < until; minute += 1) {
        const bars = [...BARS.values()].map((of) => of[minute] as Bar);
        const isPast = minute < past;
        if (!isPast) await atTheEndOf(world, bars);
        for (const bar of bars) yield { kind: "bar", bar, isPast } satisfies FeedItem;
      }
    },
  };
}

async function atTheEndOf(world: World, bars: readonly Bar[]): Promise<void> {
  await world.advance((bars[0]?.endAt ?? 0) - world.now());
  for (const { symbol, close } of bars) world.simulator.setPrice(symbol, close);
}

function nextDay(bar: Bar): Bar {
  const name = bar.name.replace("-21T", "-22T");
  return { ...bar, name, startAt: bar.startAt + DAY_MS, endAt: bar.endAt + DAY_MS };
}

async function run(world: World, { latch, clock }: Process, feed: Feed): Promise<void> {
  const runner = new StrategyRunner({ strategy: createMomentumBot({}), feed, latch, clock });
  await runner.run(new AbortController().signal);
  await world.advance(5_000);
}

test("a bot that starts in mid-session goes on where the one before it ended", async () => {
  const world = await openWorld({ startAt: OPEN_AT });
  const first = await world.open();
  // Until the base entry of 09:42.
  await run(world, first, minutesOf(world, 0, 12, 0));
  expect(world.orders()).toHaveLength(1);
  await first.latch.close();
  first.runs = false;
  // Another program: it sees the minutes before as bars of the past, and sends nothing for them.
  const second = await world.open();
  await run(world, second, minutesOf(world, 0, 19, 14));
  expect(world.orders().map(({ side, qty }) => `${side} ${qty}`)).toEqual([
    ...["buy 6", "buy 6", "sell 12"],
  ]);
  expect(world.book().net).toBe("0");
});

test("a bot whose ledger is away for a bar sends nothing for it, and goes on behind it", async () => {
  const world = await openWorld({ startAt: OPEN_AT });
  const bot = await world.open();
  const away = `${world.store}.moved`;
  const feed: Feed = {
    async *items() {
      yield* day(0, 18);
      renameSync(world.store, away);
      // The flip of 09:49.
      yield* day(18, 19);
      renameSync(away, world.store);
      yield* day(19, 30);
    },
  };
  const day = (from: number, until: number) =>
    minutesOf(world, from, until, 0).items({ symbols: [], signal: new AbortController().signal });
  await run(world, bot, feed);
  expect(world.orders().map(({ side, qty }) => `${side} ${qty}`)).toEqual([
    ...["buy 6", "buy 6", "sell 12"],
  ]);
  expect(world.book().net).toBe("0");
});

test("what an exit of the day before has left is sold, as another part of it", async () => {
  const world = await openWorld({ startAt: OPEN_AT });
  const first = await world.open();
  const fault = { kind: "partial_fill", quantity: "2", rest: "script" } as const;
  world.simulator.addFaults([{ match: { method: "POST", side: "sell" }, fault }]);
  await run(world, first, minutesOf(world, 0, 19, 0));
  await first.latch.close();
  first.runs = false;
  await world.advance(DAY_MS - 60 * 60_000 - (world.now() - OPEN_AT));
  expect(world.simulator.orders().map(({ status }) => status)).toEqual([
    ...["filled", "filled", "expired"],
  ]);
  const second = await world.open();
  const feed: Feed = {
    async *items() {
      const openAt = OPEN_AT + DAY_MS;
      const session = { date: "2026-05-22", openAt, closeAt: openAt + 390 * 60_000 };
      yield { kind: "session", session };
      for (const minute of [0, 1, 2]) {
        const bars = [...BARS.values()].map((of) => nextDay(of[minute] as Bar));
        await atTheEndOf(world, bars);
        for (const bar of bars) yield { kind: "bar", bar, isPast: false } satisfies FeedItem;
      }
    },
  };
  await run(world, second, feed);
  expect(world.orders().map(({ side, qty }) => `${side} ${qty}`)).toEqual([
    ...["buy 6", "buy 6", "sell 12", "sell 10"],
  ]);
  expect(world.book().net).toBe("0");
});
