import { describe, expect, test } from "vitest";
import { OPEN, openWorld, type Process, type World } from "../gateway/world.ts";

const RESTING = { ...OPEN, type: "limit", limitPrice: "60" } as const;
const LIST = "/v2/orders";

async function placed(world: World, bot: Process, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await world.submit(bot, { ...RESTING, requestId: `r${index}` });
  }
}

function singleReads(world: World): number {
  return world.simulator.requests().filter(({ path }) => path.startsWith(`${LIST}/`)).length;
}

/** A list whose first `count` orders are none that can be read. */
function withoutSymbols(answer: Response, count: number): Response {
  const text = async () => {
    const orders = (await answer.json()) as readonly object[];
    const spoiled = orders.map((order, nth) => (nth < count ? { ...order, symbol: null } : order));
    return JSON.stringify(spoiled);
  };
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      controller.enqueue(new TextEncoder().encode(await text()));
      controller.close();
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}

describe("the fill poller", () => {
  test("serves twenty working orders with one list call and no other read", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await placed(world, bot, 20);
    await bot.latch.tick();
    expect(world.reads(LIST)).toHaveLength(1);
    expect(singleReads(world)).toBe(0);
    world.simulator.setPrice("TQQQ", "59");
    await world.advance(4_000);
    expect(world.claims().map(({ outcome }) => outcome)).toEqual(Array(20).fill("filled"));
    expect(world.book().net).toBe("120");
    expect(singleReads(world)).toBe(0);
  });

  test("serves all who ask during one read with the next one", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await placed(world, bot, 1);
    const close = { ...OPEN, side: "sell", effect: "close" } as const;
    const quantities = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
    const refusals = quantities.map((quantity) => bot.latch.submit({ ...close, quantity }));
    const flat = { code: "close_while_flat" };
    expect(await world.drive(Promise.all(refusals))).toMatchObject(Array(20).fill(flat));
    expect(world.reads(LIST)).toHaveLength(2);
  });

  test("reads singly only what the list misses", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "list_lag", lagMs: 3_600_000 }, { nth: 2 });
    await placed(world, bot, 3);
    await bot.latch.tick();
    expect(world.reads(LIST)).toHaveLength(1);
    const missed = world.orders()[1]?.id;
    expect(world.reads(`${LIST}/${missed}`)).toHaveLength(1);
    expect(singleReads(world)).toBe(1);
  });

  test("reads the list of those at work too where that of all has some that cannot be read", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await placed(world, bot, 3);
    let lists = 0;
    bot.answered = (method, answer) => {
      if (method !== "GET") return answer;
      lists += 1;
      return lists === 1 ? withoutSymbols(answer, 2) : answer;
    };
    await bot.latch.tick();
    expect(world.reads(LIST).map(({ query }) => query.status)).toEqual(["all", "open"]);
    expect(singleReads(world)).toBe(0);
    world.simulator.setPrice("TQQQ", "59");
    await world.advance(4_000);
    expect(world.book().net).toBe("18");
  });

  test("reads orders older than a day by the list of those at work, and singly what has ended", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await placed(world, bot, 1);
    for (const price of ["55", "56", "57"]) {
      const terms = { ...RESTING, timeInForce: "gtc", limitPrice: price } as const;
      await world.submit(bot, { ...terms, requestId: price });
    }
    bot.runs = false;
    await world.advance(25 * 60 * 60_000);
    bot.clock.advanceTo(world.now());
    await bot.latch.tick();
    const before = { lists: world.reads(LIST).length, singles: singleReads(world) };
    world.simulator.setPrice("TQQQ", "56.5");
    bot.clock.advanceTo(world.now() + 30_000);
    await bot.latch.tick();
    expect(world.reads(LIST)).toHaveLength(before.lists + 1);
    expect(singleReads(world)).toBe(before.singles + 1);
    expect(world.book().net).toBe("6");
  });

  test("reads an order older than a day singly, so that the list stays short", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, { ...RESTING, timeInForce: "gtc" });
    bot.runs = false;
    await world.advance(25 * 60 * 60_000);
    bot.clock.advanceTo(world.now());
    const listsBefore = world.reads(LIST).length;
    await bot.latch.tick();
    expect(world.reads(LIST)).toHaveLength(listsBefore);
    expect(singleReads(world)).toBe(1);
  });

  test("reads singly while the list cannot be read, so that no fill is lost", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    world.simulator.addFaults([
      { match: { method: "GET", path: LIST }, fault: { kind: "html", status: 502, accept: false } },
    ]);
    await bot.latch.tick();
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
  });

  test("asks less and less often while nothing changes, but every 30 seconds at least", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, RESTING);
    await world.advance(10 * 60_000);
    const times = world.reads(LIST).map(({ time }) => Date.parse(time));
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
    expect(pauses[0]).toBe(2_000);
    expect(pauses.at(-1)).toBe(30_000);
    expect(pauses.length).toBeGreaterThan(18);
    expect(pauses.length).toBeLessThan(30);
  });

  test("asks at once again when another order is at work", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, RESTING);
    await world.advance(5 * 60_000);
    const before = world.reads(LIST).length;
    await world.submit(bot, { ...OPEN, requestId: "another" });
    await bot.latch.tick();
    expect(world.reads(LIST)).toHaveLength(before + 1);
    expect(bot.latch.nextDueAt()).toBe(world.now() + 1_000);
  });

  test("asks nothing while no order is at work", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    await world.untilSettled();
    await world.advance(4_000);
    expect(bot.latch.nextDueAt()).toBeUndefined();
    const before = world.simulator.requests().length;
    await world.advance(5 * 60_000);
    expect(world.simulator.requests()).toHaveLength(before);
  });
});

