/**
 * Runs the program in this process, for what needs no process of its own: what it says to a command
 * line that it refuses. `program.ts` beside it starts the real one.
 */
import { failureLine } from "../../src/cli/failure-line.ts";
import { commandPaths, createProgram } from "../../src/cli/program.ts";
import type { Ended } from "./program.ts";

export async function runHere(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(`${text}\n`);
  const output = { line, columns: undefined, color: false, logsAreRead: false };
  const root = createProgram(output, env, new AbortController().signal);
  try {
    await root.parseAsync([...words], { from: "user" });
    return { stdout: lines.join(""), stderr: "", exitCode: 0 };
  } catch (error) {
    const failure = failureLine(error, words, commandPaths(root));
    return { stdout: lines.join(""), stderr: `${failure.line}\n`, exitCode: failure.exitCode };
  }
}
