import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { createTask } from "node-cron";
import { describe, expect, test } from "vitest";
import { backUpStore } from "../../src/app.ts";
import { makeCheckpoint } from "../../src/audit/checkpointing.ts";
import { decimal } from "../../src/core/decimal.ts";
import { LatchError } from "../../src/core/errors.ts";
import type { AccountId } from "../../src/core/ids.ts";
import {
  BACKUP_CRON,
  CHECKPOINT_CRON,
  latchTicks,
  MARKET_MOMENT_CRON,
} from "../../src/schedule/latch-ticks.ts";
import { MARKET_ZONE } from "../../src/schedule/new-york-time.ts";
import { checkBeforeOpen } from "../../src/schedule/opening-check.ts";
import { bench } from "../broker/alpaca-bench.ts";
import { json } from "../broker/raw-server.ts";
import { claimOf, doubt, KEY } from "../claim/guard-commands.ts";
import { LONG, OPEN, openWorld } from "../gateway/world.ts";
import { openMany } from "../incident/many-incidents.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, comparedReads } from "../ledger/sample-commands.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { type TicksBench, ticksIn } from "./schedule-bench.ts";

/** The Tuesday before Thanksgiving 2026. */
const TUESDAY = { startAt: Date.parse("2026-11-24T12:00:00Z") };
const MINUTE_MS = 60_000;

/** The minutes of a span at which a cron expression in New York's time is due. */
function dueIn(cron: string, from: string, until: string): string[] {
  const task = createTask(cron, () => undefined, { timezone: MARKET_ZONE });
  const due: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(until); at += MINUTE_MS) {
    if (task.match(new Date(at))) due.push(new Date(at).toISOString());
  }
  void task.destroy();
  return due;
}

describe("the plan", () => {
  test("polls fills every 2 s, compares every 15 s, and copies where it is told to", () => {
    const work = { log: undefined, lookAfter: undefined, comparePositions: undefined };
    const names = (backUp: unknown, makeCheckpoint?: unknown) =>
      latchTicks({ ...work, backUp, makeCheckpoint } as never).map(({ name, cron, timeZone }) =>
        [name, cron, timeZone].join(" ").trim(),
      );
    const always = [
      "fill-poll */2 * * * * *",
      "position-comparison */15 * * * * *",
      `before-open ${MARKET_MOMENT_CRON} ${MARKET_ZONE}`,
      `after-close ${MARKET_MOMENT_CRON} ${MARKET_ZONE}`,
    ];
    expect(names(undefined)).toEqual(always);
    expect(names(async () => undefined)).toEqual([
      ...always,
      `backup ${BACKUP_CRON} ${MARKET_ZONE}`,
    ]);
    expect(names(undefined, async () => undefined)).toEqual([
      ...always,
      `checkpoint ${CHECKPOINT_CRON} ${MARKET_ZONE}`,
    ]);
  });

  test("signs the log at night where something came, and says all of the checkpoint", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const world = await openWorld(TUESDAY);
    const bench: TicksBench = await ticksIn(world, {
      makeCheckpoint: () => makeCheckpoint(bench.ledger, privateKey, bench.clock),
    });
    await claimed(bench.ledger, claimCommand());
    for (const at of ["2026-11-25T08:15:00Z", "2026-11-26T08:15:00Z"]) {
      await bench.run("checkpoint", at);
    }
    const kept = await bench.ledger.checkpoints(0, 10);
    expect(kept).toHaveLength(1);
    const checkpoint = JSON.parse(kept[0]?.text ?? "");
    expect(bench.said("checkpoint")).toMatchObject([{ checkpoint }]);
  });

  test.each([
    ["on a usual day", "2026-05-21T04:00:00Z", "2026-05-22T04:00:00Z", "2026-05-21T07:30:00.000Z"],
    [
      "when clocks go forward",
      "2026-03-08T05:00:00Z",
      "2026-03-09T04:00:00Z",
      "2026-03-08T07:30:00.000Z",
    ],
    [
      "when clocks go back",
      "2026-11-01T04:00:00Z",
      "2026-11-02T05:00:00Z",
      "2026-11-01T08:30:00.000Z",
    ],
  ])("copies the ledger once %s", (_, from, until, expected) => {
    expect(dueIn(BACKUP_CRON, from, until)).toEqual([expected]);
  });
});

