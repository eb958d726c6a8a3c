import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type RunLiveOptions, runLive } from "../../src/cli/run-live-actions.ts";
import type { AccountId } from "../../src/core/ids.ts";
import type { Latch } from "../../src/latch.ts";
import { readBars } from "../../src/run/bar-file.ts";
import { newYorkMinute } from "../../src/schedule/new-york-time.ts";
import { runHere } from "../cli/in-process.ts";
import { type FeedWorld, MINUTE, OPEN, openFeedWorld } from "../feed/feed-world.ts";
import { openMany } from "../incident/many-incidents.ts";
import { openLedger } from "../ledger/open-ledger.ts";

const BOT = "strategies/momentum.ts";
const SYMBOLS = ["QQQ", "TQQQ", "SQQQ"];
const KEYS = { APCA_API_KEY_ID: "key", APCA_API_SECRET_KEY: "secret" };
/** The bot's first entry is for the bar of 09:41, which is over at 09:42. */
const AT_0941 = OPEN + 11 * MINUTE + 2_000;

/** Buys at its first live bar, and throws at the second. */
const FAILING_BOT = `export default () => ({
  symbols: ["TQQQ"],
  async onBar({ name: bar }, context) {
    if (context.isPast) return;
    if ((await context.book("TQQQ")).net !== "0") throw new Error("no second bar");
    const order = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "1" };
    await context.submit({ ...order, anchor: { bar, stage: "base" } });
  },
});
`;

/** 21 May as the generated bars have it, with the simulated broker at `startAt`. */
function dayAt(startAt: number, clockAheadMs = 0): Promise<FeedWorld> {
  const days = readBars(["fixtures/bars/2026-05-21-qqq.csv"], SYMBOLS);
  const bars = Object.fromEntries(
    [...days].map(([symbol, list]) => [
      symbol,
      list.map(({ startAt: time, open, high, low, close, volume }) => {
        return { time, open, high, low, close, volume };
      }),
    ]),
  );
  return openFeedWorld({ startAt, clockAheadMs, prices: {}, bars });
}

function temporaryStore(): string {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-live-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "latch.db");
}

const ROUND_MS = 4_000;