describe("a fill", () => {
  test("that two processes read many times is booked once", async () => {
    const world = await openWorld();
    const bots = [await world.open(), await world.open()];
    world.fault({ kind: "partial_fill", quantity: "2", rest: "script" });
    await world.submit(bots[0] as Process, OPEN);
    await Promise.all(bots.flatMap(({ latch }) => [latch.tick(), latch.tick(), latch.tick()]));
    expect(world.book().net).toBe("2");
    world.simulator.fill({ orderId: world.orders()[0]?.id ?? "", quantity: "4", price: "76" });
    await world.untilSettled();
    await Promise.all(bots.flatMap(({ latch }) => [latch.tick(), latch.tick()]));
    expect(world.book()).toMatchObject({ net: "6" });
    expect(world.theClaim()).toMatchObject({ bookedQuantity: "6", bookedCost: "454" });
    const types = await world.eventTypes(bots[0] as Process);
    expect(types.filter((type) => type === "fill_booked")).toHaveLength(2);
  });

  test("is not taken back by an answer from before it that arrives after it", async () => {
    const world = await openWorld();
    const [slow, fast] = [await world.open(), await world.open()];
    world.fault({ kind: "partial_fill", quantity: "2", rest: "script" });
    await world.submit(fast, OPEN);
    world.simulator.addFaults([
      { match: { method: "GET", path: LIST }, fault: { kind: "slow", delayMs: 3_000 } },
    ]);
    const stale = slow.latch.tick();
    await world.rest();
    world.simulator.fill({ orderId: world.orders()[0]?.id ?? "", quantity: "3" });
    await fast.latch.tick();
    expect(world.book().net).toBe("5");
    await world.drive(stale);
    expect(world.book().net).toBe("5");
    expect(world.theClaim()).toMatchObject({ bookedQuantity: "5" });
  });

  test("of a bot's own id is read by the broker's id, not by the name", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, { ...OPEN, clientOrderId: "bot-7" });
    bot.answered = (method, answer) => (method === "GET" ? renamed(answer) : answer);
    await world.advance(2_000);
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(singleReads(world)).toBe(0);
  });
});

/** The list as it came, with another order under the same client_order_id at its end. */
function renamed(answer: Response): Response {
  const double = async () => {
    const [order] = (await answer.json()) as Record<string, unknown>[];
    const other = { ...order, id: "another", filled_qty: "0", filled_avg_price: null };
    return JSON.stringify([order, { ...other, status: "new" }]);
  };
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(await double()));
      controller.close();
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}