describe("the position comparison", () => {
  test("runs each time in market hours, by the calendar's early closes and holidays", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const ran: string[] = [];
    for (const at of [
      "2026-11-24T14:29:45Z",
      "2026-11-24T14:30:15Z",
      "2026-11-25T20:59:45Z",
      "2026-11-25T21:00:15Z",
      "2026-11-26T16:00:15Z",
      "2026-11-27T17:59:45Z",
      "2026-11-27T18:00:15Z",
      "2026-11-28T16:00:15Z",
    ]) {
      const before = bench.compared();
      await bench.run("position-comparison", at);
      if (bench.compared() > before) ran.push(at);
    }
    expect(ran).toEqual(["2026-11-24T14:30:15Z", "2026-11-25T20:59:45Z", "2026-11-27T17:59:45Z"]);
  });

  test("runs once a minute at all other hours", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const ran: string[] = [];
    for (const second of ["00.020", "15.020", "30.020", "45.020"]) {
      const at = `2026-11-28T03:12:${second}Z`;
      const before = bench.compared();
      await bench.run("position-comparison", at);
      if (bench.compared() > before) ran.push(at);
    }
    expect(ran).toEqual(["2026-11-28T03:12:00.020Z"]);
  });

  test("runs each time at all hours once the account has had a pair of currencies", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const compares = async (at: string) => {
      const before = bench.compared();
      await bench.run("position-comparison", at);
      return bench.compared() > before;
    };
    const adopt = (symbol: string, account: AccountId) =>
      bench.ledger.adoptOpening(
        account,
        [{ symbol, quantity: decimal("2"), averagePrice: decimal("70") }],
        bench.clock.now(),
      );
    expect(await compares("2026-11-28T16:00:15Z")).toBe(false);
    await adopt("BTC/USD", "another account" as AccountId);
    expect(await compares("2026-11-28T16:00:30Z")).toBe(false);
    await adopt("BTC/USD", bench.account);
    expect(await compares("2026-11-28T16:00:45Z")).toBe(true);
  });

  test("runs each time at all hours while a pair that no book has is in an incident", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const { ledger, account, clock } = bench;
    await ledger.compare(account, "BTC/USD", {
      ...(await comparedReads(ledger, "2", "0")),
      ...{ policy: "observe", now: clock.now() },
    });
    expect(await ledger.books(account)).toEqual([]);
    await bench.run("position-comparison", "2026-11-28T16:00:15Z");
    expect(bench.compared()).toBe(1);
    await openMany(ledger, { account, symbol: "TQQQ", at: clock.now() }, 105);
    await bench.run("position-comparison", "2026-11-28T16:00:30Z");
    expect(bench.compared()).toBe(2);
  });

  test("runs each time while the calendar is unknown, and says so once", async () => {
    const world = await openWorld(TUESDAY);
    const match = { method: "GET", path: "/v2/calendar" } as const;
    const fault = { kind: "html", status: 200, accept: false } as const;
    world.simulator.addFaults([{ match, fault, times: 10 }]);
    const bench = await ticksIn(world);
    for (const at of ["2026-11-24T12:00:15Z", "2026-11-24T12:05:15Z", "2026-11-25T02:00:15Z"]) {
      await bench.run("position-comparison", at);
    }
    expect(bench.compared()).toBe(3);
    expect(bench.log).toHaveLength(1);
    expect(bench.log[0]).toMatchObject({ level: 40, msg: expect.stringContaining("at all hours") });
  });

  test("that fails is in the log and runs again the next time", async () => {
    let tries = 0;
    const bench = await ticksIn(await openWorld(TUESDAY), {
      comparePositions: async () => {
        tries += 1;
        throw new Error("no positions today");
      },
    });
    await bench.run("position-comparison", "2026-11-24T15:00:00Z");
    await bench.run("position-comparison", "2026-11-24T15:00:15Z");
    expect(tries).toBe(2);
    expect(bench.said("a tick failed")).toMatchObject([
      { tick: "position-comparison", err: { message: "no positions today" } },
      { tick: "position-comparison" },
    ]);
  });

  test("that fails as it did before says so again only when it works, or fails otherwise", async () => {
    const away = new LatchError("store_failed", "nobody listens there");
    const answers = [away, away, away, new LatchError("store_busy", "locked"), undefined, away];
    const bench = await ticksIn(await openWorld(TUESDAY), {
      comparePositions: async () => {
        const failure = answers.shift();
        if (failure !== undefined) throw failure;
      },
    });
    const said: number[] = [];
    while (answers.length > 0) {
      await bench.run("position-comparison", Date.parse("2026-11-24T15:00:00Z") - answers.length);
      said.push(bench.said("a tick failed").length);
    }
    const tick = "position-comparison";
    expect(said).toEqual([1, 1, 1, 2, 2, 3]);
    expect(bench.said("a tick failed")).toMatchObject([
      { tick, code: "store_failed", reason: "nobody listens there", hint: away.hint },
      { tick, code: "store_busy", reason: "locked" },
      { tick, code: "store_failed" },
    ]);
    expect(bench.said("a tick works again")).toMatchObject([
      { tick, code: "store_busy", times: 4 },
    ]);
  });
});

