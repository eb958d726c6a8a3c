/**
 * The disk layer as tests use it: for each program a journal of its own, and a page of controls.
 * See disk-layer.c for what is noted.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("disk-layer.c", import.meta.url));
const COMPILERS = ["gcc", "cc", "clang"];
const FLAGS = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"];

/** Where each control stands in the page, as the C file has it. */
const PLACES = {
  ...{ notesLeft: 0, writeError: 4, syncError: 8, openError: 12, syncDelayMs: 16 },
} as const;
const SYNCS_BEGUN_AT = 20;
const SYNCS_ENDED_AT = 24;
const PAGE_BYTES = 28;
const NUMBER_BYTES = 4;

export type DiskError = "ENOSPC" | "EIO" | "EROFS" | "EACCES";

export interface SyncCount {
  readonly begun: number;
  readonly ended: number;
}

/** Why no program can run on such a disk here; undefined where it can. */
export function diskLayerTrouble(): string | undefined {
  if (process.platform !== "linux") return "the disk layer is for Linux";
  return compiler() === undefined ? "no C compiler: apt-get install g++" : undefined;
}

function compiler(): string | undefined {
  return COMPILERS.find((name) => spawnSync(name, ["--version"]).error === undefined);
}

/** The disk under one store, for any number of programs, one after the other. */
export class DiskLayer {
  readonly #folder = mkdtempSync(join(tmpdir(), "tradelatch-disk-"));
  readonly #library = join(this.#folder, "disk-layer.so");
  readonly #controls = join(this.#folder, "controls");
  readonly #page: number;
  #programs = 0;

  constructor() {
    execFileSync(compiler() ?? "cc", [...FLAGS, "-o", this.#library, SOURCE, "-ldl", "-lpthread"]);
    this.#page = openSync(this.#controls, "w+", 0o600);
    writeSync(this.#page, Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, 0);
  }

  /** What the next program on `store` needs in its environment; its journal begins anew. */
  environmentFor(store: string): Readonly<Record<string, string>> {
    this.#programs += 1;
    return {
      LD_PRELOAD: this.#library,
      DISK_LAYER_STORE: store,
      DISK_LAYER_CONTROL: this.#controls,
      DISK_LAYER_JOURNAL: this.#journalFile,
    };
  }

  /** The notes of the last program, in order. */
  journal(): Buffer {
    return readFileSync(this.#journalFile);
  }

  /** The power fails after so many more notes. */
  failPowerAfter(notes: number): void {
    this.#set("notesLeft", notes);
  }

  failWrites(error: DiskError | undefined): void {
    this.#set("writeError", error === undefined ? 0 : constants.errno[error]);
  }

  /** Opening for writing alone: whoever asks to read may. */
  failOpens(error: DiskError | undefined): void {
    this.#set("openError", error === undefined ? 0 : constants.errno[error]);
  }

  failSyncs(error: DiskError | undefined): void {
    this.#set("syncError", error === undefined ? 0 : constants.errno[error]);
  }

  delaySyncs(durationMs: number): void {
    this.#set("syncDelayMs", durationMs);
  }

  syncs(): SyncCount {
    const page = readFileSync(this.#controls);
    return { begun: page.readInt32LE(SYNCS_BEGUN_AT), ended: page.readInt32LE(SYNCS_ENDED_AT) };
  }

  /** As every disk is unless it is told otherwise. */
  mend(): void {
    for (const name of Object.keys(PLACES)) this.#set(name as keyof typeof PLACES, 0);
  }

  close(): void {
    closeSync(this.#page);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #journalFile(): string {
    return join(this.#folder, `journal-${this.#programs}`);
  }

  #set(name: keyof typeof PLACES, value: number): void {
    const bytes = Buffer.alloc(NUMBER_BYTES);
    bytes.writeInt32LE(value);
    writeSync(this.#page, bytes, 0, NUMBER_BYTES, PLACES[name]);
  }
}
