/**
 * `tradelatch incidents`: lists incidents, shows one with its chain of causes, and resolves one by
 * an operator's word. It reads the ledger's file, also while a sidecar has it open, and asks no
 * broker; so it works while the sidecar is down.
 */
import { userInfo } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Environment } from "../config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { SYMBOL } from "../identity/symbol.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import type { ListOptions, ResolveOptions } from "./incident-actions.ts";
import type { RecordsOptions } from "./read-records.ts";

const END_AS = ["absent", "rejected", "already-flat", "done"];
const REASON_MAX = 1_000;
const NAME_MAX = 64;

const RESOLVING = `
To resolve one, say the version that you have seen, and why it is over:
  tradelatch incidents resolve 3 --version 2 --reason "sold by hand at 11:20"`;

export function incidentsCommand(
  output: CommandOutput,
  environment: Environment,
  clock: Clock = systemClock,
): Command {
  const actions = () => import("./incident-actions.ts");
  const surroundings = { output, environment, clock };
  const list = new Command("incidents")
    .summary("list incidents, show one, or resolve one")
    .description("List what is or was wrong, newest first, from the ledger's file.")
    .option("--open", "only those that nobody has resolved")
    .option("--symbol <symbol>", "only those in one symbol", symbol)
    .option("--before <id>", "only those with a lower number", positiveNumber)
    .enablePositionalOptions()
    .addHelpText("after", RESOLVING)
    .addHelpText(
      "after",
      examples("tradelatch incidents --open", "tradelatch incidents --symbol TQQQ --json"),
    )
    .action(async (options: ListOptions) => (await actions()).list(options, surroundings));
  const show = new Command("show")
    .description("Show one incident: its causes, its evidence, and its end.")
    .argument("<id>", "the incident's number", positiveNumber)
    .addHelpText("after", examples("tradelatch incidents show 3 --store ledger.db"))
    .action(async (id: number, _: unknown, command: Command) => {
      await (await actions()).show(id, command.optsWithGlobals<RecordsOptions>(), surroundings);
    });
  const resolve = resolveCommand().action(async (id: number, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<ResolveOptions>();
    const { by = operatorName() } = options;
    await (await actions()).resolve(id, { ...options, by }, surroundings);
  });
  for (const command of [list, show, resolve]) addRecordsOptions(command);
  return list.addCommand(show).addCommand(resolve);
}

function resolveCommand(): Command {
  return new Command("resolve")
    .description("End an incident by an operator's word, which goes on record.")
    .argument("<id>", "the incident's number", positiveNumber)
    .requiredOption("--version <number>", "the incident's version that you saw", positiveNumber)
    .requiredOption("--reason <text>", "why it is over; goes on record", text(REASON_MAX))
    .addOption(
      new Option(
        "--as <end>",
        "how the claim behind it ended, by the records of broker or provider",
      ).choices(END_AS),
    )
    .option("--by <name>", "who says so (default: your user name)", text(NAME_MAX))
    .addHelpText(
      "after",
      examples(
        'tradelatch incidents resolve 3 --version 2 --reason "sold by hand at 11:20"',
        'tradelatch incidents resolve 3 --version 2 --reason "403 seen" --as rejected',
      ),
    );
}

function addRecordsOptions(command: Command): void {
  command
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--account <id>", "the account, where the ledger has several")
    .option("--json", "print one JSON document and nothing else");
}

/** A system may have no name for its user. */
function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}

function positiveNumber(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 1.");
  return Number(value);
}

function symbol(value: string): string {
  if (SYMBOL.test(value)) return value;
  throw new InvalidArgumentError("Give a symbol such as TQQQ or BTC/USD.");
}

/** What goes on record is one line, and says something. */
function text(longest: number): (value: string) => string {
  return (value) => {
    const said = value.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
    if (said !== "" && said.length <= longest) return said;
    throw new InvalidArgumentError(`Give a text of 1 to ${longest} characters.`);
  };
}
