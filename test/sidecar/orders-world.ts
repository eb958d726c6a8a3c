/**
 * A world for the order handling: the simulated broker, a whole sidecar in front of it on a clock
 * of the test, and clients that speak HTTP to it. Time moves only when nobody has anything to do.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { resolveServeConfig, type ServeSettings } from "../../src/config.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Started } from "../../src/sidecar/latch-start.ts";
import { openSidecar, type Sidecar } from "../../src/sidecar/sidecar.ts";
import {
  type Fault,
  type LoggedRequest,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/index.ts";
import { type Gate, type Line, Traffic } from "../gateway/traffic.ts";

export const KEY_ID = "the-brokers-key-id";
export const SECRET = "brokerSecretThatMustNeverLeaveTheProcess";
export const KEYS = { "APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET };
export const ORDER = {
  symbol: "TQQQ",
  side: "buy",
  qty: "6",
  type: "market",
  time_in_force: "day",
} as const;
export const SELL = { ...ORDER, side: "sell" } as const;
export const HELD = { positions: [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }] };

/** How often the schedule of a running latch ticks. */
const TICK_MS = 2_000;
/** A request on its way to the sidecar is not seen by the clocks, so no step is longer than this. */
const LONGEST_STEP_MS = 250;
const LONGEST_DRIVE_MS = 5 * 60_000;
/** As the most stubborn client does. */
const MOST_TRIES = 20;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the answer of a stranger, asserted on by the test
  readonly body: any;
  /** Simulated time that its client waited. */
  readonly tookMs: number;
}

export interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
  /** Aborts: the client hangs up. */
  readonly signal?: AbortSignal;
}

/** A sidecar with its line to the broker. */
export interface OpenedSidecar extends Line {
  readonly sidecar: Sidecar;
  readonly clock: ManualClock;
  isClosed: boolean;
  /** Once it takes orders. */
  readonly started?: Started;
}

/** A sidecar that takes orders. */
export type StartedSidecar = OpenedSidecar & { readonly started: Started };

/**
 * The broker's stream is silent, so that what became of an order is known by its answer and by
 * reading alone; `hearsStream` lets it speak.
 */
export async function openOrderWorld(
  options: SimulatorOptions = {},
  { hearsStream = false } = {},
): Promise<OrderWorld> {
  const prices = { TQQQ: "75", SPY: "500" };
  const credentials = { keyId: KEY_ID, secret: SECRET };
  const simulator = await startSimulator({ prices, ...credentials, ...options });
  const silence = { match: {}, fault: { kind: "event_lost" }, times: 1_000_000 } as const;
  if (!hearsStream) simulator.addFaults([silence]);
  const world = new OrderWorld(simulator);
  onTestFinished(() => world.close());
  return world;
}

export class OrderWorld {
  readonly simulator: Simulator;
  readonly #directory = mkdtempSync(join(tmpdir(), "tradelatch-orders-"));
  readonly store = join(this.#directory, "latch.db");
  readonly log: string[] = [];
  readonly answers: Answer[] = [];
  readonly #traffic: Traffic;
  readonly #opened: OpenedSidecar[] = [];
  readonly #failures: unknown[] = [];
  #now: number;
  #tickAt: number;
  #compareEveryMs = Number.POSITIVE_INFINITY;
  #comparedAt = Number.NEGATIVE_INFINITY;

  constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.#now = simulator.now();
    this.#tickAt = this.#now + TICK_MS;
    this.#traffic = new Traffic(() => simulator);
  }

  async open(settings: ServeSettings = {}): Promise<StartedSidecar> {
    const opened = await this.begin(settings);
    const started = await opened.sidecar.started;
    return Object.assign(opened, { started });
  }

