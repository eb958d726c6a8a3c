/**
 * `tradelatch store copy`: a whole ledger from a SQLite file to a PostgreSQL database, or back. The
 * broker is not asked, and nothing is sent.
 */
import { Command } from "commander";
import { type Clock, systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { placeOfStore } from "../core/store-place.ts";
import type { CopyProgress, LedgerCopy } from "../ledger/copy-ledger.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";

interface CopyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

/** What takes less than this says nothing before its end; and so often it is said how far it is. */
const QUIET_MS = 1_000;

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
      }
      const { copyStore } = await import("../app.ts");
      const onProgress = progressLine(output, clock);
      const copied = await copyStore(from, to, { clock, onProgress, signal: stop }).finally(() =>
        output.status?.(""),
      );
      output.line(json === true ? JSON.stringify(documentOf(copied)) : textOf(copied));
    });
  return new Command("store")
    .summary("copy a ledger from one store to another")
    .description("Move a ledger between a SQLite file and a PostgreSQL database.")
    .addCommand(copy)
    .addHelpText("after", COPIES)
    .action((_: unknown, store: Command) => store.error("no action was given, expected copy"));
}

/** For whoever watches: nothing in the first second, then a line a second in place of the last. */
function progressLine(output: CommandOutput, clock: Clock): (progress: CopyProgress) => void {
  let saidAt = clock.now();
  return ({ step, done, total }) => {
    if (clock.now() - saidAt < QUIET_MS) return;
    saidAt = clock.now();
    output.status?.(`${done} of ${total} rows ${step}`);
  };
}

function documentOf({ from, to, counts, head }: LedgerCopy) {
  return { from, to, ...counts, sequence: head.sequence, hash: head.hash };
}

function textOf({ from, to, counts, head }: LedgerCopy): string {
  const { claims, books, incidents, events, accounts, guardClaims } = counts;
  const actions = guardClaims === 0 ? "" : `, ${guardClaims} actions`;
  return [
    `Copied ${from} to ${to}`,
    `${claims} claims, ${books} books, ${incidents} incidents, ${accounts} accounts${actions}`,
    `${events} events; the chain is whole${events === 0 ? "" : ` and ends with ${head.hash}`}`,
    `Start every sidecar with --store ${placeOfStore(to)} from now on, and keep the old ledger`,
    "away from them: two ledgers know nothing of one another's orders.",
  ].join("\n");
}
