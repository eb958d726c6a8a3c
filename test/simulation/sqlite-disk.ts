/**
 * A disk with the real thing on it: one SQLite file, and for each process the product's own ledger
 * with a connection of its own. What the store puts off comes at turns of its process, so that a
 * process can be paused or die in front of every transaction; what its connection holds in memory
 * dies with it, and nothing that was committed. When the power fails, what was not synced goes too.
 *
 * 1. The checkers see what a connection of the simulation's own reads from the file: the events, and
 *    what they come to. What every other connection tells is compared with that.
 * 2. Which commit was synced is known by the level that its connection had asked SQLite for.
 * 3. A store that takes nothing is a file that was moved away. An answer that is lost happens to
 *    nobody who has the store in his own process.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Sqlite from "better-sqlite3";
import type { Clock } from "../../src/core/clock.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { type EventRow, storedEvent } from "../../src/ledger/event-row.ts";
import type { Ledger, StoredEvent } from "../../src/ledger/ledger.ts";
import { openSqlite, sqlite } from "../../src/ledger/sqlite/binding.ts";
import type { NextTurn } from "../../src/ledger/sqlite/next-turn.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { foldInto } from "./folded-rows.ts";
import { differencesOfEach, differencesOfLists } from "./rows-told.ts";
import { SimulatedDisk, type StoreFault } from "./simulated-disk.ts";
import type { Host } from "./simulated-ledger.ts";

/** A process that a connection belongs to. */
export interface ConnectedHost extends Host {
  readonly name: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly isAlive: boolean;
}

interface Connection {
  readonly process: ConnectedHost;
  readonly ledger: Ledger;
  readonly database: Sqlite.Database;
  /** What it has put off: each is done once. */
  readonly waiting: Set<() => void>;
  /** Whether its last commit was synced, which the next one is too unless it says otherwise. */
  isSynced: boolean;
}

const REFUSING: ReadonlySet<StoreFault | null> = new Set(["busy", "full", "sync_fails"]);
/** So often the event loop is busy when a turn is asked for, and so long at most. */
const BUSY_SHARE = 0.1;
const BUSY_MS = 40;
/** The level at which SQLite syncs every commit. */
const FULL = "2";
const LEVEL = /^PRAGMA synchronous = (\d)$/;

export class SqliteDisk extends SimulatedDisk {
  /** Told what differs between a connection and the log. */
  onDifference: (what: string) => void = () => {};
  readonly folder = mkdtempSync(join(tmpdir(), "tradelatch-world-"));
  readonly #file = join(this.folder, "ledger.db");
  readonly #log = `${this.#file}-wal`;
  #syncedBytes = 0;
  #isInPlace = true;
  /** At any time. */
  #wasRefusing = false;
  #connections: Connection[] = [];
  #reader: Reader | undefined;

