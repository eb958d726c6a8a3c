import { renameSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CLOSE, LONG, OPEN, openWorld, refused, type World } from "./world.ts";

/** From now on no event can be written; the answer mends it. */
function breakStore(world: World): () => void {
  const database = world.connect();
  database.exec(
    `CREATE TRIGGER broken BEFORE INSERT ON events
       BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END`,
  );
  return () => database.exec("DROP TRIGGER broken");
}

/** The ledger is where nobody finds it; the answer brings it back. */
function moveStore({ store }: World): () => void {
  renameSync(store, `${store}.moved`);
  return () => renameSync(`${store}.moved`, store);
}

describe("a claim that cannot be written", () => {
  test("sends nothing: another connection holds the lock beyond the busy timeout", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const other = world.connect();
    other.exec("BEGIN IMMEDIATE");
    await expect(world.submit(bot, OPEN)).rejects.toMatchObject({ code: "store_busy" });
    other.exec("ROLLBACK");
    expect(world.posts()).toEqual([]);
    expect(world.claims()).toEqual([]);
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
    expect(world.posts()).toHaveLength(1);
  });

  test("sends nothing: the write fails", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const mend = breakStore(world);
    await expect(world.submit(bot, OPEN)).rejects.toMatchObject({ code: "store_failed" });
    mend();
    expect(world.posts()).toEqual([]);
    expect(world.claims()).toEqual([]);
  });

  test("sends nothing: the file was moved away", async () => {
    const world = await openWorld();
    const bot = await world.open();
    renameSync(world.store, `${world.store}.moved`);
    await expect(world.submit(bot, OPEN)).rejects.toMatchObject({ code: "store_moved" });
    renameSync(`${world.store}.moved`, world.store);
    expect(world.posts()).toEqual([]);
  });

  test("sends nothing of ten at once, and tells all ten", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const mend = breakStore(world);
    const tries = Array.from({ length: 10 }, (_, index) =>
      bot.latch.submit({ ...OPEN, requestId: `r${index}` }),
    );
    const results = await world.drive(Promise.allSettled(tries));
    mend();
    expect(results.map(({ status }) => status)).toEqual(tries.map(() => "rejected"));
    expect(world.posts()).toEqual([]);
  });
});

describe.each([
  ["entry", OPEN, {}, "6"],
  ["exit", CLOSE, LONG, "0"],
] as const)("a store that fails after the POST of an %s", (_, intent, options, net) => {
  test("does not hide the answer, and the order is adopted later", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "slow", delayMs: 3_000 });
    const answer = bot.latch.submit(intent);
    await world.rest();
    const mend = breakStore(world);
    expect(await world.drive(answer)).toMatchObject({ status: "PROCEED" });
    expect(world.theClaim()).toMatchObject({ status: "OPEN", told: null });
    mend();
    expect((await world.submit(bot, intent)).status).toBe("SKIP");
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
    expect(world.book()).toMatchObject({ net, reservations: [] });
  });

  test("is PENDING and never an error that says nothing was sent", async () => {
    const world = await openWorld(options);
    const bot = await world.open();
    world.fault({ kind: "accept_then_hang" });
    const answer = bot.latch.submit(intent);
    await world.rest();
    const mend = breakStore(world);
    expect(await world.drive(answer)).toMatchObject({ status: "PENDING" });
    await world.advance(1_000);
    mend();
    expect(world.posts()).toHaveLength(1);
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled", told: null });
    expect(world.posts()).toHaveLength(1);
    expect(world.book()).toMatchObject({ net, reservations: [] });
    expect(world.log.join("")).toContain("a claim could not be followed");
  });
});

