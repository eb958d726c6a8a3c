/**
 * `tradelatch store copy`: a whole ledger from a SQLite file to a PostgreSQL database, or back. The
 * broker is not asked, and nothing is sent.
 */
import { Command } from "commander";
import { type Clock, systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { isServerStore, refuseOtherServers, storeWithoutPassword } from "../core/store-place.ts";
import type { CopyProgress, LedgerCopy } from "../ledger/copy-ledger.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { ProgressBar } from "./progress-bar.ts";
import { shellWord } from "./typed-command.ts";

interface CopyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

const COPIES = examples(
  "tradelatch store copy --from tradelatch.db --to postgres://latch@db/latch",
  "tradelatch store copy --from postgres://latch@db/latch --to tradelatch.db",
);
const ADVICE = `
Stop every sidecar on the source first, and start them on the target afterwards.
A store is a SQLite file or postgres://USER@HOST:PORT/DATABASE; the password is
better in PGPASSWORD than on a command line, which others can see.`;

export function storeCommand(
  output: CommandOutput,
  stop: AbortSignal,
  clock: Clock = systemClock,
): Command {
  const copy = new Command("copy")
    .summary("copy a ledger to another store, and check the copy")
    .description(
      "Copy a whole ledger to a file or database that has none, check that all of it has arrived " +
        "and that the chain of its events is whole. Where it fails, nothing is kept.",
    )
    .requiredOption("--from <store>", "the ledger that is copied; no process may have it open")
    .requiredOption("--to <store>", "where it goes: a new file, or a database without a ledger")
    .option("--json", "print what was copied as one JSON document")
    .addHelpText("after", `${ADVICE}\n${COPIES}`)
    .action(async ({ from, to, json }: CopyCommandOptions) => {
      for (const [flag, store] of Object.entries({ from, to })) {
        if (store.trim() === "") throw new LatchError("invalid_option", `--${flag} is empty`);
        refuseOtherServers(store, `--${flag}`);
      }
      const { copyStore } = await import("../app.ts");
      const migrating = new ProgressBar(output, clock, "Migrating the ledger");
      const copying = new ProgressBar(output, clock, "Copying");
      const options = {
        ...{ clock, signal: stop },
        onMigration: (done: number, total: number) => migrating.update(done, total),
        // What has arrived is all read back: that is the second half.
        onProgress: ({ step, done, total }: CopyProgress) =>
          copying.update(step === "copied" ? done : total + done, 2 * total),
      };
      const copied = await copyStore(from, to, options).finally(() => {
        migrating.end();
        copying.end();
      });
      output.line(json === true ? JSON.stringify(documentOf(copied)) : textOf(copied, to));
    });
  return new Command("store")
    .summary("copy a ledger from one store to another")
    .description("Move a ledger between a SQLite file and a PostgreSQL database.")
    .addCommand(copy)
    .addHelpText("after", COPIES)
    .action((_: unknown, store: Command) => store.error("no action was given, expected copy"));
}

function documentOf({ from, to, counts, head }: LedgerCopy) {
  return { from, to, ...counts, sequence: head.sequence, hash: head.hash };
}

/** `target` is what was given: its sslmode and the like are needed again. */
function textOf({ from, to, counts, head }: LedgerCopy, target: string): string {
  const { claims, books, incidents, events, accounts, guardClaims } = counts;
  const rows = [
    ...[counted(claims, "claim"), counted(books, "book")],
    ...[counted(incidents, "incident"), counted(accounts, "account")],
    ...(guardClaims === 0 ? [] : [counted(guardClaims, "action")]),
  ];
  const place = isServerStore(target) ? storeWithoutPassword(target) : to;
  return [
    ...[`Copied ${from}`, `to ${to}`, rows.join(", ")],
    `${counted(events, "event")}; the chain is whole${events === 0 ? "" : " and ends with"}`,
    ...(events === 0 ? [] : [`  ${head.hash}`]),
    "From now on start every sidecar with",
    `  --store ${shellWord(place)}`,
    "and keep the old ledger away from them: two ledgers know nothing of one",
    "another's orders.",
  ].join("\n");
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}
