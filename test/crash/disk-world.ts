/**
 * A world on a disk that fails when told to. Where its power fails the program is gone in the same
 * moment, and the next one finds what the disk had taken in by then: what was told to anyone before
 * has to be in that.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { DiskLayer } from "../disk/disk-layer.ts";
import { type DiskNote, type Files, type Honesty, Platter, readJournal } from "../disk/platter.ts";
import { CrashWorld, type OrderKind } from "./crash-world.ts";
import type { KillableProgram } from "./killable-program.ts";
import { Witness } from "./witness.ts";

export class DiskWorld {
  readonly disk = new DiskLayer();
  readonly world: CrashWorld;
  /** What left all programs so far that have lost their power. */
  readonly witness = new Witness();
  /** What the disk held when the present program began. */
  #before: Files = new Map();

  private constructor(world: CrashWorld) {
    this.world = world;
  }

  static async open(kind: OrderKind, words?: readonly string[]): Promise<DiskWorld> {
    let begins = (_store: string): Readonly<Record<string, string>> => ({});
    const environmentFor = (store: string) => begins(store);
    const programs = words === undefined ? { environmentFor } : { environmentFor, words };
    const power = new DiskWorld(await CrashWorld.open(kind, programs));
    begins = (store) => {
      power.#before = filesOf(store);
      return power.disk.environmentFor(store);
    };
    // Here nothing is counted from the outside, so the stream may speak.
    power.world.broker.clearFaults();
    return power;
  }

  /**
   * Ends the program where it still lives, and leaves on the disk what was synced, and of the rest
   * what the seed says; gives what was noted since the program began.
   */
  async failPower(program: KillableProgram, seed?: number): Promise<DiskLife> {
    await program.kill();
    this.disk.mend();
    const notes = readJournal(this.disk.journal());
    this.witness.hear(notes);
    const life = new DiskLife(this.#before, notes);
    replaceFiles(this.world.store, life.keptAfter(notes.length, seed));
    return life;
  }

  async close(): Promise<void> {
    await this.world.close();
    this.disk.close();
  }
}

/** What one program did to its disk, and what it told the world, note by note. */
export class DiskLife {
  readonly notes: readonly DiskNote[];
  readonly #before: Files;

  constructor(before: Files, notes: readonly DiskNote[]) {
    this.#before = before;
    this.notes = notes;
  }

  /** The files after a failure behind the first `count` notes. */
  keptAfter(count: number, seed?: number): Files {
    const platter = this.#platter(count, "honest");
    return seed === undefined ? platter.surelyKept() : platter.afterPowerFailure(seed);
  }

  /** The same where every sync was a lie, and nothing arrived that a sync did not carry. */
  keptByLiar(): Files {
    return this.#platter(this.notes.length, "lies").surelyKept();
  }

  /** What the world had been told by then, by this program alone. */
  toldBy(count: number): Witness {
    return new Witness().hear(this.notes.slice(0, count));
  }

  #platter(count: number, honesty: Honesty): Platter {
    return new Platter(this.#before, honesty).take(this.notes.slice(0, count));
  }
}

/** Whether a disk that holds `files` holds all that `witness` was told. */
export async function expectNothingLost(files: Files, witness: Witness): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tradelatch-kept-"));
  try {
    const store = join(folder, "latch.db");
    replaceFiles(store, files);
    const ledger = openSqliteLedger(store, systemClock);
    try {
      await witness.expectAllIn(ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The store's own files; the index of the WAL does not outlive the machine. */
function filesOf(store: string): Files {
  const names = readdirSync(dirname(store)).filter((name) => name.startsWith(basename(store)));
  const lasting = names.filter((name) => !name.endsWith("-shm"));
  return new Map(lasting.map((name) => [name, readFileSync(join(dirname(store), name))]));
}

function replaceFiles(store: string, files: Files): void {
  for (const ending of ["", "-wal", "-shm", "-journal"])
    rmSync(`${store}${ending}`, { force: true });
  for (const [name, bytes] of files)
    writeFileSync(join(dirname(store), name), bytes, { mode: 0o600 });
}