  /** Listens; its start goes on behind. */
  async begin(settings: ServeSettings = {}, gate: Gate = () => "pass"): Promise<OpenedSidecar> {
    const clock = new ManualClock(this.#now);
    const line: Line = { isDead: false, gate, answered: (_, answer) => answer };
    const given = { store: this.store, baseUrl: this.simulator.url, port: 0 };
    const serve = resolveServeConfig({ ...given, keyId: KEY_ID, secret: SECRET, ...settings }, {});
    const logger = pino({ level: "trace" }, { write: (text: string) => this.log.push(text) });
    const fetchApi = this.#traffic.fetchThrough(line);
    const sidecar = await openSidecar({
      ...{ serve, logger, clock, fetchApi, schedule: false },
    });
    const opened: OpenedSidecar = Object.assign(line, { sidecar, clock, isClosed: false });
    sidecar.started.then(
      (started) => Object.assign(opened, { started }),
      () => undefined,
    );
    this.#opened.push(opened);
    return opened;
  }

  /** One request, driven to its answer; a body that is not text is sent as JSON. */
  async send({ sidecar }: OpenedSidecar, body: unknown, request: Request = {}): Promise<Answer> {
    const { headers = {}, method = "POST", path = "/v2/orders" } = request;
    const startedAt = this.#now;
    const sent = fetch(`${sidecar.url}${path}`, {
      method,
      headers: { ...KEYS, ...headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(method !== "POST" && method !== "PATCH"
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }));
    const { status, headers: received, text } = await this.drive(sent);
    const tookMs = this.#now - startedAt;
    const answer = { status, headers: received, text, body: parsed(text), tookMs };
    this.answers.push(answer);
    return answer;
  }

  /** A request whose answer never comes: its sidecar dies before it gives one. */
  async sendInVain({ sidecar }: OpenedSidecar, body: unknown): Promise<void> {
    fetch(`${sidecar.url}/v2/orders`, {
      method: "POST",
      headers: KEYS,
      body: JSON.stringify(body),
    }).catch(() => undefined);
    await this.advance(1_000);
  }

  /** A client that sends the same bytes again on 409, 429, 5xx and resets. */
  async insist(opened: OpenedSidecar, body: unknown, request: Request = {}): Promise<Answer[]> {
    const answers: Answer[] = [];
    while (answers.length < MOST_TRIES) {
      const answer = await this.send(opened, body, request);
      answers.push(answer);
      if (answer.status < 500 && answer.status !== 409 && answer.status !== 429) break;
      await this.advance(1_000 * Number(answer.headers.get("retry-after") ?? "3"));
    }
    return answers;
  }

  async drive<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false;
    const ended = () => {
      isOver = true;
    };
    work.then(ended, ended);
    const limit = this.#now + LONGEST_DRIVE_MS;
    await this.#traffic.rest();
    while (!isOver) {
      if (this.#now >= limit) throw new Error(`not over after ${LONGEST_DRIVE_MS} ms`);
      await this.#step(limit);
    }
    return work;
  }

  async advance(durationMs: number): Promise<void> {
    const target = this.#now + durationMs;
    while (this.#now < target) await this.#step(target);
  }

  fault(fault: Fault, times = 1): void {
    this.simulator.addFaults([{ match: { method: "POST", path: "/v2/orders" }, fault, times }]);
  }

  /** From now on the positions are compared too: with every tick, or not so often. */
  comparePositions(everyMs = TICK_MS): void {
    this.#compareEveryMs = everyMs;
  }

  posts(): LoggedRequest[] {
    return this.simulator
      .requests()
      .filter(({ method, path }) => method === "POST" && path === "/v2/orders");
  }

  claims({ started }: StartedSidecar): Promise<readonly Claim[]> {
    return started.latch.unsettledClaims();
  }

  async shut(opened: OpenedSidecar): Promise<void> {
    opened.isClosed = true;
    let isOver = false;
    const closing = opened.sidecar.close(0).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const wakeAt = opened.clock.nextWakeAt();
      if (!isOver && wakeAt !== undefined) opened.clock.advanceTo(wakeAt);
    }
    await closing;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.filter(({ isClosed }) => !isClosed).map((o) => this.shut(o)));
    await this.simulator.close();
    rmSync(this.#directory, { recursive: true, force: true });
    expect(this.#opened.map(({ clock }) => clock.nextWakeAt())).toEqual(
      this.#opened.map(() => undefined),
    );
    expect(this.#failures).toEqual([]);
    for (const text of [...this.log, ...this.answers.map((answer) => answer.text)]) {
      expect(text).not.toContain(SECRET);
    }
  }

  async #step(target: number): Promise<void> {
    await this.#traffic.rest();
    const running = this.#opened.filter(({ isClosed, isDead }) => !isClosed && !isDead);
    const wakes = running.map(({ clock }) => clock.nextWakeAt() ?? target);
    const isWatched = running.length > 0;
    const furthest = isWatched
      ? Math.min(target, this.#now + LONGEST_STEP_MS, this.#tickAt)
      : target;
    // A pause that was drawn by chance need not end at a whole millisecond.
    this.#now = Math.max(this.#now, Math.ceil(Math.min(furthest, ...wakes)));
    this.simulator.setTime(Math.max(this.#now, this.simulator.now()));
    for (const { clock } of running) clock.advanceTo(Math.max(this.#now, clock.now()));
    if (this.#now >= this.#tickAt) {
      this.#tickAt = this.#now + TICK_MS;
      const compares = this.#now - this.#comparedAt >= this.#compareEveryMs;
      if (compares) this.#comparedAt = this.#now;
      const fail = (error: unknown) => this.#failures.push(error);
      for (const { started } of running) {
        started?.latch.tick().catch(fail);
        if (compares) started?.latch.comparePositions().catch(fail);
      }
    }
    await this.#traffic.rest();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What fetch throws where nobody listens at the port. */
export function connectionRefused(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}