describe("a store that fails", () => {
  test("after the POST, while another process holds the lock, sends nothing twice", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "slow", delayMs: 3_000 });
    const answer = bot.latch.submit(OPEN);
    await world.rest();
    const other = world.connect();
    other.exec("BEGIN IMMEDIATE");
    expect(await world.drive(answer)).toMatchObject({ status: "PROCEED" });
    other.exec("ROLLBACK");
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
  });

  test("when an order is found by the fresh read leaves it PENDING, and sends no other", async () => {
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "arrive_late", delayMs: 60_000 });
    await world.submit(bot, OPEN);
    await world.untilSettled();
    await world.advance(60_000);
    let mend = () => {};
    bot.gate = (method) => {
      if (method === "GET") {
        mend = breakStore(world);
        bot.gate = () => "pass";
      }
      return "pass";
    };
    expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PENDING" });
    mend();
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
    expect(world.orders()).toHaveLength(1);
  });

  test("after the POST does not make its caller certain before the order is found", async () => {
    const world = await openWorld();
    const bot = await world.open({ sendDeadlineMs: 1_000, postDeadlineMs: 500 });
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 4_000 });
    let mend = () => {};
    bot.gate = (method) => {
      if (method === "POST") mend = breakStore(world);
      return "pass";
    };
    const answer = bot.latch.submit(OPEN);
    await world.advance(1_000);
    mend();
    await world.advance(1_500);
    expect(world.theClaim()).toMatchObject({ status: "IN_RECONCILIATION", told: null });
    expect(await world.drive(answer)).toMatchObject({ status: "PROCEED" });
    expect(world.theClaim()).toMatchObject({ told: "certain" });
    expect(world.posts()).toHaveLength(1);
  });

  test.each([
    ["takes no event", breakStore, "store_failed"],
    ["is away", moveStore, "store_moved"],
  ] as const)(
    "and %s when nothing could be sent says so, and holds no exit up once it works",
    async (_, fail, code) => {
      const world = await openWorld(LONG);
      const bot = await world.open();
      bot.gate = () => refused();
      const answer = bot.latch.submit({ ...CLOSE, requestId: "exit" });
      await world.rest();
      const mend = fail(world);
      await expect(world.drive(answer)).rejects.toMatchObject({ code });
      mend();
      bot.gate = () => "pass";
      await world.advance(1_000);
      expect(world.theClaim()).toMatchObject({ outcome: "not_sent" });
      expect(world.posts()).toEqual([]);
      const again = await world.submit(bot, { ...CLOSE, requestId: "exit" });
      expect(again).toMatchObject({ status: "PROCEED" });
      expect(world.posts()).toHaveLength(1);
    },
  );
});

describe("a refusal that cannot be written", () => {
  test("is not told as certain, since the broker keeps no record of it", async () => {
    const world = await openWorld(LONG);
    const bot = await world.open();
    const message = "insufficient buying power";
    world.fault({ kind: "refuse", status: 403, code: 40310000, message });
    let mend = () => {};
    bot.gate = (method) => {
      if (method === "POST") mend = breakStore(world);
      return "pass";
    };
    const answer = await world.submit(bot, { ...CLOSE, requestId: "exit" });
    expect(answer).toMatchObject({ status: "PENDING" });
    expect(world.theClaim()).toMatchObject({ status: "OPEN", refusal: null });
    bot.gate = () => "pass";
    mend();
    await world.advance(5_000);
    expect(world.theClaim()).toMatchObject({ told: null, refusal: { message } });
    expect(world.orders()).toEqual([]);
  });
});

test("an acceptance that cannot be written is written as soon as the store works again", async () => {
  const world = await openWorld();
  const bot = await world.open();
  let mend = () => {};
  bot.gate = (method) => {
    if (method === "POST") mend = breakStore(world);
    return "pass";
  };
  expect(await world.submit(bot, OPEN)).toMatchObject({ status: "PROCEED" });
  await world.advance(500);
  expect(world.theClaim()).toMatchObject({ status: "OPEN" });
  mend();
  await world.advance(1_000);
  expect(world.theClaim()).toMatchObject({ told: "certain" });
  expect(world.theClaim().brokerOrderId).not.toBeNull();
});
