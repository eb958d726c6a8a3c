import { AsyncResource } from "node:async_hooks";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Feed,
  type FeedItem,
  type OrderAnswer,
  type Strategy,
  type StrategyContext,
  StrategyRunner,
} from "../../src/index.ts";
import { openWorld, type World } from "../gateway/world.ts";
import { bar, feedOf, OPEN_AT, SESSION } from "./listed-feed.ts";

const ENTRY = { symbol: "TQQQ", side: "buy", quantity: "6" } as const;
const EXIT = { symbol: "TQQQ", portion: "all" } as const;

/** Buys on the first bar, and sells all on every later one. */
class BuyThenSell implements Strategy {
  readonly symbols = ["TQQQ"];
  readonly told: string[] = [];
  readonly answers: OrderAnswer[] = [];

  onStart({ session }: StrategyContext): void {
    this.told.push(`start in ${session?.date ?? "no session"}`);
  }

  async onBar({ name, close }: Parameters<Strategy["onBar"]>[0], context: StrategyContext) {
    this.told.push(`bar ${name} ${close} of ${context.session?.date}`);
    const { net, episode } = await context.book("TQQQ");
    const anchor = net === "0" ? { bar: name, stage: "base" } : { episode, leg: "exit" };
    const intent = net === "0" ? ENTRY : EXIT;
    this.answers.push(await context.submit({ ...intent, anchor }));
  }

  onFill({ side, quantity, price, book }: Parameters<NonNullable<Strategy["onFill"]>>[0]): void {
    this.told.push(`${side} ${quantity} @ ${price}, holds ${book.net}`);
  }

  onStop(): void {
    this.told.push("stop");
  }
}

interface Ran {
  readonly world: World;
  readonly strategy: BuyThenSell;
}

async function run(
  items: readonly FeedItem[],
  given: { readonly world?: World; readonly feed?: Feed; readonly isDryRun?: boolean } = {},
): Promise<Ran> {
  const world = given.world ?? (await openWorld());
  const { latch, clock } = await world.open();
  const strategy = new BuyThenSell();
  const feed = given.feed ?? feedOf(items);
  const { isDryRun } = given;
  const runner = new StrategyRunner({ strategy, feed, latch, clock, isDryRun });
  await world.drive(runner.run(new AbortController().signal));
  return { world, strategy };
}

