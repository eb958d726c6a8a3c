/** Starts the program as a user does, and waits for its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of another user, where whoever runs the tests may choose. */
  readonly uid?: number;
  readonly gid?: number;
  /** Where its standard output goes in place of {@link Ended.stdout}. */
  readonly stdout?: string;
  /** The same of its standard error. */
  readonly stderr?: string;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface Running {
  readonly child: ChildProcess;
  /**
   * Resolves once the program and every process that it left behind are gone: each of them holds
   * the same standard error.
   */
  readonly ended: Promise<Ended>;
}

export function startProgram(
  words: readonly string[],
  { cwd, env, stdout, stderr, ...user }: ProgramOptions = {},
): Running {
  const [output, errors] = [stdout, stderr].map((place) =>
    place === undefined ? "pipe" : openSync(place, "w"),
  );
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd,
    ...user,
    env: { ...process.env, ...env },
    stdio: ["ignore", output, errors],
  });
  for (const one of [output, errors]) if (typeof one === "number") closeSync(one);
  return { child, ended: endOf(child) };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const closed = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr, [exitCode]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    closed,
  ]);
  return { stdout, stderr, exitCode };
}

/** What is read until the stream ends, or until the test stops reading. */
async function readAll(stream: Readable | null): Promise<string> {
  let read = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    read += chunk;
  });
  if (stream !== null) await once(stream, "close");
  return read;
}

export function run(words: readonly string[], options?: ProgramOptions): Promise<Ended> {
  return startProgram(words, options).ended;
}

export async function inDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "tradelatch-test-"));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