describe("the check before the open", () => {
  test("runs ten minutes before each open, and on no other day", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const ran: string[] = [];
    for (let at = TUESDAY.startAt; at < TUESDAY.startAt + 4 * 86_400_000; at += 5 * MINUTE_MS) {
      const before = bench.said("check before the open").length;
      await bench.run("before-open", at + 40);
      if (bench.said("check before the open").length > before) ran.push(new Date(at).toISOString());
    }
    const at = (date: string) => `${date}T14:20:00.000Z`;
    expect(ran).toEqual([at("2026-11-24"), at("2026-11-25"), at("2026-11-27")]);
  });

  test("finds nothing where all is well", async () => {
    const world = await openWorld({ ...TUESDAY, ...LONG });
    await world.open();
    const bench = await ticksIn(world);
    await bench.run("before-open", "2026-11-24T14:20:00Z");
    expect(bench.said("check before the open")).toMatchObject([
      {
        level: 30,
        ...{ store: null, broker: null, differences: [], unknownOutcomes: 0, openIncidents: 0 },
      },
    ]);
  });

  test("warns of an action that is no order and of which nobody knows whether it happened", async () => {
    const world = await openWorld({ ...TUESDAY, ...LONG });
    await world.open();
    const bench = await ticksIn(world);
    await bench.ledger.guard(KEY, claimOf());
    await bench.ledger.guard(KEY, doubt());
    await bench.run("before-open", "2026-11-24T14:20:00Z");
    expect(bench.said("check before the open")).toMatchObject([{ level: 40, openIncidents: 1 }]);
  });

  test("counts all incidents that are open, also more than one list of them has", async () => {
    const bench = await ticksIn(await openWorld(TUESDAY));
    const { ledger, account, clock } = bench;
    await openMany(ledger, { account, symbol: "TQQQ", at: clock.now() }, 130);
    await bench.run("before-open", "2026-11-24T14:20:00Z");
    expect(bench.said("check before the open")).toMatchObject([{ openIncidents: 130 }]);
  });

  test("objects to an account that is active and takes no orders", async () => {
    const flags = { trading_blocked: false, account_blocked: true };
    const { broker } = await bench(json(200, { id: ACCOUNT, status: "ACTIVE", ...flags }));
    const ledger = openLedger(temporaryFile());
    const check = await checkBeforeOpen({ account: ACCOUNT, ledger, broker });
    expect(check.broker).toBe("the account takes no orders: account_blocked");
  });

  test("warns of positions that differ, of unknown outcomes and of a broker that is away", async () => {
    const world = await openWorld({ ...TUESDAY, ...LONG });
    const bot = await world.open();
    world.fault({ kind: "drop" }, {}, 1);
    await world.submit(bot, { ...OPEN, quantity: "1" });
    const bench = await ticksIn(world);
    world.simulator.setPositions([
      { symbol: "TQQQ", quantity: "4", averagePrice: "70" },
      { symbol: "SPY", quantity: "2", averagePrice: "500" },
    ]);
    const match = { method: "GET", path: "/v2/account" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "drop" } }]);
    await bench.run("before-open", "2026-11-24T14:20:00Z");
    expect(bench.said("check before the open")).toMatchObject([
      {
        level: 40,
        store: null,
        broker: expect.any(String),
        differences: [
          { symbol: "TQQQ", book: "6", broker: "4" },
          { symbol: "SPY", book: "0", broker: "2" },
        ],
        unknownOutcomes: 1,
      },
    ]);
  });
});

describe("the nightly backup", () => {
  test("of a running latch copies its ledger, and a night that fails is followed by another", async () => {
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, OPEN);
    const directory = temporaryFolder();
    let target = join(directory, "missing");
    const bench = await ticksIn(world, {
      backUp: () =>
        backUpStore(world.store, { directory: target, keep: 2, now: bench.clock.now() }),
    });
    await bench.run("backup", "2026-05-22T07:30:00Z");
    expect(bench.said("a tick failed")).toMatchObject([{ tick: "backup" }]);
    target = directory;
    await bench.run("backup", "2026-05-23T07:30:00Z");
    expect(bench.said("backed up")).toMatchObject([
      { path: join(directory, "latch-20260523T073000000Z.db"), removed: [] },
    ]);
    const copy = openLedger(join(directory, "latch-20260523T073000000Z.db"));
    expect((await copy.claims({ account: bot.latch.account })).claims).toEqual(world.claims());
  });
});