describe("a strategy that runs", () => {
  test("is told of bars and of fills in their order, and its orders go through the latch", async () => {
    const world = await openWorld();
    const { latch, clock } = await world.open();
    const strategy = new BuyThenSell();
    const feed: Feed = {
      async *items() {
        yield SESSION;
        yield bar(0, "75");
        await latch.tick();
        yield bar(1, "76");
        await latch.tick();
      },
    };
    const runner = new StrategyRunner({ strategy, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    expect(strategy.told).toEqual([
      "start in no session",
      "bar 2026-05-21T09:30 75 of 2026-05-21",
      "buy 6 @ 75, holds 6",
      "bar 2026-05-21T09:31 76 of 2026-05-21",
      "sell 6 @ 75, holds 0",
      "stop",
    ]);
    expect(strategy.answers.map(({ status }) => status)).toEqual(["PROCEED", "PROCEED"]);
    expect(world.posts()).toHaveLength(2);
  });

  test("sends nothing for bars of the past, and is told so", async () => {
    const { world, strategy } = await run([SESSION, bar(0, "75", true), bar(1, "75")]);
    expect(strategy.answers).toMatchObject([
      { status: "BLOCKED", code: "bar_over" },
      { status: "PROCEED" },
    ]);
    expect(world.posts()).toHaveLength(1);
  });

  test("sends nothing for a bar of the past, however long after its hook has returned", async () => {
    const world = await openWorld();
    const { latch, clock } = await world.open();
    const read = new AbortController();
    const decisions: Promise<OrderAnswer>[] = [];
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      // As a bot does that forgets to wait: the hook returns, and the decision comes later.
      onBar({ name }, context) {
        const anchor = { bar: name, stage: "base" };
        const decision = once(read.signal, "abort").then(() =>
          context.submit({ ...ENTRY, effect: "open", anchor }),
        );
        decisions.push(decision);
      },
    };
    const feed = feedOf([SESSION, bar(0, "75", true), bar(1, "75", true), bar(2, "75")]);
    const runner = new StrategyRunner({ strategy, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    read.abort();
    const answers = await world.drive(Promise.all(decisions));
    const over = { status: "BLOCKED", code: "bar_over" };
    expect(answers).toMatchObject([over, over, { status: "PROCEED" }]);
    expect(world.posts()).toHaveLength(1);
  });

  test("sends an exit begun at a bar of the past once a bar of the present has come", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
    const world = await openWorld({ positions });
    const { latch, clock } = await world.open();
    const quotes = new EventTarget();
    const answers: Promise<OrderAnswer>[] = [];
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      // As a bot does that has a source of its own, and opens it at its first bar.
      onBar({ startAt }, context) {
        if (startAt !== OPEN_AT) return;
        const whenOpened = AsyncResource.bind(() => void answers.push(context.submit(EXIT)));
        quotes.addEventListener("quote", whenOpened);
      },
    };
    const feed: Feed = {
      async *items() {
        yield bar(0, "75", true);
        quotes.dispatchEvent(new Event("quote"));
        await answers[0];
        yield bar(1, "75");
        quotes.dispatchEvent(new Event("quote"));
      },
    };
    const runner = new StrategyRunner({ strategy, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    const told = await world.drive(Promise.all(answers));
    expect(told).toMatchObject([{ status: "BLOCKED", code: "bar_over" }, { status: "PROCEED" }]);
  });

  test("makes no entry while the feed is stale, and exits all the same", async () => {
    const stale = { kind: "stale", at: 0, reason: "no bar of TQQQ for 90 s" } as const;
    const resumed = { kind: "resumed", at: 0 } as const;
    const { strategy } = await run([SESSION, stale, bar(0, "75"), resumed, bar(1, "75")]);
    expect(strategy.answers).toMatchObject([
      {
        status: "BLOCKED",
        code: "feed_stale",
        message: "entries are stopped: no bar of TQQQ for 90 s",
      },
      { status: "PROCEED" },
    ]);
    const positions = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
    const held = await run([SESSION, stale, bar(0, "75")], {
      world: await openWorld({ positions }),
    });
    expect(held.strategy.answers).toMatchObject([{ status: "PROCEED", order: { side: "sell" } }]);
  });

  test("lets an exit without a stated effect go while the feed is stale, by the book", async () => {
    const positions = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
    const world = await openWorld({ positions });
    const { latch, clock } = await world.open();
    const answers: OrderAnswer[] = [];
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      async onBar(_, context) {
        for (const side of ["buy", "sell"] as const) {
          answers.push(await context.submit({ symbol: "TQQQ", side, quantity: "6" }));
        }
      },
    };
    const stale = { kind: "stale", at: 0, reason: "no bar" } as const;
    const runner = new StrategyRunner({
      strategy,
      feed: feedOf([stale, bar(0, "75")]),
      latch,
      clock,
    });
    await world.drive(runner.run(new AbortController().signal));
    expect(answers).toMatchObject([{ code: "feed_stale" }, { status: "PROCEED" }]);
  });

  test.each([
    ["says what its legs do", [{ position_intent: "sell_to_close" }, {}]],
    ["has legs with sides alone", [{}, {}]],
  ])("lets the exit of a spread that %s go while the feed is stale", async (_says, [one, two]) => {
    const [bought, sold] = ["TQQQ260619C00075000", "TQQQ260619C00080000"];
    const [long, short] = [{ quantity: "1" }, { quantity: "-1" }];
    const world = await openWorld({
      prices: { TQQQ: "75", [bought]: "3", [sold]: "1" },
      positions: [
        { ...long, symbol: bought, averagePrice: "3" },
        { ...short, symbol: sold, averagePrice: "1" },
      ],
    });
    const { latch, clock } = await world.open();
    const answers: OrderAnswer[] = [];
    const spread = (legs: readonly object[]) => ({
      ...({ symbol: "MLEG", side: "buy", effect: "open", quantity: "1" } as const),
      extension: { order_class: "mleg", legs: legs.map((leg) => ({ ratio_qty: "1", ...leg })) },
    });
    const exit = spread([
      { symbol: bought, side: "sell", ...one },
      { symbol: sold, side: "buy", ...two },
    ]);
    const entry = spread([
      { symbol: bought, side: "buy", position_intent: "buy_to_open" },
      { symbol: sold, side: "sell", position_intent: "sell_to_open" },
    ]);
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      async onBar(_, context) {
        for (const intent of [entry, exit]) answers.push(await context.submit(intent));
      },
    };
    const stale = { kind: "stale", at: 0, reason: "no bar" } as const;
    const feed = feedOf([stale, bar(0, "75")]);
    const runner = new StrategyRunner({ strategy, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    expect(answers).toMatchObject([{ code: "feed_stale" }, { status: "PROCEED" }]);
  });

  test("sends nothing in a dry run", async () => {
    const { world, strategy } = await run([SESSION, bar(0, "75")], { isDryRun: true });
    expect(strategy.answers).toMatchObject([{ status: "BLOCKED", code: "dry_run" }]);
    expect(world.posts()).toHaveLength(0);
  });

  test("is told in a dry run, too, of an intent that the latch would not take", async () => {
    const world = await openWorld();
    const { latch, clock } = await world.open();
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      async onBar(_, context) {
        await context.submit({ ...ENTRY, quantity: "0" });
      },
    };
    const feed = feedOf([SESSION, bar(0, "75")]);
    const runner = new StrategyRunner({ strategy, feed, latch, clock, isDryRun: true });
    const ran = world.drive(runner.run(new AbortController().signal));
    await expect(ran).rejects.toMatchObject({
      code: "strategy_failed",
      message: 'onBar of the strategy has thrown: quantity is "0": expected a number above zero',
    });
  });

  test("ends when a hook throws, and the error names the hook", async () => {
    const world = await openWorld();
    const { latch, clock } = await world.open();
    const strategy: Strategy = {
      symbols: ["TQQQ"],
      onBar() {
        throw new Error("division by nothing");
      },
    };
    const runner = new StrategyRunner({ strategy, feed: feedOf([bar(0, "75")]), latch, clock });
    const ran = runner.run(new AbortController().signal);
    await expect(ran).rejects.toMatchObject({
      code: "strategy_failed",
      message: "onBar of the strategy has thrown: division by nothing",
    });
  });

  test("is said to hang when a hook of it has not returned for a minute", async () => {
    const world = await openWorld();
    const { latch, clock } = await world.open();
    const goOn = new AbortController();
    const onBar = () => once(goOn.signal, "abort").then(() => undefined);
    const strategy: Strategy = { symbols: ["TQQQ"], onBar };
    const lines: string[] = [];
    const observer = { onLog: (message: string) => void lines.push(message) };
    const feed = feedOf([SESSION, bar(0, "75")]);
    const runner = new StrategyRunner({ strategy, feed, latch, clock, observer });
    const ran = runner.run(new AbortController().signal);
    await world.advance(59_000);
    expect(lines).toEqual([]);
    await world.advance(62_000);
    const hang = "onBar has not returned for 60 s: until it does, no bar and no fill is told";
    expect(lines).toEqual([hang]);
    goOn.abort();
    await world.drive(ran);
  });

  test("is told once of each fill, also of one that another instance's order made", async () => {
    const world = await openWorld();
    const first = await world.open();
    await world.submit(first, { ...ENTRY, anchor: { bar: "2026-05-21T09:30", stage: "base" } });
    await first.latch.tick();
    // It was filled before this one started: no news.
    const { strategy } = await run([SESSION], { world });
    expect(strategy.told).toEqual(["start in no session", "stop"]);
    const second = new BuyThenSell();
    const { latch, clock } = await world.open();
    const feed: Feed = {
      async *items() {
        yield SESSION;
        await world.submit(first, { ...EXIT, anchor: { episode: 1, leg: "exit" } });
        await runner.lookForFills();
        await first.latch.tick();
        await runner.lookForFills();
        await runner.lookForFills();
      },
    };
    const runner = new StrategyRunner({ strategy: second, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    expect(second.told).toEqual(["start in no session", "sell 6 @ 75, holds 0", "stop"]);
  });

  test("is told of a fill of another instance's order that was settled between two looks", async () => {
    const world = await openWorld();
    const first = await world.open();
    const second = new BuyThenSell();
    const { latch, clock } = await world.open();
    const anchor = { bar: "2026-05-21T09:30", stage: "base" };
    const feed: Feed = {
      async *items() {
        yield SESSION;
        await runner.lookForFills();
        await world.submit(first, { ...ENTRY, anchor });
        await first.latch.tick();
        expect(world.theClaim().status).toBe("SETTLED");
        await runner.lookForFills();
        await runner.lookForFills();
      },
    };
    const runner = new StrategyRunner({ strategy: second, feed, latch, clock });
    await world.drive(runner.run(new AbortController().signal));
    expect(second.told).toEqual(["start in no session", "buy 6 @ 75, holds 6", "stop"]);
  });

  test("hears of no fill before its start, and of none that came before it", async () => {
    const world = await openWorld();
    const first = await world.open();
    world.fault({ kind: "partial_fill", quantity: "2" });
    await world.submit(first, { ...ENTRY, anchor: { bar: "2026-05-21T09:30", stage: "base" } });
    await first.latch.tick();
    expect(world.theClaim().bookedQuantity).toBe("2");
    const strategy = new BuyThenSell();
    const { latch, clock } = await world.open();
    const runner = new StrategyRunner({ strategy, feed: feedOf([SESSION]), latch, clock });
    const ran = runner.run(new AbortController().signal);
    // As often as it is looked for fills, however long the ledger takes for the beginning.
    const looked = runner.lookForFills();
    await world.drive(Promise.all([ran, looked]));
    expect(strategy.told).toEqual(["start in no session", "stop"]);
  });
});