interface Running {
  readonly lines: readonly string[];
  /** Until a line says `text`. */
  said(text: string): Promise<void>;
  readonly over: Promise<void>;
  /** Moves time, and makes the latch's rounds on the way. */
  advance(durationMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a person types, where there is a terminal. */
type Typed = string | undefined;

function start(world: FeedWorld, options: RunLiveOptions, typed?: Typed, bot = BOT): Running {
  const { simulator, clock, fetchApi } = world;
  const lines: string[] = [];
  let doesGoOn = false;
  const waiting: { readonly text: string; readonly done: () => void }[] = [];
  const line = (text: string) => {
    if (!doesGoOn) throw new Error(`the run would end where this has no room: ${text}`);
    lines.push(...text.split("\n"));
    for (const one of waiting) if (text.includes(one.text)) one.done();
  };
  const stopping = new AbortController();
  const ask = typed === undefined ? {} : { ask: async () => typed };
  const goOn = () => {
    doesGoOn = true;
  };
  const output = { line, goOn, columns: 80, color: false, logsAreRead: false, ...ask };
  const environment = { ...KEYS, APCA_API_BASE_URL: simulator.url };
  let latch: Latch | undefined;
  const onOpen = (opened: Latch) => {
    latch = opened;
  };
  const surroundings = { output, environment, stop: stopping.signal, clock, fetchApi, onOpen };
  const quiet = { logLevel: "silent", ...options };
  const over = runLive(bot, {}, quiet, surroundings);
  let isOver = false;
  over
    .finally(() => {
      isOver = true;
    })
    .catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await over;
  };
  onTestFinished(() => stop().catch(() => undefined));
  const said = (text: string) =>
    lines.some((one) => one.includes(text))
      ? Promise.resolve()
      : Promise.race([
          new Promise<void>((done) => waiting.push({ text, done })),
          over.then(() => Promise.reject(new Error(`over before it said ${text}`))),
        ]);
  const advance = async (durationMs: number) => {
    for (let left = durationMs; left > 0; left -= ROUND_MS) {
      await world.advance(ROUND_MS);
      if (!isOver) await latch?.tick();
    }
  };
  return { lines, said, over, advance, stop };
}

function posts({ simulator }: FeedWorld) {
  return simulator.requests().filter(({ method }) => method !== "GET");
}

describe("tradelatch run --feed alpaca", () => {
  test("prints the intents of a dry run, and sends nothing", async () => {
    const world = await dayAt(AT_0941);
    const run = start(world, { store: temporaryStore(), paper: true, dryRun: true });
    await run.said("session of 2026-05-21, 09:30 to 16:00");
    await run.advance(MINUTE + 8_000);
    await run.said("buy 6 TQQQ (base): not sent, this is a dry run");
    await run.stop();
    const unknown = "NOT ALPACA'S HOST: whatever account is behind it";
    expect(run.lines[0]).toBe(`${unknown}, DRY RUN: nothing is sent`);
    expect(run.lines.slice(-4)).toEqual([
      "Intents:  1 BLOCKED dry_run",
      "Fills:    0",
      "Realized: 0.00 USD",
      "Nothing is open.",
    ]);
    expect(posts(world)).toEqual([]);
    expect(run.lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test("trades through the latch, says what is still open, and goes on where it was", async () => {
    const world = await dayAt(AT_0941);
    const store = temporaryStore();
    const first = start(world, { store, paper: true });
    await first.said("session of 2026-05-21");
    await first.advance(MINUTE + 8_000);
    await first.said("buy 6 TQQQ (base): PROCEED, the broker has it");
    await first.said("filled: buy 6 TQQQ @ 75.33; holds 6");
    await first.stop();
    // The bot's own line stands apart from the run's.
    expect(first.lines).toContainEqual(expect.stringMatching(/^09:4\d:\d\d {4}enter TQQQ: sent, /));
    expect(first.lines.slice(-7)).toEqual([
      "Stopped.",
      "Intents:  1 PROCEED",
      "Fills:    1",
      "Realized: 0.00 USD",
      "Still open:",
      "  position  6 TQQQ @ 75.33",
      "They stay as they are, and nobody looks after them while no latch runs.",
    ]);
    const second = start(world, { store, paper: true, json: true });
    await second.said('"event":"log"');
    await second.advance(5 * MINUTE);
    await second.said('"event":"answer"');
    await second.stop();
    const told = second.lines.map((line) => JSON.parse(line));
    expect(told.filter(({ event }) => event === "log")[0].message).toBe("holds 6 TQQQ");
    expect(told.filter(({ event, isPast }) => event === "bar" && isPast).length).toBeGreaterThan(
      30,
    );
    const answers = told.filter(({ event }) => event === "answer");
    expect(answers.map(({ intent }) => [intent.symbol, intent.anchor.stage])).toEqual([
      ["TQQQ", "add1"],
    ]);
    expect(posts(world)).toHaveLength(2);
    expect(told.at(-1)).toMatchObject({
      ...{ event: "ended", how: "stopped", summary: { answers: { PROCEED: 1 } } },
      open: { positions: [{ symbol: "TQQQ" }] },
    });
  });

  test.each([
    // A bar comes, and its order is claimed, some seconds behind its end.
    ["some seconds ahead", 6_000],
    // By that one it is before the open, and whatever was claimed is of another session.
    ["minutes behind", -14 * MINUTE],
  ])("counts its bars as a backtest does, with a clock that is %s", async (_, clockAheadMs) => {
    const world = await dayAt(AT_0941, clockAheadMs);
    const run = start(world, { store: temporaryStore(), paper: true });
    await run.said("session of 2026-05-21");
    await run.advance(20 * MINUTE);
    const orders = world.simulator.orders().map(({ side, qty, submitted_at: at }) => {
      return `${newYorkMinute(Date.parse(at)).slice(11)} ${side} ${qty}`;
    });
    expect(orders).toEqual(["09:42 buy 6", "09:47 buy 6", "09:49 sell 12", "10:00 buy 6"]);
    await run.stop();
  });

  test("begins within seconds though the broker did not answer once for its calendar", async () => {
    const world = await dayAt(AT_0941);
    const match = { method: "GET", path: "/v2/calendar" } as const;
    world.simulator.addFaults([{ match, fault: { kind: "drop" }, times: 1 }]);
    const run = start(world, { store: temporaryStore(), paper: true });
    await run.said("NOT ALPACA'S HOST");
    await run.advance(16_000);
    expect(run.lines).toContainEqual(expect.stringContaining("session of 2026-05-21"));
    await run.stop();
  });

  test("is one set of orders for two instances on one ledger, with one stream between them", async () => {
    const world = await dayAt(AT_0941);
    const options = { store: temporaryStore(), paper: true, agent: "momentum" };
    const [first, second] = [start(world, options), start(world, options)];
    await first.said("session of 2026-05-21");
    await second.said("session of 2026-05-21");
    expect(world.simulator.dataConnections()).toBeLessThan(2);
    await first.advance(MINUTE + 20_000);
    await first.said("first live bar");
    await second.said("first live bar");
    expect(posts(world)).toHaveLength(1);
    await first.stop();
    await second.stop();
    for (const { lines } of [first, second]) expect(lines).toContain("  position  6 TQQQ @ 75.33");
  });

  test("says what is still open where the strategy fails, too", async () => {
    const world = await dayAt(AT_0941);
    const store = temporaryStore();
    const bot = join(store, "..", "failing.ts");
    writeFileSync(bot, FAILING_BOT);
    const run = start(world, { store, paper: true }, undefined, bot);
    await run.said("session of 2026-05-21");
    await run.advance(3 * MINUTE);
    await expect(run.over).rejects.toMatchObject({
      code: "strategy_failed",
      message: "onBar of the strategy has thrown: no second bar",
    });
    expect(run.lines).toContain("Ended by a failure.");
    expect(run.lines).toContain("  position  1 TQQQ @ 75.33");
  });

  test("says each incident that is still open, of more than one list of them has", async () => {
    const world = await dayAt(AT_0941);
    const store = temporaryStore();
    const run = start(world, { store, paper: true });
    await run.said("session of 2026-05-21");
    const ledger = openLedger(store);
    const [account] = await ledger.accounts();
    const at = world.simulator.now();
    await openMany(ledger, { account: account as AccountId, symbol: "TQQQ", at }, 130);
    await run.stop();
    const said = run.lines.filter((line) => line.startsWith("  incident  "));
    expect([said.length, said.at(-1)]).toEqual([130, "  incident  1, refused_exit TQQQ"]);
  });

  test("ends with an error that says why where its data endpoint refuses it", async () => {
    const world = await dayAt(AT_0941);
    const run = start(world, { store: temporaryStore(), paper: true, dataFeed: "sip" });
    await expect(run.over).rejects.toMatchObject({ code: "feed_failed" });
  });
});

describe("real money", () => {
  test("needs the account's number typed at a terminal, never a flag alone", async () => {
    const world = await dayAt(AT_0941);
    const { account_number: number } = (await (await account(world)).json()) as {
      account_number: string;
    };
    const live = { store: temporaryStore(), live: true };
    await expect(start(world, live).over).rejects.toMatchObject({
      code: "live_not_confirmed",
      message: "--live wants the account number typed at a terminal, and there is none",
    });
    await expect(start(world, live, "yes").over).rejects.toMatchObject({
      code: "live_not_confirmed",
      message: '"yes" is not the number of this account',
    });
    const run = start(world, live, number);
    await run.said("session of 2026-05-21");
    await run.stop();
    expect(run.lines[0]).toBe("LIVE");
    expect(posts(world)).toEqual([]);
  });

  test.each([
    [{ paper: true, live: true }, {}, "--paper and --live: expected one of the two"],
    [
      { live: true },
      { APCA_API_BASE_URL: "https://paper-api.alpaca.markets" },
      "APCA_API_BASE_URL names paper-api.alpaca.markets: paper; expected no --live",
    ],
    [
      { paper: true },
      { APCA_API_BASE_URL: "https://api.alpaca.markets/v2" },
      "the settings name the live account: expected --live",
    ],
    [{}, { TRADELATCH_LIVE: "true" }, "the settings name the live account: expected --live"],
  ])("is never a matter of two settings that disagree: %j with %j", async (options, env, why) => {
    const output = { line: () => undefined, columns: 80, color: false, logsAreRead: false };
    const environment = { ...KEYS, ...env };
    const stop = new AbortController().signal;
    const run = runLive(BOT, {}, options, { output, environment, stop });
    await expect(run).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining(why),
    });
  });
});

describe("flags of a live run", () => {
  test.each([
    ["--feed alpaca --seed 3", "--seed is a backtest's: leave it out, or leave out --feed"],
    ["--feed alpaca --bars qqq.csv", "--bars is a backtest's"],
    ["--bars qqq.csv --dry-run", "--dry-run goes with --feed alpaca: give that, or leave it out"],
    ["--bars qqq.csv --data-feed sip", "--data-feed goes with --feed alpaca"],
    ["--feed yahoo", "argument 'yahoo' is invalid. Allowed choices are alpaca"],
    ["--feed alpaca --paper", "APCA_API_KEY_ID"],
  ])("%s is told in one line, and what mends it", async (words, why) => {
    const { stderr, exitCode } = await runHere(["run", BOT, ...words.split(" ")]);
    expect({ exitCode, lines: stderr.trimEnd().split("\n").length }).toEqual({
      ...{ exitCode: 2, lines: 1 },
    });
    expect(stderr).toContain(why);
  });

  test.each(["tqqq", "BTC/USD", "BTCUSD", "SPY270115C00500000", ""])(
    "a bot that wants live bars of %j, which there are none of, is refused by name",
    async (symbol) => {
      const bot = join(temporaryStore(), "..", "bot.mjs");
      const symbols = JSON.stringify(["SPY", symbol]);
      writeFileSync(bot, `export default () => ({ symbols: ${symbols}, onBar() {} });`);
      const { stderr, exitCode } = await runHere(["run", bot, "--feed", "alpaca"]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(
        `wants live bars of ${JSON.stringify(symbol)}: expected a stock's symbol such as TQQQ or BRK.B`,
      );
    },
  );

  test("a bot that sends its orders by itself runs in a backtest only", async () => {
    const { stderr, exitCode } = await runHere(["run", "strategies/naive.ts", "--feed", "alpaca"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("naive.ts sends its orders by itself: it runs in a backtest only");
  });
});

function account({ simulator }: FeedWorld): Promise<Response> {
  const headers = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
  return fetch(`${simulator.url}/v2/account`, { headers });
}
