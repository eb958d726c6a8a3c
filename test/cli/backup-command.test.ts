import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backupCommand } from "../../src/cli/backup-command.ts";
import type { Environment } from "../../src/config.ts";
import { claimed, latchError, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { HastyClock } from "./hasty-clock.ts";

/** Runs the command inside the test's own process and gives what it prints. */
async function backup(words: readonly string[], environment: Environment = {}) {
  const lines: string[] = [];
  const output = {
    ...{ columns: undefined, color: false, logsAreRead: false },
    line: (text: string) => void lines.push(text),
  };
  const command = backupCommand(output, environment, new AbortController().signal);
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync([...words], { from: "user" });
  return lines;
}

async function ledgerFile(): Promise<string> {
  const file = temporaryFile("latch.db");
  const ledger = openLedger(file);
  await claimed(ledger, claimCommand());
  await ledger.close();
  return file;
}

describe("tradelatch backup", () => {
  test("copies a ledger that no process has open, and says what it copied", async () => {
    const [store, directory] = [await ledgerFile(), temporaryFolder()];
    const [line] = await backup(["--store", store, "--to", directory, "--json"]);
    const { path, sequence } = JSON.parse(line ?? "") as { path: string; sequence: number };
    expect(sequence).toBe(1);
    expect(await openLedger(path).lastSequence()).toBe(1);
    expect(existsSync(`${store}-wal`)).toBe(false);
  });

  test("shows whoever watches how far it is, and takes that away at its end", async () => {
    const [store, directory] = [await ledgerFile(), temporaryFolder()];
    const shown: string[] = [];
    const output = {
      ...{ columns: undefined, color: false, logsAreRead: true },
      line: (text: string) => void shown.push(text),
      status: (text: string) => void shown.push(text),
    };
    const clock = new HastyClock(START);
    const command = backupCommand(output, {}, new AbortController().signal, clock);
    await command.parseAsync(["--store", store, "--to", directory], { from: "user" });
    const bars = shown
      .slice(0, -2)
      .map((text) => Number(/^Copying {2}.* (\d+) %$/.exec(text)?.[1]));
    expect(bars.length).toBeGreaterThan(1);
    expect([...bars].sort((a, b) => a - b)).toEqual(bars);
    expect(bars.at(-1)).toBe(100);
    expect(shown.slice(-2)).toEqual(["", expect.stringMatching(/^Copied /)]);
  });

  test("takes its settings from the environment, and names older copies that it deletes", async () => {
    const [store, directory] = [await ledgerFile(), temporaryFolder()];
    const environment = {
      TRADELATCH_STORE: store,
      TRADELATCH_BACKUP_DIR: directory,
      TRADELATCH_BACKUP_KEEP: "1",
    };
    const [first] = await backup([], environment);
    expect(first).toMatch(/^Copied .*latch\.db to .*latch-\d{8}T\d{9}Z\.db: checked, 1 events$/);
    const [before] = readdirSync(directory);
    const lines = await backup(["--keep", "1"], environment);
    expect(lines.slice(1)).toEqual([`Deleted the older copy ${before}`]);
    expect(readdirSync(directory)).toHaveLength(1);
  });

  test.each([
    ["no directory", [], "copies go to with --to"],
    ["no copies kept", ["--to", "x", "--keep", "0"], "backupKeep (TRADELATCH_BACKUP_KEEP) is 0"],
    [
      "a store that is a server",
      ["--to", "x", "--store", "postgres://u:p@h/db"],
      "copy a database",
    ],
  ])("refuses %s by name", async (_, words, reason) => {
    const error = await latchError(() => backup(words));
    expect(error.code).toBe("invalid_option");
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain("u:p");
  });

  test("fails for a ledger that is not there, and makes none", async () => {
    const [store, directory] = [join(temporaryFolder(), "gone.db"), temporaryFolder()];
    const error = await latchError(() => backup(["--store", store, "--to", directory]));
    expect(error).toMatchObject({ code: "store_missing", exitCode: 2 });
    expect(error.message).toContain(store);
    expect([existsSync(store), readdirSync(directory)]).toEqual([false, []]);
  });

  test("says of what is no ledger that another one is to be named, and copies nothing", async () => {
    const [folder, directory] = [temporaryFolder(), temporaryFolder()];
    const text = join(temporaryFolder(), "notes.db");
    writeFileSync(text, "what I have to do today");
    for (const store of [folder, text]) {
      const error = await latchError(() => backup(["--store", store, "--to", directory]));
      expect(error).toMatchObject({ code: "store_not_a_database", exitCode: 1 });
      expect(error.message).toContain(store);
      expect(readdirSync(directory)).toEqual([]);
    }
  });
});
