import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openLatch } from "../../src/app.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { IntentInput, LatchError } from "../../src/index.ts";
import { CLOSE, LONG, OPEN, openWorld, type World } from "../gateway/world.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";

async function openingFails(world: World, options = {}): Promise<LatchError> {
  const settings = {
    store: world.store,
    baseUrl: world.simulator.url,
    keyId: "PKABC",
    secret: "s3cr3t-value",
    schedule: false,
    ...options,
  };
  return openLatch(settings).then(
    async (latch) => {
      await latch.close();
      throw new Error("it opened");
    },
    (error: LatchError) => error,
  );
}

describe("opening a latch", () => {
  test("takes over the broker's positions at the first start, and only then", async () => {
    const positions = [...LONG.positions, { symbol: "SQQQ", quantity: "-4", averagePrice: "20" }];
    const world = await openWorld({ positions });
    const first = await world.open();
    expect(await first.latch.books()).toMatchObject([
      { symbol: "SQQQ", net: "-4", averagePrice: "20" },
      { symbol: "TQQQ", net: "6", averagePrice: "70", episode: 1 },
    ]);
    await first.latch.close();
    first.runs = false;
    world.simulator.setPositions([{ symbol: "TQQQ", quantity: "60", averagePrice: "70" }]);
    const second = await world.open();
    expect(second.latch.account).toBe(first.latch.account);
    expect(await second.latch.book("TQQQ")).toMatchObject({ net: "6" });
    expect((await second.latch.events()).map(({ body }) => body.type)).toEqual([
      "opening_adopted",
      "opening_adopted",
    ]);
  });

  test("by two processes at once takes them over once", async () => {
    const world = await openWorld(LONG);
    const [a] = await Promise.all([world.open(), world.open()]);
    expect(await a.latch.book("TQQQ")).toMatchObject({ net: "6" });
    expect(await a.latch.events()).toHaveLength(1);
  });

  test("is refused where the nightly copies have no folder, and makes no ledger", async () => {
    const world = await openWorld();
    const [store, backupDir] = [temporaryFile("new.db"), join(temporaryFolder(), "copies")];
    const { code, message } = await openingFails(world, { store, backupDir });
    expect(code).toBe("invalid_option");
    expect(message).toContain(`is ${backupDir}: there is no folder ${backupDir}; make it`);
    expect(existsSync(store)).toBe(false);
    mkdirSync(backupDir);
    await expect(openingFails(world, { store, backupDir })).rejects.toThrow("it opened");
  });

  test.each([
    ["account", "/v2/account"],
    ["positions", "/v2/positions"],
  ])("fails without a trace while the %s cannot be read", async (_, path) => {
    const world = await openWorld(LONG);
    world.simulator.addFaults([
      { match: { method: "GET", path }, fault: { kind: "html", status: 502, accept: false } },
    ]);
    expect(await openingFails(world)).toMatchObject({ code: "broker_unavailable" });
    const bot = await world.open();
    expect(await bot.latch.book("TQQQ")).toMatchObject({ net: "6" });
    expect(await world.submit(bot, CLOSE)).toMatchObject({ status: "PROCEED" });
  });

  test("fails while the broker is away, and lets go of the file", async () => {
    const world = await openWorld();
    await world.simulator.close();
    const error = await openingFails(world);
    expect(error).toMatchObject({ code: "broker_unavailable", retryable: true });
    const other = world.connect();
    other.pragma("locking_mode = EXCLUSIVE");
    other.exec("BEGIN EXCLUSIVE; ROLLBACK");
    renameSync(world.store, `${world.store}.free`);
  });

  test("fails for credentials that the broker does not take, and names none", async () => {
    const world = await openWorld({ keyId: "PKGOOD", secret: "right" });
    const error = await openingFails(world);
    expect(error.code).toBe("keys_refused");
    expect(error.message).toContain("unauthorized");
    expect(`${error.message} ${error.stack}`).not.toMatch(/s3cr3t|PKABC/);
  });

  test("fails for keys of the other host, paper's at the live one, instead of waiting", async () => {
    const world = await openWorld();
    const said = { status: 401, code: 40_110_000, message: "request is not authorized" };
    world.simulator.addFaults([
      { match: { method: "GET", path: "/v2/account" }, fault: { kind: "refuse", ...said } },
    ]);
    const error = await openingFails(world);
    expect(error.code).toBe("keys_refused");
    expect(error.hint).toContain("for this host");
  });

  test("fails for a store that is another program's file, and leaves it as it was", async () => {
    const world = await openWorld();
    const other = world.connect();
    other.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    other.close();
    const before = readFileSync(world.store);
    expect(await openingFails(world)).toMatchObject({ code: "store_not_a_database" });
    expect(readFileSync(world.store).equals(before)).toBe(true);
  });
});

describe("an open latch", () => {
  test("refuses an intent that is not one, and nothing is claimed", async () => {
    const world = await openWorld();
    const bot = await world.open();
    const wrong = { ...OPEN, quantity: "-6" } as IntentInput;
    await expect(bot.latch.submit(wrong)).rejects.toMatchObject({ code: "invalid_intent" });
    expect(world.claims()).toEqual([]);
    expect(world.posts()).toEqual([]);
  });

  test("counts claims by state and lists those at work", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    await world.untilSettled();
    await world.submit(bot, { ...OPEN, type: "limit", limitPrice: "60" });
    expect(await bot.latch.countByStatus()).toEqual({ SETTLED: 1, IN_RECONCILIATION: 1 });
    expect(await bot.latch.unsettledClaims()).toMatchObject([{ orderStatus: "pending_new" }]);
  });

  test("writes no secret to its log, its file or its events", async () => {
    const world = await openWorld({ keyId: "PKGOOD", secret: "r1ghtsecret" });
    const bot = await world.open({ keyId: "PKGOOD", secret: "r1ghtsecret" });
    const body = "the key r1ghtsecret was not taken";
    world.fault({ kind: "refuse", status: 500, message: body });
    await world.submit(bot, OPEN);
    await bot.latch.tick();
    await bot.latch.events();
    const written = [world.log.join(""), readFileSync(world.store, "latin1")];
    written.push(readFileSync(`${world.store}-wal`, "latin1"));
    expect(written.join("")).toContain("was not taken");
    expect(written.join("")).not.toMatch(/r1ghtsecret|PKGOOD/);
  });

  test("goes on from the ledger's last event where the machine's clock was set back", async () => {
    const world = await openWorld(LONG);
    const first = await world.open();
    await world.submit(first, OPEN);
    await first.latch.close();
    first.runs = false;
    const clock = new ManualClock(world.now() - 10 * 60_000);
    const second = await world.open({ clock });
    await world.drive(second.latch.recover());
    const events = await second.latch.events();
    const times = events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(world.log.join()).toContain("the clock is behind the ledger");
  });

  test("is refused where the clock is far behind the ledger's last event", async () => {
    const world = await openWorld(LONG);
    const first = await world.open();
    await world.submit(first, OPEN);
    await first.latch.close();
    first.runs = false;
    const clock = new ManualClock(world.now() - 16 * 60_000);
    const error = await openingFails(world, { clock });
    expect(error.code).toBe("clock_behind");
    expect(error.message).toContain("2026-05-21T13:44");
    expect(error.hint).toContain("clock right");
  });
});
