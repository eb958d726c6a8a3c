/**
 * The whole sidecar in front of the simulated broker, for thousands of requests: everything it
 * logs and everything that reaches the broker is kept. Its clock moves only when nobody has
 * anything to do.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { resolveServeConfig } from "../../src/config.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Latch } from "../../src/latch.ts";
import { openSidecar, type Sidecar } from "../../src/sidecar/sidecar.ts";
import { type LoggedRequest, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { BrokerCalls } from "./broker-calls.ts";
import { Exchange, type IsWhole } from "./exchange.ts";
import { AGENTS, BROKER_KEY_ID } from "./hostile-request.ts";
import { BROKER_SECRET, OPERATOR_SECRET } from "./hostile-text.ts";

const PRICES = { TQQQ: "75", SPY: "500", AAPL: "200" };
/** Nobody's, and nobody trades it: an incident tells of it until a person has acted. */
const STRANGE_POSITION = { symbol: "AAPL", quantity: "6", averagePrice: "200" };
/** Two readings that are so far apart agree. */
const BETWEEN_READINGS_MS = 10_000;
const READINGS_MAX = 10;
/** Turns of the event loop in which nothing happened. */
const QUIET_TURNS = 40;
/** A request on its way between two sockets is not seen here, so no step is longer than this. */
const LONGEST_STEP_MS = 250;
/** No request may take longer; the latch itself gives up after ten seconds. */
const LONGEST_DRIVE_MS = 60_000;

export class FuzzWorld {
  readonly simulator: Simulator;
  readonly sidecar: Sidecar;
  readonly latch: Latch;
  readonly clock: ManualClock;
  /** Log lines that nobody has looked at yet. */
  readonly #log: string[];
  readonly #directory: string;
  readonly #calls: BrokerCalls;
  #seen = 0;

  private constructor(parts: {
    readonly simulator: Simulator;
    readonly sidecar: Sidecar;
    readonly latch: Latch;
    readonly clock: ManualClock;
    readonly log: string[];
    readonly directory: string;
    readonly calls: BrokerCalls;
  }) {
    this.simulator = parts.simulator;
    this.sidecar = parts.sidecar;
    this.latch = parts.latch;
    this.clock = parts.clock;
    this.#log = parts.log;
    this.#directory = parts.directory;
    this.#calls = parts.calls;
  }

  static async open(): Promise<FuzzWorld> {
    const credentials = { keyId: BROKER_KEY_ID, secret: BROKER_SECRET };
    const simulator = await startSimulator({ prices: PRICES, cash: "100000000", ...credentials });
    const directory = mkdtempSync(join(tmpdir(), "tradelatch-fuzz-"));
    const clock = new ManualClock(simulator.now());
    const log: string[] = [];
    const calls = new BrokerCalls();
    const given = { store: join(directory, "latch.db"), baseUrl: simulator.url, port: 0 };
    const agents = JSON.stringify(AGENTS);
    const settings = { operatorKey: OPERATOR_SECRET, divergence: "orphan=observe" };
    const sidecar = await openSidecar({
      serve: resolveServeConfig({ ...given, ...credentials, ...settings, agents }, {}),
      logger: pino({ level: "trace" }, { write: (line: string) => log.push(line) }),
      ...{ clock, fetchApi: calls.fetchApi, schedule: false },
    });
    const { latch } = await sidecar.started;
    const world = new FuzzWorld({ simulator, sidecar, latch, clock, log, directory, calls });
    await world.#openIncident();
    return world;
  }

  /** Something that a person may act on. */
  async #openIncident(): Promise<void> {
    this.simulator.setPositions([STRANGE_POSITION]);
    for (let readings = 0; readings < READINGS_MAX; readings += 1) {
      await this.drive(this.latch.comparePositions());
      if ((await this.latch.incidents()).length > 0) return;
      const until = this.clock.now() + BETWEEN_READINGS_MS;
      while (this.clock.now() < until) this.pass(until - this.clock.now());
    }
    throw new Error("no incident was opened");
  }

  /**
   * Sends `bytes` on a connection of their own and reads until it ends, or until `isWhole` says of
   * what came that nothing is missing, and nothing more comes.
   */
  async exchange(bytes: Buffer, endsEarly: boolean, isWhole: IsWhole): Promise<Buffer> {
    const exchange = new Exchange(this.sidecar.port, bytes, endsEarly);
    return this.drive(exchange.over, () => {
      if (isWhole(exchange.received)) exchange.end();
    });
  }

  /** Moves time as far as `work` needs; rejects where it takes longer than anything may. */
  async drive<Value>(work: Promise<Value>, onQuiet = () => {}): Promise<Value> {
    let isOver = false;
    const ended = () => {
      isOver = true;
    };
    work.then(ended, ended);
    const limit = this.clock.now() + LONGEST_DRIVE_MS;
    for (let quiet = 0; !isOver; quiet += 1) {
      await turn();
      if (this.#calls.underWay > 0) quiet = 0;
      if (quiet < QUIET_TURNS || isOver) continue;
      quiet = 0;
      onQuiet();
      if (this.clock.now() >= limit) throw new Error(`no end within ${LONGEST_DRIVE_MS} ms`);
      this.pass(LONGEST_STEP_MS);
    }
    return work;
  }

  /** Resolves when the latch waits for its clock or has nothing to do. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      await turn();
      if (this.#calls.underWay > 0) quiet = 0;
    }
  }

  /** Moves all clocks, to the next sleeper at the furthest. */
  pass(durationMs: number): void {
    const target = this.clock.now() + durationMs;
    const next = Math.ceil(Math.min(target, this.clock.nextWakeAt() ?? target));
    const now = Math.max(this.clock.now(), next);
    this.simulator.setTime(now);
    this.clock.advanceTo(now);
  }

  /** What reached the broker since it was asked last. */
  arrived(): readonly LoggedRequest[] {
    const all = this.simulator.requests();
    const fresh = all.filter(({ sequence }) => sequence > this.#seen);
    this.#seen = all.at(-1)?.sequence ?? this.#seen;
    return fresh;
  }

  /** What was logged since it was asked last. */
  logged(): readonly string[] {
    return this.#log.splice(0);
  }

  /** The id of an order that the broker has; one that nobody has, before there is any. */
  anOrderId(): string {
    return String(this.simulator.orders().at(-1)?.id ?? "00000000-0000-4000-8000-000000000000");
  }

  /** Ends the sidecar, and gives the bytes of all that it wrote to disk. */
  async close(): Promise<Buffer> {
    await this.drive(this.sidecar.close(1_000));
    await this.simulator.close();
    const names = readdirSync(this.#directory);
    const files = names.map((name) => readFileSync(join(this.#directory, name)));
    rmSync(this.#directory, { recursive: true, force: true });
    return Buffer.concat(files);
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
