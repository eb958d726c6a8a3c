#!/usr/bin/env node
/**
 * The command line. A failure is one line on standard error that names the value and the remedy:
 * exit code 2 for misuse, 1 for failure, never a stack trace.
 */
import { CommanderError } from "commander";
import { LatchError } from "../core/errors.ts";
import { streamTo } from "../telemetry/log-stream.ts";
import type { CommandOutput } from "./command-output.ts";
import { EXIT_FAILURE, failureLine } from "./failure-line.ts";
import { commandPaths, createProgram, plainWords } from "./program.ts";
import { statusLine } from "./status-line.ts";
import { stopSignal } from "./stop-signal.ts";

const status = statusLine(process.stderr);

/** Only what a person types at a terminal counts as an answer. */
async function ask(question: string, stop: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // At a prompt the terminal keeps Ctrl-C to itself.
  terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await terminal.question(question, { signal: stop });
  } catch (error) {
    throw stop.aborted ? stop.reason : error;
  } finally {
    terminal.close();
  }
}

let standardOutput: { write(text: string): unknown } = process.stdout;

function printWhateverBecomesOfIt(): void {
  standardOutput = streamTo(process.stdout.fd);
}

const output: CommandOutput = {
  line: (text) => void standardOutput.write(`${text}\n`),
  goOn: printWhateverBecomesOfIt,
  columns: process.stdout.columns,
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  logsAreRead: status !== undefined,
  ...(process.stdin.isTTY === true && status !== undefined && { ask }),
  status,
};

const root = createProgram(output, process.env, stopSignal());

function fail(error: unknown): void {
  const { line, exitCode } = failureLine(error, process.argv.slice(2), commandPaths(root));
  process.stderr.write(`${line}\n`);
  process.exitCode = exitCode;
}

/** A reader that has gone away, such as `head`, has seen what it wanted. */
function ignoreClosedPipe(cause: NodeJS.ErrnoException): void {
  if (cause.code === "EPIPE") return;
  throw new LatchError("output_unwritable", "standard output cannot be written", { cause });
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit(EXIT_FAILURE);
});
process.stdout.on("error", ignoreClosedPipe);
process.stderr.on("error", () => undefined);

try {
  await root.parseAsync(plainWords(process.argv.slice(2)), { from: "user" });
} catch (error) {
  if (!(error instanceof CommanderError && error.exitCode === 0)) fail(error);
}