  /**
   * The ledger as a new process opens it. `isSlow`: what it answers comes at a turn of its own, so
   * that its process may be paused or die between a commit and what it does next.
   */
  open(process: ConnectedHost, isSlow: boolean): Ledger {
    this.#closeDead();
    this.#putInPlace();
    const waiting = new Set<() => void>();
    const nextTurn = this.#turnsOf(process, waiting, () => this.#takeIn(connection.isSynced));
    const open = () => openSqliteLedger(this.#file, process.clock, undefined, nextTurn);
    const connection: Connection = { process, waiting, isSynced: true, ...connected(open) };
    this.#watchLevel(connection);
    this.#connections.push(connection);
    if (this.#reader === undefined) {
      // What makes a ledger of a new file is synced.
      this.#reader = new Reader(this.#file);
      this.sync();
    }
    void this.#compare(`${process.name} at its start`, connection.ledger);
    return this.#answering(connection, isSlow);
  }

  /**
   * What was not synced is gone from the file too: of its log (the WAL) there is what was there at
   * the last synced commit. Nothing of that is ever moved into the file in so short a life.
   */
  override losePower(): readonly StoredEvent[] {
    this.#put(true);
    const kept = readFileSync(this.#file);
    const keptLog = readFileSync(this.#log).subarray(0, this.#syncedBytes);
    this.#closeDead();
    if (this.#connections.length > 0) throw new Error("somebody has survived a power failure");
    this.#reader?.close();
    // Whoever closed a file last has tidied up.
    writeFileSync(this.#file, kept);
    writeFileSync(this.#log, keptLog);
    rmSync(`${this.#file}-shm`, { force: true });
    this.#reader = new Reader(this.#file);
    const lost = super.losePower();
    const left = this.#reader.newEvents(this.#lastSequence) ?? [];
    if (left.length > 0) throw new Error(`${left.length} events outlived the power failure`);
    return lost;
  }

  /** The log is never begun anew while somebody has it open: it only grows. */
  override sync(): void {
    super.sync();
    this.#syncedBytes = statSync(this.#log).size;
  }

  /**
   * What a process tells while it is at work, beside the log: where it has told of nothing ahead,
   * which a store that was never refused anything has written by the time that it waits for no turn.
   */
  lookAt(process: ConnectedHost): void {
    const own = this.#connections.find((connection) => connection.process === process);
    if (own === undefined || own.waiting.size > 0 || this.#wasRefusing) return;
    void this.#compare(process.name, own.ledger);
  }

  /** Once a world is over: what every process that lives tells, and what a new one would. */
  async compareAll(): Promise<void> {
    this.fault = null;
    this.#closeDead();
    this.#putInPlace();
    for (const { waiting } of this.#connections) {
      while (waiting.size > 0) {
        for (const take of waiting) take();
        await eventLoop();
      }
    }
    const clock = this.#connections[0]?.process.clock;
    if (clock === undefined) return;
    const { ledger, database } = connected(() => openSqliteLedger(this.#file, clock));
    try {
      await this.#compare("a new process", ledger);
      await this.#compareLists("a new process", ledger);
      for (const { process, ledger: own, waiting } of this.#connections) {
        await this.#compare(process.name, own);
        await this.#compareLists(process.name, own, waiting);
      }
    } finally {
      database.close();
    }
  }

  override repeatable(words: string): string {
    return words.replaceAll(this.folder, "");
  }

  /** Nothing is left of it. */
  close(): void {
    for (const { database, waiting } of this.#connections) {
      waiting.clear();
      database.close();
    }
    this.#reader?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a process held went with it. */
  #closeDead(): void {
    for (const { process, database } of this.#connections) if (!process.isAlive) database.close();
    this.#connections = this.#connections.filter(({ process }) => process.isAlive);
  }

  /** Whoever comes to a file that was moved away finds something there that is no file. */
  #putInPlace(): void {
    this.#put(!REFUSING.has(this.fault));
  }

  #put(isInPlace: boolean): void {
    if (isInPlace === this.#isInPlace) return;
    this.#wasRefusing = true;
    this.#isInPlace = isInPlace;
    const away = `${this.#file}.away`;
    if (isInPlace) {
      rmdirSync(this.#file);
      renameSync(away, this.#file);
    } else {
      renameSync(this.#file, away);
      mkdirSync(this.#file);
    }
  }

  #turnsOf(process: ConnectedHost, waiting: Set<() => void>, onTaken: () => void): NextTurn {
    return (action) => {
      const take = () => {
        if (!waiting.delete(take)) return;
        this.#putInPlace();
        action();
        onTaken();
      };
      waiting.add(take);
      const slowMs = this.fault === "slow" ? this.syncTakesMs : 0;
      process.turn(slowMs + turnAfterMs(process), take);
    };
  }

  /** What was committed up to a change of the level was committed at the one before. */
  #watchLevel(connection: Connection): void {
    const { database } = connection;
    const exec = database.exec.bind(database);
    database.exec = (sql) => {
      const level = LEVEL.exec(sql)?.[1];
      if (level === undefined) return exec(sql);
      this.#takeIn(connection.isSynced);
      connection.isSynced = level === FULL;
      return database;
    };
    exec("PRAGMA synchronous = OFF");
  }

  get #lastSequence(): number {
    return this.rows.events.at(-1)?.sequence ?? 0;
  }

  #takeIn(isSynced: boolean): void {
    const events = this.#reader?.newEvents(this.#lastSequence);
    if (events === undefined) return;
    this.keep(isSynced, () => {
      for (const row of events) {
        const event = storedEvent(row, JSON.parse(row.body));
        try {
          foldInto(this.rows, event);
        } catch (error) {
          this.onDifference(`event ${event.sequence} (${event.body.type}) cannot follow: ${error}`);
        }
      }
    });
  }

  #answering(connection: Connection, isSlow: boolean): Ledger {
    const { ledger, process } = connection;
    const told = async (answer: Promise<unknown>) => {
      try {
        return await answer;
      } finally {
        // What was synced without a turn of its own, by whoever reads events.
        this.#takeIn(connection.isSynced);
        if (isSlow) await turnOf(process);
      }
    };
    return new Proxy(ledger, {
      get: (_, name) => {
        const value = ledger[name as keyof Ledger] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          const answer = value.apply(ledger, args);
          return answer instanceof Promise ? told(answer) : answer;
        };
      },
    });
  }

  async #compare(who: string, ledger: Ledger): Promise<void> {
    await this.#say(who, differencesOfEach(ledger, this.rows));
  }

  /** The rows that are late are written in a turn. */
  async #compareLists(who: string, ledger: Ledger, waiting = new Set<() => void>()): Promise<void> {
    let isOver = false;
    const said = this.#say(who, differencesOfLists(ledger, this.rows)).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      for (const take of waiting) take();
      await eventLoop();
    }
    await said;
  }

  async #say(who: string, differences: Promise<readonly string[]>): Promise<void> {
    try {
      for (const difference of await differences) this.onDifference(`${who}: ${difference}`);
    } catch (error) {
      this.onDifference(`${who} cannot tell what it holds: ${error}`);
    }
  }
}

/** What the file holds, as somebody sees it who has no part in it. */
class Reader {
  readonly #database: Sqlite.Database;
  readonly #version: Sqlite.Statement;
  readonly #events: Sqlite.Statement;
  #last: unknown;

  constructor(file: string) {
    this.#database = openSqlite(file, { readonly: true });
    this.#version = this.#database.prepare("PRAGMA data_version").pluck();
    this.#events = this.#database.prepare(
      "SELECT * FROM events WHERE sequence > ? ORDER BY sequence",
    );
  }

  /** Those behind `sequence`; undefined where nobody has committed anything since the last call. */
  newEvents(sequence: number): readonly EventRow[] | undefined {
    const version = this.#version.get();
    if (version === this.#last) return undefined;
    this.#last = version;
    return this.#events.all(sequence) as EventRow[];
  }

  close(): void {
    this.#database.close();
  }
}

/** What `open` opens, with the one connection that it keeps. */
function connected(open: () => Ledger): Pick<Connection, "ledger" | "database"> {
  const { prototype } = sqlite();
  const { pragma } = prototype;
  const seen = new Set<Sqlite.Database>();
  prototype.pragma = function noted(this: Sqlite.Database, ...args) {
    seen.add(this);
    return pragma.apply(this, args);
  };
  try {
    const ledger = open();
    const [database] = [...seen].filter((one) => one.open);
    if (database === undefined) throw new Error("the ledger has no connection");
    return { ledger, database };
  } finally {
    prototype.pragma = pragma;
  }
}

/** The next turn comes at once, unless the event loop has much else to do. */
function turnAfterMs(process: ConnectedHost): number {
  const isBusy = process.random.fraction() < BUSY_SHARE;
  return isBusy ? Math.floor(process.random.fraction() * BUSY_MS) : process.latency();
}

function turnOf(process: Host): Promise<void> {
  return new Promise((resolve) => process.turn(process.latency(), resolve));
}

function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
