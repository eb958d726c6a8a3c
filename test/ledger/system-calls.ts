/** Counts what a process really asks of the kernel, with strace. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./temporary-folder.ts";

const PROGRAM = fileURLToPath(new URL("processes/sync-phases.mjs", import.meta.url));
/** A call that an architecture does not have is passed over where it has a question mark. */
const TRACED = "fdatasync,fsync,?access,?faccessat,?faccessat2";

/** Why syncs cannot be counted here; undefined when they can. */
export function tracingTrouble(): string | undefined {
  const probe = spawnSync("strace", ["-f", "-qq", "-e", "trace=fsync", "true"]);
  if (probe.error !== undefined) return "strace is not installed: apt-get install strace";
  if (probe.status !== 0) return "strace may not trace here: allow ptrace (SYS_PTRACE)";
  return undefined;
}

export interface SyncCounts {
  /** Calls of fsync and fdatasync in each phase. */
  readonly syncs: Readonly<Record<string, number>>;
  /** What the process printed. */
  readonly output: string;
}

/** Runs `phases` of sync-phases.mjs; `inject` makes the kernel fail, in strace's words. */
export function countSyncs(file: string, phases: readonly string[], inject?: string): SyncCounts {
  const log = join(temporaryFolder(), "strace.log");
  const failing = inject === undefined ? [] : ["-e", `inject=${inject}`];
  const tracer = ["-f", "--seccomp-bpf", "-qq", "-o", log, "-e", `trace=${TRACED}`, ...failing];
  const program = [process.execPath, PROGRAM, file, ...phases];
  const output = execFileSync("strace", [...tracer, ...program], { encoding: "utf8" });
  return { syncs: countByPhase(readFileSync(log, "utf8")), output };
}

function countByPhase(log: string): Readonly<Record<string, number>> {
  const syncs: Record<string, number> = {};
  let phase = "start";
  for (const line of log.split("\n")) {
    phase = line.match(/"\/tradelatch-mark\/([^"]+)"/)?.[1] ?? phase;
    if (/\bf(data)?sync\(/.test(line)) syncs[phase] = (syncs[phase] ?? 0) + 1;
  }
  return syncs;
}
