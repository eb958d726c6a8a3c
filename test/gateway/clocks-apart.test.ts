import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { CLOSE, LONG, OPEN, openWorld, type Process, refused, type World } from "./world.ts";

/** Two machines on one ledger; the clock of the second one is so far ahead of the first's. */
async function openApart(minutes: number, options: Parameters<typeof openWorld>[0] = {}) {
  const world = await openWorld(options);
  const first = await world.open();
  const second = await openWith(world, first.clock, () => minutes * 60_000);
  return { world, first, second };
}

/** Its wall is `aheadMs` ahead of a clock that nobody sets: `clock`, and its own once it is open. */
async function openWith(world: World, clock: Clock, aheadMs: () => number): Promise<Process> {
  let under = clock;
  const own: Clock = {
    now: () => under.now() + aheadMs(),
    elapsed: () => under.now(),
    sleep: (durationMs, signal) => under.sleep(durationMs, signal),
  };
  const opened = await world.open({ clock: own });
  under = opened.clock;
  return opened;
}

/** Sends an order whose fill the stream tells of, as soon as it is there. */
async function sent(world: World, { latch }: Process, intent: IntentInput): Promise<OrderAnswer> {
  const answer = await world.drive(latch.submit(intent));
  if (answer.status !== "PROCEED") return answer;
  const wire = world.orders().find(({ id }) => id === answer.order.brokerOrderId);
  await world.drive(latch.applyUpdate({ ...wire }));
  return answer;
}

describe.each([-60, -3, -1, 1, 3, 60])(
  "two machines whose clocks are %d minutes apart",
  (minutes) => {
    test("take equal orders of a bot that names none for one within the window alone", async () => {
      const { world, first, second } = await openApart(minutes);
      // Each has written something, by its own clock.
      await sent(world, second, { ...OPEN, quantity: "8" });
      await sent(world, first, { ...OPEN, quantity: "4" });
      const answers: string[] = [];
      for (const machine of [first, second, first, second]) {
        await world.advance(30_000);
        await sent(world, machine, { ...CLOSE, quantity: "2" });
        await world.advance(20_000);
        const other = machine === first ? second : first;
        answers.push((await sent(world, other, { ...CLOSE, quantity: "2" })).status);
      }
      expect(answers).toEqual(["SKIP", "SKIP", "SKIP", "SKIP"]);
      expect(world.orders().filter(({ side }) => side === "sell")).toHaveLength(4);
    });
  },
);

