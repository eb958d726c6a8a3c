import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import { reportAfterClose } from "../../src/schedule/after-close.ts";
import { profitBetween } from "../../src/schedule/session-profit.ts";
import { reportSession } from "../../src/schedule/session-report.ts";
import { claimOf, doubt, KEY } from "../claim/guard-commands.ts";
import { CLOSE, LONG, OPEN, openWorld, type Process, type World } from "../gateway/world.ts";
import { openMany } from "../incident/many-incidents.ts";
import { ticksIn } from "./schedule-bench.ts";

const REPORT = "report after the close";
/** The Tuesday before Thanksgiving 2026, 10:00 in New York. */
const TUESDAY = { startAt: Date.parse("2026-11-24T15:00:00Z") };

/** Buys six at 75 and sells `quantity` at `price`. */
async function trade(world: World, bot: Process, quantity: string, price: string) {
  world.simulator.setPrice("TQQQ", "75");
  await world.submit(bot, { ...OPEN, requestId: `open-${price}` });
  await world.advance(4_000);
  world.simulator.setPrice("TQQQ", price);
  await world.submit(bot, { ...CLOSE, quantity, requestId: `close-${price}` });
  await world.advance(4_000);
}

describe("the report after the close", () => {
  test("comes five minutes after each close, also an early one, and on no holiday", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const ran: string[] = [];
    for (let at = TUESDAY.startAt; at < TUESDAY.startAt + 4 * 86_400_000; at += 5 * 60_000) {
      const before = bench.said(REPORT).length;
      await bench.run("after-close", at + 40);
      if (bench.said(REPORT).length > before) ran.push(new Date(at).toISOString());
    }
    expect(ran).toEqual([
      "2026-11-24T21:05:00.000Z",
      "2026-11-25T21:05:00.000Z",
      "2026-11-27T18:05:00.000Z",
    ]);
    expect(bench.said(REPORT).map(({ from, until }) => [from, until])).toEqual([
      ["2026-11-23T21:05:00.000Z", "2026-11-24T21:05:00.000Z"],
      ["2026-11-24T21:05:00.000Z", "2026-11-25T21:05:00.000Z"],
      ["2026-11-25T21:05:00.000Z", "2026-11-27T18:05:00.000Z"],
    ]);
  });

  test("counts the orders, the duplicates with their worth, and what was realized", async () => {
    const world = await openWorld(TUESDAY);
    const bot = await world.open();
    await trade(world, bot, "4", "76");
    await world.submit(bot, { ...OPEN, requestId: "open-76" });
    await world.submit(bot, { ...OPEN, requestId: "open-76" });
    await world.submit(bot, { ...OPEN, quantity: "1", type: "limit", limitPrice: "70" });
    await world.submit(bot, { ...CLOSE, quantity: "3", requestId: "too many" });
    await bot.latch.lastSequence();
    const bench = await ticksIn(world);
    await bench.run("after-close", "2026-11-24T21:05:00Z");
    expect(bench.said(REPORT)).toMatchObject([
      {
        ordersSent: 3,
        ordersRefused: 0,
        duplicatesBlocked: 2,
        duplicateNotionalUsd: "900.00",
        duplicatesOfUnknownPrice: 0,
        intentsBlocked: { close_crosses_zero: 1 },
        openClaims: 1,
        unknownOutcomes: 0,
        openIncidents: 0,
        realizedUsd: { TQQQ: "4.00" },
      },
    ]);
  });

  test("counts all incidents that are open, also more than one list of them has", async () => {
    const world = await openWorld(TUESDAY);
    const bot = await world.open();
    const { ledger } = await ticksIn(world);
    const span = [world.now(), world.now() + 1] as const;
    const { account } = bot.latch;
    await openMany(ledger, { account, symbol: "TQQQ", at: world.now() }, 130);
    const report = await reportAfterClose({ account, ledger }, ...span);
    expect(report).toMatchObject({ openIncidents: 130, incidentsOpened: 130 });
  });

  test("counts the incidents about actions that are no orders, which a person looks after too", async () => {
    const world = await openWorld(TUESDAY);
    const bot = await world.open();
    const bench = await ticksIn(world);
    await bench.ledger.guard(KEY, claimOf({ now: world.now() }));
    await bench.ledger.guard(KEY, { ...doubt(), now: world.now() + 1 });
    const span = [world.now(), world.now() + 2] as const;
    const ports = { account: bot.latch.account, ledger: bench.ledger };
    expect(await reportAfterClose(ports, ...span)).toMatchObject({
      ...{ incidentsOpened: 1, incidentsResolved: 0, openIncidents: 1, ordersSent: 0 },
    });
  });

  test.each([
    ["never left us", ["claimed", "not_sent_concluded", "sealed", "order_surfaced"]],
    ["was not there", ["claimed", "outcome_unknown", "absence_proved", "order_surfaced"]],
    ["was lost", ["claimed", "outcome_unknown", "order_working", "order_ended"]],
  ])("counts an order once that came to the broker, also one that seemingly %s", (_, types) => {
    const events = types.map((type) => ({ subject: "claim", key: KEY, body: { type } }));
    expect(reportSession(events as never, () => undefined)).toMatchObject({ ordersSent: 1 });
  });

  test("counts each event in one report", async () => {
    const world = await openWorld(TUESDAY);
    const bot = await world.open();
    await trade(world, bot, "6", "76");
    const noon = world.now();
    await trade(world, bot, "6", "74");
    const { ledger } = await ticksIn(world);
    const { account } = bot.latch;
    const end = world.now() + 1;
    const [before, later] = [
      await reportAfterClose({ account, ledger }, TUESDAY.startAt, noon),
      await reportAfterClose({ account, ledger }, noon, end),
    ];
    expect(before).toMatchObject({ ordersSent: 2, realizedUsd: { TQQQ: "6.00" } });
    expect(later).toMatchObject({ ordersSent: 2, realizedUsd: { TQQQ: "-6.00" } });
    const none = await reportAfterClose({ account, ledger }, end, end + 1);
    expect(none.ordersSent).toBe(0);
    expect(none.realizedUsd).toEqual({});
  });
});

