import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { storeCommand } from "../../src/cli/store-command.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { HastyClock } from "./hasty-clock.ts";
import { runHere } from "./in-process.ts";
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
  secret.search = "?sslmode=prefer&statement_timeout=60000";
  return secret.href;
}

describe("tradelatch store copy", () => {
  test("says what it copied and what to do next, and never a password", async () => {
    const [from, to] = [await ledgerFile(), await databaseWithPassword()];
    const { stdout, stderr, exitCode } = await run(["store", "copy", "--from", from, "--to", to]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(`Copied ${from}\nto postgres://tradelatch@127.0.0.1`);
    expect(stdout).toContain("1 claim, 1 book, 0 incidents, 0 accounts");
    expect(stdout).toMatch(/1 event; the chain is whole and ends with\n {2}[0-9a-f]{64}\n/);
    const { host, pathname, search } = new URL(to);
    const target = `'postgres://tradelatch@${host}${pathname}${search}'`;
    expect(stdout).toContain(`start every sidecar with\n  --store ${target}\n`);
    const again = await runHere(["store", "copy", "--from", from, "--to", to]);
    expect(again).toMatchObject({ stdout: "", exitCode: 2 });
    expect(again.stderr).toContain("there is a ledger in postgres://tradelatch@");
    expect(`${stdout}${again.stderr}`).not.toContain("pa55word");
  });

  test("names a new file from the root on: a sidecar may be started in another folder", async () => {
    const folder = temporaryFolder();
    const words = ["store", "copy", "--from", await ledgerFile(), "--to", "new.db"];
    const { stdout } = await run(words, { cwd: folder });
    expect(stdout).toContain(`start every sidecar with\n  --store ${join(folder, "new.db")}\n`);
  });

  test("prints one JSON document where that is asked for", async () => {
    const [from, to] = [await ledgerFile(), temporaryFile()];
    const { stdout } = await runHere(["store", "copy", "--from", from, "--to", to, "--json"]);
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
    [
      "a server of another kind",
      ["copy", "--from", "x.db", "--to", "mysql://me:geheim@db/latch"],
      "--to begins with mysql://: a path to a file, or postgres://, is needed",
    ],
    [
      "an address that lacks a slash",
      ["copy", "--from", "postgres:/me:geheim@db/latch", "--to", "x.db"],
      "--from begins with postgres:/: a path to a file, or postgres://, is needed",
    ],
    ["no action", [], "no action was given, expected copy"],
    ["another action", ["move"], 'unexpected argument "move"'],
    [
      "a connection string that is none",
      ["copy", "--from", "postgres://", "--to", "x.db"],
      "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ],
  ])("refuses %s by name", async (_, words, reason) => {
    const { stdout, stderr, exitCode } = await runHere(["store", ...words]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/^tradelatch: [^\n]+\.\n$/);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("geheim");
  });

  test("fails for a ledger that is not there, and makes neither", async () => {
    const [from, to] = [temporaryFile(), temporaryFile()];
    const { stderr, exitCode } = await runHere(["store", "copy", "--from", from, "--to", to]);
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

test("a copy that takes its time shows how far it is, and clears that line", async () => {
  const [from, to] = [await ledgerFile(), temporaryFile()];
  const [lines, said]: [string[], string[]] = [[], []];
  const output = {
    ...{ columns: undefined, color: false, logsAreRead: true },
    line: (text: string) => void lines.push(text),
    status: (text: string) => void said.push(text),
  };
  const command = storeCommand(output, new AbortController().signal, new HastyClock(START));
  await command.parseAsync(["copy", "--from", from, "--to", to], { from: "user" });
  expect(said.slice(0, -1)).not.toEqual([]);
  for (const line of said.slice(0, -1)) expect(line).toMatch(/^Copying {2}[█░]{30} +\d+ %$/);
  expect(said.at(-1)).toBe("");
  expect(lines.join()).toContain("Copied");
});