test.each([-60, -1, 1, 60])(
  "an order that comes again by way of a machine that was idle, %d minutes apart, is the same one",
  async (minutes) => {
    const { world, first, second: idle } = await openApart(minutes);
    await world.advance(30_000);
    const { requestId } = await sent(world, first, OPEN);
    await world.advance(20_000);
    expect(await sent(world, idle, OPEN)).toMatchObject({ status: "SKIP", requestId });
    await world.advance(30_000);
    expect(await sent(world, idle, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.orders()).toHaveLength(2);
  },
);

test.each([-60, -10, -1, 1, 10, 60])(
  "an order whose answer was lost, found by a machine %d minutes apart, has its window from there",
  async (minutes) => {
    const { world, first, second } = await openApart(minutes);
    await world.advance(30_000);
    world.fault({ kind: "accept_then_drop" });
    first.gate = (method) => (method === "GET" ? "lost" : "pass");
    const sending = first.latch.submit(OPEN);
    await world.rest();
    first.runs = false;
    await world.advance(10_000);
    expect(world.theClaim()).toMatchObject({ outcome: "filled", told: null });
    expect(await world.submit(second, OPEN)).toMatchObject({ status: "SKIP" });
    await world.advance(40_000);
    expect(await world.submit(second, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.orders()).toHaveLength(2);
    Object.assign(first, { runs: true, gate: () => "pass" });
    await world.drive(sending);
  },
);

test("a machine whose clock is an hour behind another's keeps its own time, and says so once", async () => {
  const { world, first, second } = await openApart(60);
  await sent(world, second, OPEN);
  await world.advance(10_000);
  await sent(world, second, { ...CLOSE, quantity: "2" });
  await world.advance(10_000);
  const said = world.log.filter((line) => line.includes("too far behind the ledger"));
  expect(said).toHaveLength(1);
  expect(JSON.parse(said[0] ?? "")).toMatchObject({ level: 50, behindMs: expect.any(Number) });
  const answer = await sent(world, first, { ...OPEN, quantity: "7" });
  const claim = await first.latch.claim(answer.requestId ?? "");
  expect(claim?.openedAt).toBe(first.clock.now());
});

/** A machine beside whose wall a clock goes that nobody sets, and that sleep stops. */
async function machine(world: World): Promise<Process & { leap(durationMs: number): void }> {
  const { clock } = await world.open();
  let leaptMs = 0;
  const opened = await openWith(world, clock, () => leaptMs);
  const leap = (durationMs: number) => {
    leaptMs += durationMs;
  };
  return Object.assign(opened, { leap });
}

const PART = { ...CLOSE, quantity: "2" } as const;
const HOUR_MS = 60 * 60_000;

test("an exit like one of before the machine slept is another one", async () => {
  const world = await openWorld(LONG);
  const bot = await machine(world);
  await sent(world, bot, PART);
  await world.advance(5_000);
  world.simulator.setTime(world.now() + HOUR_MS);
  bot.leap(HOUR_MS);
  expect(await world.submit(bot, PART)).toMatchObject({ status: "PROCEED" });
});

test("so it is where the broker is away by then", async () => {
  const world = await openWorld(LONG);
  const bot = await machine(world);
  await sent(world, bot, PART);
  await world.advance(5_000);
  bot.leap(HOUR_MS);
  bot.gate = () => refused();
  expect(await world.submit(bot, PART)).toMatchObject({ status: "BLOCKED", code: "not_sent" });
});

test("an exit that comes again after the clock was set is the same one", async () => {
  const world = await openWorld(LONG);
  const bot = await machine(world);
  const { requestId } = await sent(world, bot, PART);
  await world.advance(5_000);
  bot.leap(HOUR_MS);
  expect(await world.submit(bot, PART)).toMatchObject({ status: "SKIP", requestId });
});

test("an exit that is sent behind a sleep before the broker's clock was heard comes again as the same", async () => {
  const world = await openWorld(LONG);
  const bot = await machine(world);
  await sent(world, bot, PART);
  await world.advance(5_000);
  world.simulator.setTime(world.now() + HOUR_MS);
  bot.leap(HOUR_MS);
  const match = { method: "GET", path: "/v2/positions*" } as const;
  world.simulator.addFaults([{ match, fault: { kind: "drop" }, times: 1 }]);
  const { requestId } = await sent(world, bot, { ...PART, quantity: "1" });
  await world.advance(5_000);
  const again = await world.submit(bot, { ...PART, quantity: "1" });
  expect(again).toMatchObject({ status: "SKIP", requestId });
});

test("an order whose answer is lost after the clock was set is found to be its claim's", async () => {
  const world = await openWorld();
  const bot = await machine(world);
  await sent(world, bot, { ...PART, side: "buy", effect: "open" });
  await world.advance(5_000);
  bot.leap(HOUR_MS);
  const match = { method: "GET", path: "/v2/positions*" } as const;
  world.simulator.addFaults([{ match, fault: { kind: "drop" }, times: 8 }]);
  world.fault({ kind: "accept_then_drop" });
  const entry = { ...PART, side: "buy", effect: "open", clientOrderId: "entry-2" } as const;
  expect(await world.submit(bot, entry)).toMatchObject({ status: "PROCEED" });
});

test.each([-60, -10, -1, 1, 10, 60])(
  "an order that two machines look for, %d minutes apart, is not absent while look-ups lag",
  async (minutes) => {
    const { world, first } = await openApart(minutes);
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 10_000 });
    world.fault({ kind: "list_lag", lagMs: 10_000 });
    expect(await world.submit(first, OPEN)).toMatchObject({ status: "PENDING" });
    await world.untilSettled();
    expect(await world.eventTypes(first)).not.toContain("absence_proved");
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
  },
);

describe.each([-60, -3, 3, 60])(
  "an order of a machine %d minutes apart, which hid for long",
  (minutes) => {
    test("is found by the list before another one proves it absent", async () => {
      const { world, first, second: other } = await openApart(minutes);
      world.fault({ kind: "accept_then_drop" });
      world.fault({ kind: "client_id_lag", lagMs: HOUR_MS });
      const sending = other.latch.submit(OPEN);
      await world.rest();
      other.runs = false;
      await world.untilSettled();
      expect(await world.eventTypes(first)).not.toContain("absence_proved");
      expect(world.theClaim()).toMatchObject({ outcome: "filled" });
      other.runs = true;
      await world.drive(sending);
    });

    test("is not taken for nobody's by another one", async () => {
      const { world, first, second: other } = await openApart(minutes);
      world.fault({ kind: "arrive_late", delayMs: 120_000 });
      expect(await world.submit(other, OPEN)).toMatchObject({ status: "PENDING" });
      await world.untilSettled();
      expect(world.theClaim()).toMatchObject({ outcome: "absent" });
      other.runs = false;
      for (let minute = 0; minute < 4; minute += 1) {
        await world.advance(30_000);
        await world.drive(first.latch.comparePositions());
      }
      expect(world.theClaim()).toMatchObject({ outcome: "filled" });
      expect(world.book().net).toBe("6");
      expect(await world.eventTypes(first)).not.toContain("position_adjusted");
    });
  },
);

