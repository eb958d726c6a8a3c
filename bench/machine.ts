/** What a run was made on and with. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, release, type as systemName, totalmem } from "node:os";
import { Database } from "../test/sqlite-database.ts";

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  readonly packages: Readonly<Record<string, string>>;
  /** The commit that was measured, with a plus where the tree has changed since. */
  readonly commit: string;
}

const PACKAGES = ["better-sqlite3", "@alpacahq/alpaca-trade-api", "fastify", "undici"] as const;
const GIB = 1_024 ** 3;
const LOCK = "../../package-lock.json";

export function machineOf(now: Date): Machine {
  const [first] = cpus();
  const database = new Database(":memory:");
  const sqlite = database.prepare("SELECT sqlite_version()").pluck().get() as string;
  database.close();
  return {
    date: now.toISOString(),
    processor: first?.model.trim() ?? "unknown",
    processors: cpus().length,
    memoryGib: Math.round(totalmem() / GIB),
    system: `${systemName()} ${release()}`,
    node: process.version,
    sqlite,
    packages: versions(),
    commit: commit(),
  };
}

/** As the lock file has them; compiled, this file lies one folder deeper. */
function versions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const file = import.meta.url.endsWith(".ts") ? LOCK.slice(3) : LOCK;
  const { packages } = require(file) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  return Object.fromEntries(
    PACKAGES.map((name) => [name, packages[`node_modules/${name}`]?.version ?? "unknown"]),
  );
}

function commit(): string {
  const git = (...words: string[]) => {
    try {
      return execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return "";
    }
  };
  const short = git("rev-parse", "--short", "HEAD").trim();
  if (short === "") return "unknown";
  return git("status", "--porcelain", "--", "src").trim() === "" ? short : `${short}+`;
}
