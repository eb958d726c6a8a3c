#!/usr/bin/env node
/**
 * The command line. A failure is one line on standard error that names the value and the remedy:
 * exit code 2 for misuse, 1 for failure, never a stack trace.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { backupCommand } from "./backup-command.ts";
import { brokerSimCommand } from "./broker-sim-command.ts";
import type { CommandOutput } from "./command-output.ts";
import { EXIT_FAILURE, failureLine } from "./failure-line.ts";
import { incidentsCommand } from "./incidents-command.ts";
import { replayCommand } from "./replay-command.ts";
import { serveCommand } from "./serve-command.ts";
import { stopSignal } from "./stop-signal.ts";

const output: CommandOutput = {
  line: (text) => process.stdout.write(`${text}\n`),
  columns: process.stdout.columns,
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  logsAreRead: process.stderr.isTTY === true,
};

const root = program(stopSignal());

function program(stop: AbortSignal): Command {
  const commands = [
    serveCommand(output, process.env, stop),
    replayCommand(output, stop),
    brokerSimCommand(output, stop),
    backupCommand(output, process.env, stop),
    incidentsCommand(output, process.env),
  ];
  const program = new Command("tradelatch")
    .description("One logical order, at most one order at the broker.")
    .version(packageVersion())
    // Behind a command's name, its own options only: one of them is called --version too.
    .enablePositionalOptions()
    .hook("preAction", (_, command) => refuseExtraArgument(command));
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap((one) => one.commands)]) {
    command.exitOverride().allowExcessArguments();
    command.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
  return program;
}

/** In place of commander's own check, which counts the arguments and names none. */
function refuseExtraArgument(command: Command): void {
  const extra = command.args[command.registeredArguments.length];
  if (extra !== undefined) command.error(`unexpected argument ${JSON.stringify(extra)}`);
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

function fail(error: unknown): void {
  const commands = root.commands.map((command) => command.name());
  const { line, exitCode } = failureLine(error, process.argv.slice(2), commands);
  process.stderr.write(`${line}\n`);
  process.exitCode = exitCode;
}

/** A reader that has gone away, such as `head`, has seen what it wanted. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit(EXIT_FAILURE);
});
process.stdout.on("error", ignoreClosedPipe);
process.stderr.on("error", () => undefined);

try {
  await root.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError && error.exitCode === 0)) fail(error);
}
