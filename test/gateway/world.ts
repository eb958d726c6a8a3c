/**
 * A whole world for one test: the simulated broker over HTTP, one real ledger file, and any number
 * of processes that open it, each with a clock of its own. Time moves only when everybody is at
 * rest; nothing sleeps. After the test everything is closed and the file is gone.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Sqlite from "better-sqlite3";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { type LatchOptions, openLatch } from "../../src/app.ts";
import type { Book } from "../../src/book/book.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Latch } from "../../src/latch.ts";
import {
  type Fault,
  type LoggedRequest,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type WireOrder,
} from "../../src/simulator/index.ts";
import { storedBodies } from "../ledger/stored-rows.ts";
import { Database } from "../sqlite-database.ts";
import { type Line, Traffic } from "./traffic.ts";

/** How often the schedule of a running latch ticks. */
const TICK_MS = 2_000;
/** Simulated time after which something that should have come to an end has not. */
const LONGEST_DRIVE_MS = 10 * 60_000;

/** A process, with its line to the broker. */
export interface Process extends Line {
  readonly latch: Latch;
  readonly clock: ManualClock;
  /** False: its clock stands still and nothing ticks it, as if it were paused or dead. */
  runs: boolean;
}

export interface World {
  readonly simulator: Simulator;
  readonly store: string;
  /** What the latches logged, as JSON lines. */
  readonly log: readonly string[];
  open(options?: Partial<LatchOptions>): Promise<Process>;
  now(): EpochMs;
  rest(): Promise<void>;
  /** Moves all time forward, stopping wherever somebody wakes; ticks the latches on the way. */
  advance(durationMs: number): Promise<void>;
  /** Moves time as far as `work` needs. */
  drive<Value>(work: Promise<Value>): Promise<Value>;
  /** `submit`, driven to its answer. */
  submit(process: Process, intent: IntentInput): Promise<OrderAnswer>;
  /** Moves time until no claim waits for anything, or `LONGEST_DRIVE_MS` have passed. */
  untilSettled(): Promise<void>;
  fault(fault: Fault, match?: { nth?: number; side?: "buy" | "sell" }, times?: number): void;
  /** Order POSTs that arrived at the broker. */
  posts(): LoggedRequest[];
  reads(path: string): LoggedRequest[];
  orders(): readonly WireOrder[];
  /** Every claim as it stands on disk, oldest first. */
  claims(): Claim[];
  theClaim(): Claim;
  book(symbol?: string): Book;
  /** A connection of another program to the ledger's file. */
  connect(): Sqlite.Database;
  /** The log's events by type, with the answers that are buffered for a second. */
  eventTypes(process: Process): Promise<readonly string[]>;
}

export async function openWorld(options: SimulatorOptions = {}): Promise<World> {
  const world = new SimulatedWorld(await startSimulator({ prices: { TQQQ: "75" }, ...options }));
  onTestFinished(() => world.close());
  return world;
}

class SimulatedWorld implements World {
  readonly simulator: Simulator;
  readonly #directory = mkdtempSync(join(tmpdir(), "tradelatch-world-"));
  readonly store = join(this.#directory, "latch.db");
  readonly log: string[] = [];
  readonly #processes: Process[] = [];
  readonly #traffic: Traffic;
  readonly #failures: unknown[] = [];
  #now: EpochMs;
  #tickAt: EpochMs;

  constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.#now = simulator.now();
    this.#tickAt = this.#now + TICK_MS;
    this.#traffic = new Traffic(() => simulator);
  }

