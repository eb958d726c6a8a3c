/**
 * `tradelatch doctor`: looks at everything that a sidecar needs, and says what to do about what is
 * not well. It sends no order and changes nothing.
 */
import { Command, InvalidArgumentError } from "commander";
import type { Environment } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { CommandOutput } from "./command-output.ts";
import type { DoctorOptions } from "./doctor-actions.ts";
import { examples } from "./examples.ts";
import { leastNode } from "./package-manifest.ts";
import { refuseUseless } from "./useless-flag.ts";

const EXIT = "\nExits with 1 where a check failed, and with 0 where none did.";

export function doctorCommand(
  output: CommandOutput,
  environment: Environment,
  clock: Clock = systemClock,
): Command {
  return new Command("doctor")
    .summary("check what a sidecar needs, and say what to do")
    .description(
      "Check Node, settings, store, port and broker, before or while a sidecar runs. Sends no " +
        "order, and changes nothing.",
    )
    .option(
      "--broker <name>",
      "alpaca (default), sim: simulated inside serve, or none: guards only",
    )
    .option("--live", "trade real money, where APCA_API_BASE_URL is Alpaca's live host")
    .option("--host <address>", "address that the sidecar listens on (default 127.0.0.1)")
    .option("--port <number>", "port that it listens on (default 4520; 0: any)", wholeNumber)
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--backup-dir <path>", "the folder for a copy of the ledger each night")
    .option("--audit-key <file>", "the key that signs the audit trail (default: beside the ledger)")
    .option("--data", "market data is needed too: what is wrong there is a failure, no warning")
    .option("--data-feed <name>", "iex (default), or sip: all exchanges, in a paid plan")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", EXIT)
    .addHelpText(
      "after",
      examples(
        "tradelatch doctor --store ledger.db",
        "tradelatch doctor --broker sim --port 0",
        "tradelatch doctor --json",
      ),
    )
    .action(async (options: DoctorOptions, command: Command) => {
      const { broker } = options;
      if (broker === "sim" || broker === "none") {
        const complaint = (flag: string) =>
          `${flag} is of no use with --broker ${broker}: leave it out`;
        refuseUseless(command, ["live", "data", "dataFeed"], complaint);
      }
      const { doctor } = await import("./doctor-actions.ts");
      await doctor(options, { output, environment, clock, leastNode: leastNode() });
    });
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 0 up.");
  return Number(value);
}
