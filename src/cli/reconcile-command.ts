/**
 * `tradelatch reconcile`: compares claims with broker orders, both from files or the claims from a
 * ledger, for auditors. It asks no broker, sends nothing, and makes no ledger.
 */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import type { ReconcileOptions } from "./reconcile-actions.ts";
import { refuseUseless } from "./useless-flag.ts";

const EXIT = "\nExits with 0 where everything agrees, with 1 where something is to be looked at.";

export function reconcileCommand(
  output: CommandOutput,
  environment: Environment,
  clock: Clock = systemClock,
): Command {
  return new Command("reconcile")
    .summary("compare claims with the broker's orders, from files")
    .description(
      "Compare the claims of a ledger, or of another guard, with the broker's orders: one " +
        "finding for each claim and each order. Asks no broker.",
    )
    .requiredOption("--orders <files...>", "what GET /v2/orders gave: JSON or JSONL")
    .option("--claims <files...>", "claims as JSON or JSONL, in place of a ledger")
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--account <id>", "the account, where the ledger has several")
    .option("--all", "print also what agrees")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXIT)
    .addHelpText(
      "after",
      examples(
        "tradelatch reconcile --orders orders.json --store ledger.db",
        "tradelatch reconcile --orders may.jsonl june.jsonl --claims guard.json --json",
      ),
    )
    .action(async (options: ReconcileOptions, command: Command) => {
      if (options.claims !== undefined && options.store !== undefined) {
        command.error("--claims and --store are two sources of claims: give one of them");
      }
      if (options.claims !== undefined) {
        const complaint = (flag: string) =>
          `${flag} chooses an account of a ledger, and --claims takes every record: leave it out`;
        refuseUseless(command, ["account"], complaint);
      }
      const { reconcile } = await import("./reconcile-actions.ts");
      await reconcile(options, { output, environment, clock });
    });
}