test.each([-3, 3, 60])(
  "an order that waits for the broker's pause is not given up by a machine %d minutes apart",
  async (minutes) => {
    const { world, first } = await openApart(minutes, LONG);
    world.fault({ kind: "rate_limited", retryAfterSeconds: 3 });
    expect(await world.submit(first, CLOSE)).toMatchObject({ status: "PROCEED" });
    expect(await world.eventTypes(first)).not.toContain("outcome_unknown");
  },
);

test.each([-3, 3, 60])(
  "a position that lags behind fills which a machine %d minutes apart has booked is no difference",
  async (minutes) => {
    const { world, first, second: other } = await openApart(minutes);
    await sent(world, first, OPEN);
    await sent(world, first, CLOSE);
    await world.advance(60_000);
    await world.drive(other.latch.comparePositions());
    const match = { method: "GET", path: "/v2/positions*" } as const;
    const lag = { kind: "position_lag", lagMs: 20_000 } as const;
    world.simulator.addFaults([{ match, fault: lag, times: 1_000 }]);
    await sent(world, first, { ...OPEN, quantity: "4" });
    await world.advance(12_000);
    await sent(world, first, { ...CLOSE, quantity: "4" });
    await world.advance(8_500);
    await world.drive(other.latch.comparePositions());
    await world.advance(10_500);
    await world.drive(other.latch.comparePositions());
    expect(await world.eventTypes(first)).not.toContain("position_adjusted");
  },
);

test.each([-3, 3, 60])(
  "nor are shares of an order that hides, and that a machine %d minutes apart has proved absent",
  async (minutes) => {
    const { world, first, second: other } = await openApart(minutes);
    await sent(world, first, OPEN);
    await sent(world, first, CLOSE);
    await world.drive(other.latch.comparePositions());
    await world.advance(60_000);
    other.runs = false;
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 38_000 });
    world.fault({ kind: "list_lag", lagMs: 38_000 });
    expect(await world.submit(first, OPEN)).toMatchObject({ status: "PENDING" });
    await world.untilSettled();
    expect(world.claims().at(-1)).toMatchObject({ outcome: "absent" });
    other.clock.advanceTo(world.now());
    other.runs = true;
    for (let looks = 0; looks < 4; looks += 1) {
      await world.drive(other.latch.comparePositions());
      await world.advance(10_500);
    }
    expect(await world.eventTypes(first)).not.toContain("position_adjusted");
    expect(world.book().net).toBe("6");
  },
);

test.each([-60, -10, -1, 10, 60])(
  "an order that a machine %d minutes apart has found has its window for the machine that sent it",
  async (minutes) => {
    const { world, first, second } = await openApart(minutes);
    await world.advance(30_000);
    world.fault({ kind: "accept_then_hang" });
    const sending = first.latch.submit(OPEN);
    await world.rest();
    await world.drive(second.latch.applyUpdate({ ...world.orders()[0] }));
    expect(world.theClaim()).toMatchObject({ outcome: "filled", told: null });
    expect(await world.submit(first, OPEN)).toMatchObject({ status: "SKIP" });
    await world.drive(sending);
    await world.advance(50_000);
    expect(await world.submit(first, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.orders()).toHaveLength(2);
  },
);

test("a position changed behind such a fill is taken over, though clocks tick in parts of a ms", async () => {
  const world = await openWorld();
  const first = await world.open();
  let under: Clock = first.clock;
  let partMs = 0.7;
  const ahead: Clock = {
    now: () => Math.floor(under.now() + HOUR_MS + partMs),
    elapsed: () => under.now() + partMs,
    sleep: (durationMs, signal) => under.sleep(durationMs, signal),
  };
  const other = await world.open({ clock: ahead });
  under = other.clock;
  await world.drive(other.latch.tick());
  await world.submit(first, OPEN);
  await world.drive(other.latch.applyUpdate({ ...world.orders()[0] }));
  world.simulator.setPositions([{ symbol: "TQQQ", quantity: "20", averagePrice: "35" }]);
  for (let looks = 0; looks < 8; looks += 1) {
    partMs = looks % 2 === 0 ? 0.2 : 0.7;
    await world.advance(15_000);
    await world.drive(other.latch.comparePositions());
  }
  expect(await other.latch.book("TQQQ")).toMatchObject({ net: "20" });
});
