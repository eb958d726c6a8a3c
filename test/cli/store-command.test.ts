import { existsSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { storeCommand } from "../../src/cli/store-command.ts";
import type { Clock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { run } from "./program.ts";

async function ledgerFile(): Promise<string> {
  const file = temporaryFile("latch.db");
  const ledger = openLedger(file);
  await claimed(ledger, claimCommand());
  await ledger.close();
  return file;
}

async function databaseWithPassword(): Promise<string> {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const secret = new URL(url);
  secret.password = "pa55word";
  return secret.href;
}

describe("tradelatch store copy", () => {
  test("says what it copied and what to do next, and never a password", async () => {
    const [from, to] = [await ledgerFile(), await databaseWithPassword()];
    const { stdout, stderr, exitCode } = await run(["store", "copy", "--from", from, "--to", to]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(`Copied ${from} to postgres://tradelatch@127.0.0.1`);
    expect(stdout).toContain("1 claims, 1 books, 0 incidents, 0 accounts");
    expect(stdout).toMatch(/1 events; the chain is whole and ends with [0-9a-f]{64}/);
    expect(stdout).toContain("Start every sidecar with --store postgres://tradelatch@");
    const again = await run(["store", "copy", "--from", from, "--to", to]);
    expect(again).toMatchObject({ stdout: "", exitCode: 2 });
    expect(again.stderr).toContain("there is a ledger in postgres://tradelatch@");
    expect(`${stdout}${again.stderr}`).not.toContain("pa55word");
  });

  test("prints one JSON document where that is asked for", async () => {
    const [from, to] = [await ledgerFile(), temporaryFile()];
    const { stdout } = await run(["store", "copy", "--from", from, "--to", to, "--json"]);
    const ledger = openLedger(to);
    const [event] = await ledger.events();
    expect(JSON.parse(stdout)).toEqual({
      ...{ from, to, events: 1, claims: 1, books: 1, incidents: 0, accounts: 0, logins: 0 },
      ...{ checkpoints: 0, guardClaims: 0 },
      ...{ sequence: 1, hash: event?.hash },
    });
  });

  test.each([
    ["nothing to copy from", ["copy", "--to", "x.db"], "required option '--from <store>'"],
    ["nowhere to copy to", ["copy", "--from", "x.db"], "required option '--to <store>'"],
    ["an empty name", ["copy", "--from", "x.db", "--to", " "], "--to is empty"],
    ["no action", [], "no action was given, expected copy"],
    ["another action", ["move"], 'unexpected argument "move"'],
    [
      "a connection string that is none",
      ["copy", "--from", "postgres://", "--to", "x.db"],
      "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ],
  ])("refuses %s by name", async (_, words, reason) => {
    const { stdout, stderr, exitCode } = await run(["store", ...words]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/^tradelatch: [^\n]+\.\n$/);
    expect(stderr).toContain(reason);
  });

  test("fails for a ledger that is not there, and makes neither", async () => {
    const [from, to] = [temporaryFile(), temporaryFile()];
    const { stderr, exitCode } = await run(["store", "copy", "--from", from, "--to", to]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`there is no ledger ${JSON.stringify(from)}`);
    expect([existsSync(from), existsSync(to)]).toEqual([false, false]);
  });

  test("has examples in its help, within 80 columns", async () => {
    const { stdout, exitCode } = await run(["store", "copy", "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("tradelatch store copy --from tradelatch.db --to postgres://");
    expect(stdout).toContain("tradelatch store copy --from postgres://");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

test("a copy that takes its time says once a second how far it is, and clears that line", async () => {
  const [from, to] = [await ledgerFile(), temporaryFile()];
  const [lines, said]: [string[], string[]] = [[], []];
  const output = {
    ...{ columns: undefined, color: false, logsAreRead: true },
    line: (text: string) => void lines.push(text),
    status: (text: string) => void said.push(text),
  };
  const command = storeCommand(output, new AbortController().signal, hastyClock());
  await command.parseAsync(["copy", "--from", from, "--to", to], { from: "user" });
  expect(said.slice(0, -1)).not.toEqual([]);
  for (const line of said.slice(0, -1)) expect(line).toMatch(/^\d of 3 rows (copied|checked)$/);
  expect(said.at(-1)).toBe("");
  expect(lines.join()).toContain("Copied");
});

/** Every look at it is half a second after the one before. */
function hastyClock(): Clock {
  const clock = new ManualClock(START);
  const now = () => {
    clock.advanceTo(clock.now() + 500);
    return clock.now();
  };
  return { now, sleep: (durationMs, signal) => clock.sleep(durationMs, signal) };
}
