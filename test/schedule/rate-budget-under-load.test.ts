import { describe, expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { LoggedRequest } from "../../src/simulator/index.ts";
import { OPEN, openWorld, type Process, type World } from "../gateway/world.ts";

const LIMIT = 200;
const MINUTE_MS = 60_000;
const COMPARISON_MS = 15_000;
const LOST = 20;
const LIVE = 50;

/** An order that stays at work; no two are equal. */
function working(number: number): IntentInput {
  const limitPrice = (10 + number / 100).toFixed(2);
  return { ...OPEN, quantity: "1", type: "limit", limitPrice, requestId: `r-${number}` };
}

const timeOf = ({ time }: LoggedRequest) => Date.parse(time);

/** The most requests that any rolling minute holds. */
function busiestMinute(requests: readonly LoggedRequest[]): number {
  const times = requests.map(timeOf);
  return Math.max(
    ...times.map((end) => times.filter((at) => at <= end && at > end - MINUTE_MS).length),
  );
}

/** What the schedule does for `count` comparisons' time: the world itself ticks every 2 s. */
async function runSchedule(world: World, bot: Process, count: number): Promise<void> {
  const comparisons: Promise<void>[] = [];
  for (let round = 0; round < count; round += 1) {
    comparisons.push(bot.latch.comparePositions());
    await world.advance(COMPARISON_MS);
  }
  await world.drive(Promise.all(comparisons));
}

/** Every list lags, so that each claim has to be read by itself: the most that polling can ask. */
function hideFromLists(world: World): void {
  const match = { method: "GET", path: "/v2/orders" } as const;
  const fault = { kind: "list_lag", lagMs: 86_400_000 } as const;
  world.simulator.addFaults([{ match, fault, times: 100_000 }]);
}

describe("the rate budget with fifty live claims", () => {
  test("is never above 200 in any rolling minute, whatever is polled, sought and compared", async () => {
    const world = await openWorld();
    const bot = await world.open();
    hideFromLists(world);
    const accepted = Array.from({ length: LIVE - LOST }, (_, number) => working(number));
    await world.drive(Promise.all(accepted.map((intent) => bot.latch.submit(intent))));
    const lookUp = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
    world.fault({ kind: "accept_then_drop" }, {}, LOST);
    world.simulator.addFaults([
      { match: lookUp, fault: { kind: "client_id_lag", lagMs: 12_000 }, times: 100_000 },
    ]);
    const lost = Array.from({ length: LOST }, (_, number) => working(LIVE + number));
    const answers = Promise.all(lost.map((intent) => bot.latch.submit(intent)));
    await runSchedule(world, bot, 8);
    await answers;
    expect(world.claims().filter(({ status }) => status === "IN_RECONCILIATION")).toHaveLength(
      LIVE,
    );
    expect(world.claims().filter(({ brokerOrderId }) => brokerOrderId === null)).toEqual([]);

    const requests = world.simulator.requests();
    expect(busiestMinute(requests)).toBeLessThanOrEqual(LIMIT);
    // It was a matter of the budget: polling alone would have asked for more.
    expect(busiestMinute(requests)).toBeGreaterThan(150);
    expect(world.posts()).toHaveLength(LIVE);
  });

  test("sends an order at once, and reads a lost answer back, while polls wait", async () => {
    const world = await openWorld();
    const bot = await world.open();
    hideFromLists(world);
    const live = Array.from({ length: LIVE }, (_, number) => working(number));
    await world.drive(Promise.all(live.map((intent) => bot.latch.submit(intent))));
    await runSchedule(world, bot, 2);
    world.fault({ kind: "accept_then_drop" }, {}, 1);
    const before = world.now();
    const asked = world.simulator.requests().length;
    const answer = await world.submit(bot, working(1_000));
    expect(answer.status).toBe("PROCEED");
    const [post, ...later] = world.simulator
      .requests()
      .slice(asked)
      .filter(({ path }) => path.startsWith("/v2/orders"))
      .filter(({ method, path }) => method === "POST" || path.endsWith("client_order_id"));
    expect(post).toMatchObject({ method: "POST" });
    expect(later.length).toBeGreaterThan(0);
    expect([post, ...later].map((request) => timeOf(request as LoggedRequest))).toEqual(
      [post, ...later].map(() => before),
    );
    await world.advance(MINUTE_MS);
    expect(busiestMinute(world.simulator.requests())).toBeLessThanOrEqual(LIMIT);
  });
});

describe("more orders that rest since before yesterday than a minute has reads for", () => {
  const RESTING = 200;

  test("are all read at a start, which then takes orders, and end together", async () => {
    const world = await openWorld({ cash: "100000000" });
    const first = await world.open();
    const intents = Array.from({ length: RESTING }, (_, number) => working(number));
    const rest = intents.map((intent) => ({ ...intent, timeInForce: "gtc" }) as const);
    await world.drive(Promise.all(rest.map((intent) => first.latch.submit(intent))));
    await first.latch.close();
    first.runs = false;
    await world.advance(25 * 60 * MINUTE_MS);
    const next = await world.open();
    const asked = world.simulator.requests().length;
    const { claims, unread } = await world.drive(next.latch.recover());
    expect(claims.map(({ became }) => became)).toEqual(Array(RESTING).fill("working"));
    expect(unread).toBe(0);
    expect(world.simulator.requests().length - asked).toBeLessThan(LIMIT / 4);
    expect(await world.drive(next.latch.cancelOrders(MINUTE_MS))).toEqual([]);
    expect(world.claims().map(({ outcome }) => outcome)).toEqual(Array(RESTING).fill("canceled"));
    expect(world.simulator.requests().length - asked).toBeLessThan(LIMIT / 2);
  });
});
