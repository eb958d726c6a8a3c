#!/usr/bin/env node
/**
 * The command line. A failure is one line on standard error that names the value and the remedy:
 * exit code 2 for misuse, 1 for failure, never a stack trace.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { LatchError } from "../core/errors.ts";
import { brokerSimCommand } from "./broker-sim-command.ts";
import type { CommandOutput } from "./command-output.ts";
import { replayCommand } from "./replay-command.ts";

const EXIT_FAILURE = 1;
const EXIT_MISUSE = 2;

const output: CommandOutput = {
  line: (text) => process.stdout.write(`${text}\n`),
  columns: process.stdout.columns,
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
};

const stopped = new Promise<string>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve(signal));
});

function program(): Command {
  const root = new Command("tradelatch")
    .description("One logical order, at most one order at the broker.")
    .version(packageVersion())
    .addCommand(replayCommand(output))
    .addCommand(brokerSimCommand(output, { stopped }));
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
    command.showHelpAfterError(false);
  }
  return root;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** What to print on standard error, and how to exit. */
function explain(error: unknown): { readonly line: string; readonly exitCode: number } {
  if (error instanceof LatchError) {
    return { line: `${error.message}. ${error.hint}`, exitCode: error.exitCode };
  }
  if (error instanceof CommanderError) {
    const line = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    return { line: `${line}. Run tradelatch --help for what is accepted.`, exitCode: EXIT_MISUSE };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { line: `unexpected failure: ${message}`, exitCode: EXIT_FAILURE };
}

try {
  await program().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError && error.exitCode === 0)) {
    const { line, exitCode } = explain(error);
    process.stderr.write(`tradelatch: ${line.replaceAll("\n", " ")}\n`);
    process.exitCode = exitCode;
  }
}