describe("what was realized", () => {
  test("of a position that was held before the span counts from its own average price", async () => {
    const world = await openWorld({ ...TUESDAY, ...LONG });
    const bot = await world.open();
    await trade(world, bot, "6", "80");
    const evening = world.now();
    await trade(world, bot, "10", "90");
    const { ledger } = await ticksIn(world);
    const realized = (from: number) =>
      profitBetween(ledger, bot.latch.account, from, Number.POSITIVE_INFINITY);
    // 6 at 70 and 6 at 75 are 12 at 72.5; after the first close 6 at 72.5, then 12 at 73.75.
    expect(await realized(evening)).toEqual({ TQQQ: "162.5" });
    expect(await realized(0)).toEqual({ TQQQ: "207.5" });
    expect(world.book().realizedProfitUsd).toBe("207.5");
  });

  test("of a pair does not become unknown by the fee that was taken from it", async () => {
    const pair = { symbol: "BTC/USD", timeInForce: "gtc" } as const;
    const world = await openWorld({ ...TUESDAY, prices: { "BTC/USD": "100" } });
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, ...pair, quantity: "0.5", requestId: "open" });
    await world.advance(4_000);
    world.simulator.setPrice("BTC/USD", "110");
    await world.submit(bot, { ...CLOSE, ...pair, quantity: "0.49875", requestId: "close" });
    await world.advance(4_000);
    const { ledger } = await ticksIn(world);
    const realized = profitBetween(ledger, bot.latch.account, 0, Number.POSITIVE_INFINITY);
    expect(await realized).toEqual({ "BTC/USD": "4.9875" });
  });

  test("of a pair has what was realized before the latest fee", async () => {
    const pair = { symbol: "BTC/USD", timeInForce: "gtc" } as const;
    const world = await openWorld({ ...TUESDAY, prices: { "BTC/USD": "100" } });
    const bot = await world.open();
    const act = async (about: typeof OPEN | typeof CLOSE, quantity: string, price: string) => {
      world.simulator.setPrice("BTC/USD", price);
      await world.submit(bot, { ...about, ...pair, quantity, requestId: `at ${price}` });
      await world.advance(4_000);
    };
    await act(OPEN, "0.5", "100");
    await act(CLOSE, "0.49875", "110");
    const noon = world.now();
    await act(OPEN, "0.5", "120");
    await act(CLOSE, "0.4", "121");
    const { ledger } = await ticksIn(world);
    const realized = (from: number, until: number) =>
      profitBetween(ledger, bot.latch.account, from, until);
    const [morning, day] = [await realized(0, noon), await realized(0, Number.POSITIVE_INFINITY)];
    expect(morning).toEqual({ "BTC/USD": "4.9875" });
    expect(day).toEqual({ "BTC/USD": world.book("BTC/USD").realizedProfitUsd });
  });

  test("is not known where the movements do not come to the book as it is", async () => {
    const world = await openWorld(TUESDAY);
    const bot = await world.open();
    await trade(world, bot, "4", "76");
    const { ledger } = await ticksIn(world);
    const wrong = {
      claimOf: (key: Parameters<typeof ledger.claimOf>[0]) => ledger.claimOf(key),
      events: (query?: Parameters<typeof ledger.events>[0]) => ledger.events(query),
      lastSequence: () => ledger.lastSequence(),
      books: async () => [{ ...world.book(), net: decimal("5") }],
    };
    const realized = profitBetween(wrong, bot.latch.account, 0, Number.POSITIVE_INFINITY);
    expect(await realized).toEqual({ TQQQ: null });
  });
});