  async open(options: Partial<LatchOptions> = {}): Promise<Process> {
    const clock = new ManualClock(this.#now);
    const process: Line & { runs: boolean } = {
      isDead: false,
      gate: () => "pass",
      answered: (_, answer) => answer,
      runs: true,
    };
    const latch = await openLatch({
      store: this.store,
      baseUrl: this.simulator.url,
      agent: "momentum",
      keyId: "key",
      secret: "secret",
      clock,
      fetchApi: this.#traffic.fetchThrough(process),
      logger: pino({ level: "info" }, { write: (line: string) => this.log.push(line) }),
      schedule: false,
      ...options,
    });
    const opened = Object.assign(process, { latch, clock });
    this.#processes.push(opened);
    return opened;
  }

  now(): EpochMs {
    return this.#now;
  }

  rest(): Promise<void> {
    return this.#traffic.rest();
  }

  async advance(durationMs: number): Promise<void> {
    const target = this.#now + durationMs;
    while (this.#now < target) await this.#step(target);
  }

  async drive<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false;
    const ended = () => {
      isOver = true;
    };
    work.then(ended, ended);
    const limit = this.#now + LONGEST_DRIVE_MS;
    await this.rest();
    while (!isOver) {
      if (this.#now >= limit) throw new Error(`not over after ${LONGEST_DRIVE_MS} ms`);
      await this.#step(limit);
    }
    return work;
  }

  submit(process: Process, intent: IntentInput): Promise<OrderAnswer> {
    return this.drive(process.latch.submit(intent));
  }

  async untilSettled(): Promise<void> {
    const limit = this.#now + LONGEST_DRIVE_MS;
    await this.rest();
    while (this.#now < limit && this.claims().some(({ status }) => status !== "SETTLED")) {
      await this.advance(TICK_MS);
    }
  }

  fault(
    fault: Fault,
    match: { nth?: number; side?: "buy" | "sell" } = {},
    times: number | undefined = undefined,
  ): void {
    const rule = { match: { method: "POST", path: "/v2/orders", ...match }, fault } as const;
    this.simulator.addFaults([times === undefined ? rule : { ...rule, times }]);
  }

  posts(): LoggedRequest[] {
    return this.#requests("POST", "/v2/orders");
  }

  reads(path: string): LoggedRequest[] {
    return this.#requests("GET", path);
  }

  orders(): readonly WireOrder[] {
    return this.simulator.orders();
  }

  claims(): Claim[] {
    return storedBodies<Claim>(this.store, "SELECT body FROM claims ORDER BY id");
  }

  theClaim(): Claim {
    const claims = this.claims();
    expect(claims).toHaveLength(1);
    return claims[0] as Claim;
  }

  book(symbol = "TQQQ"): Book {
    const books = storedBodies<Book>(this.store, "SELECT body FROM books");
    const book = books.find((one) => one.symbol === symbol);
    if (book === undefined) throw new Error(`no book ${symbol}`);
    return book;
  }

  connect(): Sqlite.Database {
    const database = new Database(this.store);
    onTestFinished(() => {
      database.close();
    });
    return database;
  }

  async eventTypes({ latch }: Process): Promise<readonly string[]> {
    return (await latch.events()).map(({ body }) => body.type);
  }

  async close(): Promise<void> {
    const closing = this.#processes.map(({ latch }) => latch.close());
    await Promise.all(closing);
    await this.simulator.close();
    rmSync(this.#directory, { recursive: true, force: true });
    expect(this.#processes.map(({ clock }) => clock.nextWakeAt())).toEqual(
      this.#processes.map(() => undefined),
    );
    expect(this.#failures).toEqual([]);
  }

  /** To the next moment at which anything happens, `target` at the latest. */
  async #step(target: EpochMs): Promise<void> {
    await this.rest();
    const running = this.#processes.filter(({ runs }) => runs);
    const wakes = running.flatMap(({ clock }) => [this.#tickAt, clock.nextWakeAt() ?? target]);
    this.#now = Math.max(this.#now, Math.min(target, ...wakes));
    // A test may have moved the time of the broker or of one process alone.
    this.simulator.setTime(Math.max(this.#now, this.simulator.now()));
    for (const { clock } of running) clock.advanceTo(Math.max(this.#now, clock.now()));
    if (this.#now >= this.#tickAt) {
      this.#tickAt = this.#now + TICK_MS;
      for (const { latch } of running) {
        latch.tick().catch((error: unknown) => this.#failures.push(error));
      }
    }
    await this.rest();
  }

  #requests(method: string, path: string): LoggedRequest[] {
    return this.simulator
      .requests()
      .filter((request) => request.method === method && request.path === path);
  }
}

export const OPEN = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6" } as const;
export const CLOSE = { symbol: "TQQQ", side: "sell", effect: "close", quantity: "6" } as const;
/** For worlds in which the close above has something to close. */
export const LONG = { positions: [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }] };

export function anchored(stage = "base") {
  return { ...OPEN, anchor: { bar: "2026-05-21T09:42", stage } };
}

/** What fetch throws where nobody listens at the port. */
export function refused(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}
