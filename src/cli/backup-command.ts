/**
 * `tradelatch backup`: one copy of the ledger now, whether a process has it open or not; the same
 * code that the schedule runs at night. Nothing is sent and the broker is not asked.
 */
import { Command, InvalidArgumentError } from "commander";
import { type Environment, resolveBackup } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { ProgressBar } from "./progress-bar.ts";

interface BackupOptions {
  readonly store?: string;
  readonly to?: string;
  readonly keep?: number;
  readonly json?: boolean;
}

export function backupCommand(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
  clock: Clock = systemClock,
): Command {
  return new Command("backup")
    .summary("copy the ledger while it is in use")
    .description("Copy the ledger while it is in use, check the copy, and keep the last ones.")
    .option("--store <path>", "the ledger's SQLite file (default tradelatch.db)")
    .option("--to <directory>", "a directory that is there, for copies of this ledger alone")
    .option("--keep <number>", "how many copies are kept (default 14)", wholeNumber)
    .option("--json", "print what was copied as one JSON document")
    .addHelpText(
      "after",
      examples(
        "tradelatch backup --store ledger.db --to backups",
        "tradelatch backup --store ledger.db --to backups --keep 30 --json",
      ),
    )
    .action(async ({ store, to, keep, json }: BackupOptions) => {
      const given = { store, backupDir: to, backupKeep: keep };
      const settings = resolveBackup(given, environment);
      const { backUpStore } = await import("../app.ts");
      const bar = new ProgressBar(output, clock, "Copying");
      const onProgress = (part: number) => bar.update(part, 1);
      const told = { now: clock.now(), mayBlock: true, onProgress, signal: stop };
      const request = { ...settings.backup, ...told };
      const backup = await backUpStore(settings.store, request).finally(() => bar.end());
      if (json === true) {
        output.line(JSON.stringify(backup));
        return;
      }
      output.line(`Copied ${settings.store} to ${backup.path}: checked, ${backup.sequence} events`);
      for (const name of backup.removed) output.line(`Deleted the older copy ${name}`);
    });
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 1 up.");
  return Number(value);
}
