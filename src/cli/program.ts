/**
 * The program's commands, wired: what a command line means, without the process that it came to.
 * Whoever parses with it says a failure by failure-line.ts.
 */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { LatchError } from "../core/errors.ts";
import { isAtLeast } from "../core/node-version.ts";
import { auditCommand } from "./audit-command.ts";
import { backupCommand } from "./backup-command.ts";
import { brokerSimCommand } from "./broker-sim-command.ts";
import type { CommandOutput } from "./command-output.ts";
import { completionCommand } from "./completion-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { examples } from "./examples.ts";
import { incidentsCommand } from "./incidents-command.ts";
import { mcpCommand } from "./mcp-command.ts";
import { leastNode, packageManifest } from "./package-manifest.ts";
import { reconcileCommand } from "./reconcile-command.ts";
import { replayCommand } from "./replay-command.ts";
import { runCommand } from "./run-command.ts";
import { serveCommand } from "./serve-command.ts";
import { storeCommand } from "./store-command.ts";

/** Throws CommanderError for misuse, and whatever its commands throw. */
export function createProgram(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
): Command {
  const program = new Command("tradelatch");
  const commands: readonly Command[] = [
    serveCommand(output, environment, stop),
    mcpCommand(output, environment, stop),
    replayCommand(output, stop),
    runCommand(output, environment, stop),
    brokerSimCommand(output, stop),
    backupCommand(output, environment, stop),
    storeCommand(output, stop),
    incidentsCommand(output, environment),
    auditCommand(output, environment, stop),
    reconcileCommand(output, environment),
    doctorCommand(output, environment),
    completionCommand(output, () => program),
  ];
  program
    .description("One logical order, at most one order at the broker.")
    .version(packageManifest().version)
    // Behind a command's name, its own options only: one of them is called --version too.
    .enablePositionalOptions()
    .addHelpText(
      "after",
      examples(
        "tradelatch replay",
        "tradelatch serve --broker sim",
        "tradelatch doctor --store ledger.db",
        "tradelatch incidents --open",
      ),
    )
    .hook("preAction", (_, command) => {
      refuseExtraArgument(command);
      refuseOldNode(command);
    });
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap((one) => one.commands)]) {
    command.exitOverride().allowExcessArguments();
    command.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
  return program;
}

/** Commander takes what stands behind `help` for a command, also where it asks for help itself. */
export function plainWords(words: readonly string[]): readonly string[] {
  const [first, second = ""] = words;
  return first === "help" && ["--help", "-h"].includes(second) ? ["help"] : words;
}

/** Every command by the words that lead to it. */
export function commandPaths({ commands }: Command): readonly string[] {
  const inner = (one: Command) => one.commands.map((two) => `${one.name()} ${two.name()}`);
  return commands.flatMap((one) => [one.name(), ...inner(one)]);
}

/** In place of commander's own check, which counts the arguments and names none. */
function refuseExtraArgument(command: Command): void {
  const extra = command.args[command.registeredArguments.length];
  if (extra !== undefined) command.error(`unexpected argument ${JSON.stringify(extra)}`);
}

/** What an older one lacks shows anywhere and late; the doctor looks at the rest as well. */
function refuseOldNode(command: Command): void {
  const [ours, least] = [process.versions.node, leastNode()];
  if (command.name() === "doctor" || isAtLeast(ours, least)) return;
  throw new LatchError(
    "node_too_old",
    `this is Node ${ours}, and ${least} or a later one is needed`,
  );
}
