import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { failureLine } from "../../src/cli/failure-line.ts";
import { incidentsCommand } from "../../src/cli/incidents-command.ts";
import type { AccountId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import type { Fault } from "../../src/simulator/index.ts";
import { newDatabase, rowsOf } from "../postgres/shared-server.ts";
import { BUY, type NativeBench, openNative } from "../sidecar/native-bench.ts";
import { atTheEnd } from "../sidecar/sidecar-bench.ts";
import { Database } from "../sqlite-database.ts";
import { run } from "./program.ts";

const SELL = { ...BUY, side: "sell", effect: "close", requestId: "r-2" } as const;
const POSTED = { method: "POST", path: "/v2/orders" } as const;
const MISMATCH: Fault = {
  ...{ kind: "refuse", status: 422, code: 42_210_000 },
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};

interface Told {
  readonly text: string;
  /** The line on standard error, and how the program ends; null where it did not fail. */
  readonly failure: ReturnType<typeof failureLine> | null;
}

/** The command as the program runs it, in this process. */
async function tell(
  { store, clock }: Pick<NativeBench, "store" | "clock">,
  words: readonly string[],
  columns?: number,
): Promise<Told> {
  const lines: string[] = [];
  const output = { line: (text: string) => void lines.push(text), color: false, columns };
  const environment = { TRADELATCH_STORE: store };
  const command = incidentsCommand({ ...output, logsAreRead: false }, environment, clock);
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
  try {
    await command.parseAsync([...words], { from: "user" });
    return { text: lines.join("\n"), failure: null };
  } catch (error) {
    const failure = failureLine(error, ["incidents", ...words], ["incidents"]);
    return { text: lines.join("\n"), failure };
  }
}

/** What fails is told in one line that has `parts`, and nothing else is printed. */
function expectFailure({ text, failure }: Told, exitCode: number, ...parts: readonly string[]) {
  expect(text).toBe("");
  expect(failure?.line).toMatch(/^tradelatch: [^\n]+\.$/);
  for (const part of parts) expect(failure?.line).toContain(part);
  expect(failure?.exitCode).toBe(exitCode);
}

/** A position whose exit the broker refused: the ledger's incident 1, still open in its latch. */
async function withRefusedExit(): Promise<NativeBench> {
  const bench = await openNative();
  await bench.latch.submit(BUY);
  await bench.latch.tick();
  bench.clock.advanceTo(bench.clock.now() + 60_000);
  bench.broker.addFaults([{ match: POSTED, fault: MISMATCH }]);
  await bench.latch.submit(SELL);
  return bench;
}

function ledgerOf({ store, clock }: NativeBench) {
  const ledger = openSqliteLedger(store, clock);
  atTheEnd(() => ledger.close());
  return ledger;
}

async function begin(bench: NativeBench, symbol: string, account = bench.latch.account) {
  const ledger = ledgerOf(bench);
  const texts = { summary: `the broker holds 5 ${symbol}`, next: "it is compared again" };
  const report = { kind: "orphan", subject: `position ${symbol}`, ...texts } as const;
  await ledger.beginIncident(account, symbol, report, bench.clock.now());
  return ledger;
}

const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

describe("tradelatch incidents", () => {
  test("lists what is wrong, newest first, within 80 columns and with the zone", async () => {
    const bench = await withRefusedExit();
    bench.clock.advanceTo(bench.clock.now() + 24 * 3_600_000);
    await begin(bench, "SPY");
    const { text } = await tell(bench, []);
    expect(text.split("\n")).toEqual([
      expect.stringMatching(/^ID {2}Opened +Kind +Symbol {2}State$/),
      expect.stringMatching(/^2 {3}\d\d:\d\d:\d\d +orphan +SPY +open$/),
      "    the broker holds 5 SPY",
      expect.stringMatching(/^1 {3}2026-\d\d-\d\d \d\d:\d\d {2}refused_exit {2}TQQQ +open$/),
      expect.stringMatching(/^ {4}the broker refused to sell 6 TQQQ: 422 position intent/),
      expect.stringMatching(/^ {4}\S/),
      "",
      "2 of 2 open. Times are New York's.",
    ]);
    expect(longest(text)).toBeLessThanOrEqual(80);
  });

  test("filters by state and symbol, and says where there is nothing", async () => {
    const bench = await openNative();
    expect((await tell(bench, [])).text).toBe("No incidents.");
    await begin(bench, "SPY");
    await begin(bench, "SQQQ");
    await tell(bench, ["resolve", "1", "--version", "1", "--reason", "seen"]);
    const found = async (...words: string[]) => {
      const document = JSON.parse((await tell(bench, [...words, "--json"])).text);
      return document.incidents.map(({ id }: { id: number }) => id);
    };
    expect(await found()).toEqual([2, 1]);
    expect(await found("--open")).toEqual([2]);
    expect(await found("--symbol", "SPY")).toEqual([1]);
    expect(await found("--before", "2")).toEqual([1]);
    expect((await tell(bench, ["--symbol", "AAPL"])).text).toBe("No incidents.");
  });

  test("says how the older ones are asked for where there are more than fit", async () => {
    const bench = await openNative();
    const ledger = await begin(bench, "SPY");
    const texts = { summary: "it differs", next: "nothing" };
    for (let nth = 0; nth < 100; nth += 1) {
      const report = { kind: "orphan", subject: `position ${nth}`, ...texts } as const;
      await ledger.beginIncident(bench.latch.account, "SPY", report, bench.clock.now());
    }
    const { text } = await tell(bench, ["--open", "--symbol", "SPY", "--store", bench.store]);
    const words = `--open --symbol SPY --before 2 --store ${bench.store}`;
    expect(text).toContain(`There are older ones: tradelatch incidents ${words}`);
    // How many are open in all, such a list does not know.
    expect(text).toContain("\n100 of these 100 open. ");
    expect((await tell(bench, ["--before", "2"])).text).not.toContain("older");
  });
});

describe("tradelatch incidents show", () => {
  test("tells the chain of causes from the first claim on, and the command that resolves", async () => {
    const bench = await withRefusedExit();
    const { text } = await tell(bench, ["show", "1"]);
    const { version = 0 } = (await bench.latch.incident(1)) ?? {};
    expect(text).toContain(`Incident 1: refused_exit in TQQQ, open, version ${version}`);
    expect(text).toMatch(
      /\nOpened {2}2026-\d\d-\d\d \d\d:\d\d:\d\d\nAbout {3}claim momentum\/r-2\n/,
    );
    const causes = text.slice(text.indexOf("Causes, the first claim first"));
    expect(causes).toMatch(/ {2}buy 6 TQQQ: filled 6 @ 75\.33\n {4}momentum\/r-1\n/);
    expect(causes).toMatch(/ {2}sell 6 TQQQ: not decided yet, refused with\s+422 position/);
    expect(causes.indexOf("momentum/r-1")).toBeLessThan(causes.indexOf("momentum/r-2"));
    expect(text).toContain(
      `\n  tradelatch incidents resolve 1 --version ${version} --reason '...' --as END\n`,
    );
    expect(text).toMatch(/^ {4}already-flat {2}the position was closed before it$/m);
    expect(longest(text)).toBeLessThanOrEqual(80);
    const narrow = await tell(bench, ["show", "1"], 60);
    expect(longest(narrow.text.replace(/^ +tradelatch .*$/m, ""))).toBeLessThanOrEqual(60);
  });

  test("tells evidence with its time, and of a resolved one who proved what, and why", async () => {
    const bench = await openNative();
    const ledger = await begin(bench, "SPY");
    const { account } = bench.latch;
    const note = { text: "the broker holds 7 SPY", next: "a person has to look" };
    await ledger.addEvidence(account, "position SPY", note, bench.clock.now());
    const open = (await tell(bench, ["show", "1"])).text;
    expect(open).toMatch(/Evidence\n {2}2026-\d\d-\d\d \d\d:\d\d:\d\d {2}the broker holds 7 SPY\n/);
    expect(open).toContain("Next    a person has to look");
    expect(open).not.toContain("--as");
    const end = { verdict: "agrees_again", provenance: "venue", reason: "both hold 5" } as const;
    await ledger.endIncident(account, "position SPY", end, bench.clock.now());
    const { text } = await tell(bench, ["show", "1"]);
    expect(text).toContain("Incident 1: orphan in SPY, resolved, version 3");
    expect(text).toMatch(/Resolved {2}2026-.{14} {2}agrees_again \(proved by: venue\)\n/);
    expect(text).toContain("Reason    both hold 5");
    expect(text).not.toContain("tradelatch incidents resolve");
  });

  test("says how much evidence there was before the latest that an incident keeps", async () => {
    const bench = await openNative();
    const ledger = await begin(bench, "SPY");
    for (let nth = 0; nth < 23; nth += 1) {
      const note = { text: `the broker holds ${nth} SPY`, next: null };
      await ledger.addEvidence(bench.latch.account, "position SPY", note, bench.clock.now());
    }
    const { text } = await tell(bench, ["show", "1"]);
    expect(text).toMatch(/Evidence\n {2}3 older ones are in the event log\n.*holds 3 SPY\n/);
    const word = ["resolve", "1", "--version", "2", "--reason", "seen"];
    const { failure } = await tell(bench, word);
    expect(failure?.line).toMatch(/new since then: 17 more; .*holds 18 SPY; .*holds 22 SPY\./);
  });

  test("gives the page's own document and the claims behind it as JSON", async () => {
    const bench = await withRefusedExit();
    const { claims, ...incident } = JSON.parse((await tell(bench, ["show", "1", "--json"])).text);
    expect(incident).toEqual((await bench.get("/latch/v1/incidents/1")).body);
    expect(claims).toMatchObject([
      { requestId: "r-1", outcome: "filled" },
      { requestId: "r-2", outcome: null, refusal: { httpStatus: 422 } },
    ]);
  });
});

describe("tradelatch incidents resolve", () => {
  test("ends an incident and the claim behind it while the sidecar has the ledger open", async () => {
    const bench = await withRefusedExit();
    const { version = 0 } = (await bench.latch.incident(1)) ?? {};
    const word = ["--version", String(version), "--reason", "the shares are free\n", "--by", "Ann"];
    const { text } = await tell(bench, ["resolve", "1", ...word, "--as", "rejected"]);
    expect(text).toBe(
      "Incident 1 is resolved: Ann: the shares are free\nThe claim behind it ended as rejected.",
    );
    expect(await bench.latch.claim("r-2")).toMatchObject({
      ...{ status: "SETTLED", outcome: "rejected", provenance: "operator" },
    });
    expect((await bench.latch.submit({ ...SELL, requestId: "r-3" })).status).toBe("PROCEED");
    const last = (await bench.latch.events()).filter(({ body }) => /^incident/.test(body.type));
    expect(last.at(-1)?.body).toMatchObject({ type: "incident_resolved", verdict: "by_operator" });
    const again = await tell(bench, ["resolve", "1", ...word]);
    expectFailure(again, 1, "incident 1 was resolved before", "by_operator", "Ann: the shares");
  });

  test("refuses a version that is not the last, and tells what has come since", async () => {
    const bench = await openNative();
    const ledger = await begin(bench, "SPY");
    for (const text of ["the broker holds 7 SPY", "the broker holds 8 SPY"]) {
      const note = { text, next: null };
      await ledger.addEvidence(bench.latch.account, "position SPY", note, bench.clock.now());
    }
    const word = (version: string) => ["resolve", "1", "--version", version, "--reason", "seen"];
    const stale = await tell(bench, word("2"));
    expectFailure(stale, 1, "is at version 3, not 2; new since then: 2026-", "holds 8 SPY");
    expect(stale.failure?.line).not.toContain("holds 7 SPY");
    const hostile = { text: "the broker said \u001b[2J\nnothing", next: null };
    await ledger.addEvidence(bench.latch.account, "position SPY", hostile, bench.clock.now());
    expectFailure(await tell(bench, word("3")), 1, "the broker said [2J nothing");
    await ledger.addEvidence(bench.latch.account, "position SPY", hostile, bench.clock.now());
    expectFailure(await tell(bench, word("5")), 1, "incident 1 is at version 4, not 5.");
    const claimless = await tell(bench, [...word("4"), "--as", "absent"]);
    expectFailure(claimless, 1, "incident 1 has no claim behind it that waits for its end");
    expect(await bench.latch.incident(1)).toMatchObject({ version: 4, resolution: null });
    const { resolution } = JSON.parse((await tell(bench, [...word("4"), "--json"])).text);
    expect(resolution.reason).toBe(`${userInfo().username}: seen`);
  });
});

describe("a command that cannot be carried out says why in one line:", () => {
  test.each([
    ["resolve 1 --version 1", "'--reason <text>' not specified"],
    ["resolve 1 --reason why", "'--version <number>' not specified"],
    ["resolve 1 --version 0 --reason why", "'0' is invalid. Give a whole number from 1"],
    ["resolve 1 --version 1 --reason ", "Give a text of 1 to 1000 characters"],
    ["resolve 1 --version 1 --reason why --as gone", "'gone'", "absent, rejected, already-flat"],
    ["resolve --version 1 --reason why", "missing required argument 'id'"],
    ["show first", "'first' is invalid", "Give a whole number from 1"],
    ["show", "missing required argument 'id'"],
    ["--symbol tqqq", "'tqqq' is invalid. Give a symbol such as TQQQ"],
    ["--closed", "unknown option '--closed'"],
  ])("incidents %s", async (line, ...parts) => {
    const bench = { store: "none.db", clock: { now: () => 0 } as NativeBench["clock"] };
    expectFailure(await tell(bench, line.split(" ")), 2, ...parts, "incidents --help");
  });

  test("an incident that is not there", async () => {
    const bench = await openNative();
    expectFailure(await tell(bench, ["show", "7"]), 1, "there is no incident 7 in this ledger");
    const resolve = ["resolve", "7", "--version", "1", "--reason", "why"];
    expectFailure(await tell(bench, resolve), 1, "there is no incident 7 in this ledger");
  });

  test("a database without a ledger, in which none is made", async () => {
    const { url, drop } = await newDatabase();
    onTestFinished(drop);
    const bench = { store: url, clock: new ManualClock(Date.UTC(2026, 4, 21)) };
    for (const words of [[], ["show", "3"], ["--open", "--json"]]) {
      const { pathname } = new URL(url);
      expectFailure(await tell(bench, words), 2, "there is no ledger in", pathname, "--store");
    }
    expect(await rowsOf(url, "SELECT 1 FROM pg_namespace WHERE nspname = 'tradelatch'")).toEqual(
      [],
    );
  });

  test("a ledger that is not there, which is not made, or that is none", async () => {
    const { store, clock } = await openNative();
    const folder = dirname(store);
    const gone = join(folder, "gone.db");
    expectFailure(await tell({ store: gone, clock }, []), 2, "there is no ledger", gone, "--store");
    expect(existsSync(gone)).toBe(false);
    const notes = join(folder, "notes.txt");
    for (const [text, part] of [
      ["milk", "file is not a database"],
      ["", "is empty"],
    ] as const) {
      writeFileSync(notes, text);
      expectFailure(await tell({ store: notes, clock }, []), 1, notes, part);
      expect(readFileSync(notes, "utf8")).toBe(text);
    }
    expectFailure(await tell({ store: folder, clock }, []), 1, folder, "is a folder");
    expectFailure(await tell({ store, clock }, ["--store", ""]), 2, "--store is empty");
    const server = await tell({ store: "mysql://me:geheim@db/latch", clock }, []);
    expectFailure(server, 2, "store (TRADELATCH_STORE) begins with mysql://", "postgres://");
    expect(JSON.stringify(server)).not.toContain("geheim");
    const newer = join(folder, "newer.db");
    openSqliteLedger(newer, clock).close();
    const database = new Database(newer);
    database.pragma("user_version = 999");
    database.close();
    expectFailure(await tell({ store: newer, clock }, []), 1, "schema version 999", "newer");
  });

  test("several accounts of which none was named", async () => {
    const bench = await openNative();
    const other = "other-account" as AccountId;
    const ledger = ledgerOf(bench);
    await ledger.adoptOpening(other, [], bench.clock.now() + 1_000);
    await begin(bench, "SPY");
    await begin(bench, "SQQQ", other);
    const { account } = bench.latch;
    expectFailure(await tell(bench, []), 2, "2 accounts; name one", `${other}, ${account}`);
    expectFailure(await tell(bench, ["--account", "x"]), 2, '--account is "x"', other);
    for (const words of [
      ["--account", other, "show", "2"],
      ["show", "2", "--account", other],
    ]) {
      const { text } = await tell(bench, words);
      expect(text).toContain("Incident 2: orphan in SQQQ");
      expect(text).toContain(`--reason '...' --account ${other}`);
    }
    expectFailure(await tell(bench, ["show", "1", "--account", other]), 1, "no incident 1");
  });
});

describe("the program", () => {
  test("lists, resolves and fails with the same words, and its help fits 80 columns", async () => {
    const bench = await openNative();
    await begin(bench, "SPY");
    const start = (...words: string[]) =>
      run(["incidents", ...words], { env: { TRADELATCH_STORE: bench.store } });
    const [help, listed, stale, extra] = await Promise.all([
      start("resolve", "--help"),
      start("--json"),
      start("resolve", "1", "--version", "2", "--reason", "seen"),
      start("gone"),
    ]);
    for (const part of ["--version <number>", "--reason", "--as <end>", "--by", "--account"]) {
      expect(help.stdout).toContain(part);
    }
    expect(longest(help.stdout)).toBeLessThanOrEqual(80);
    expect(JSON.parse(listed.stdout)).toMatchObject({ incidents: [{ id: 1 }], next: null });
    expect([listed.stderr, listed.exitCode]).toEqual(["", 0]);
    expect([stale.stdout, stale.exitCode]).toEqual(["", 1]);
    expect(stale.stderr).toMatch(/^tradelatch: incident 1 is at version 1, not 2\. [^\n]+\.\n$/);
    expect(extra).toMatchObject({ stdout: "", exitCode: 2 });
    expect(extra.stderr).toContain('unexpected argument "gone"');
  });
});
