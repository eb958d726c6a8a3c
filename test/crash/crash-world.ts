/**
 * One store, one simulated broker that outlives every crash, and a row of programs on that store:
 * the one that recovers what the last left behind is the next to die.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect } from "vitest";
import { openLatch } from "../../src/app.ts";
import type { Claim } from "../../src/claim/claim.ts";
import { systemClock } from "../../src/core/clock.ts";
import { EMPTY_CHAIN, firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { type Fault, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { foldEvents } from "../ledger/fold.ts";
import {
  type Answer,
  KEY_ID,
  KillableProgram,
  type Sent,
  type Strike,
} from "./killable-program.ts";

/** How a bot's repeat is known to be one. */
export const IDENTITIES = ["its own id", "an Idempotency-Key", "no id"] as const;
export type Identity = (typeof IDENTITIES)[number];

export interface PlacedOrder extends Sent {
  /** Different in every order of a world, and so the name of the order. */
  readonly quantity: string;
}

/** Short, so that an order that was never sent is proved absent within seconds. */
const SHORT_DEADLINES = [
  ...["--send-deadline-ms", "1000", "--post-deadline-ms", "1500", "--absence-window-ms", "200"],
];
const MOST_TRIES = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;
const ALL_EVENTS = 1_000_000;
const NOTE_POLL_MS = 20;

export class CrashWorld {
  readonly broker: Simulator;
  readonly #directory = mkdtempSync(join(tmpdir(), "tradelatch-crash-"));
  readonly store = join(this.#directory, "latch.db");
  readonly #started: KillableProgram[] = [];
  #orders = 0;
  /** The last order whose client was told of it again, and how often. */
  #repeated: { readonly quantity: string; readonly times: number } | undefined;

  constructor(broker: Simulator) {
    this.broker = broker;
  }

  static async open(): Promise<CrashWorld> {
    const startAt = systemClock.now();
    const open = { open: "00:00", close: "23:59" };
    const calendar = Object.fromEntries([-1, 0, 1].map((day) => [dayOf(startAt, day), open]));
    const prices = { TQQQ: "75" };
    const broker = await startSimulator({ startAt, calendar, prices, cash: "100000000" });
    // A silent stream: which call of a step comes when is the order path's alone.
    broker.addFaults([{ match: {}, fault: { kind: "event_lost" }, times: 1_000_000 }]);
    return new CrashWorld(broker);
  }

  /** A further program on the store. While time is not kept, what is under way does not arrive. */
  async start({ keepsTime = true } = {}): Promise<KillableProgram> {
    if (keepsTime) this.keepTime();
    const program = this.begin();
    await program.untilSaid(/Claims picked up[^\n]*\n/);
    return program;
  }

  /** A further program, which may not take orders yet. */
  begin(): KillableProgram {
    const settings = { store: this.store, brokerUrl: this.broker.url, words: SHORT_DEADLINES };
    const program = new KillableProgram(settings);
    this.#started.push(program);
    return program;
  }

  /** The program that lives; a new one in the place of one that a test left without an end. */
  async program(): Promise<KillableProgram> {
    const living = this.#started.find(({ isGone }) => !isGone);
    if (living === undefined) return this.start();
    if (!living.isTraced) return living;
    await living.kill();
    return this.start();
  }

  /** The same; at rest where it is to die at a write, which could be one of its own. */
  programFor({ calls }: Strike): Promise<KillableProgram> {
    return calls === "pwrite64" ? this.programAtRest() : this.program();
  }

  /**
   * The same at rest: the last order's fill is booked, and that it was asked for again is noted. So
   * what is written next is the next order's.
   */
  async programAtRest(): Promise<KillableProgram> {
    const program = await this.program();
    const ledger = openSqliteLedger(this.store, systemClock);
    try {
      while (!(await this.#isAtRest(ledger))) await systemClock.sleep(NOTE_POLL_MS);
    } finally {
      await ledger.close();
    }
    return program;
  }

  order(identity: Identity, terms: Readonly<Record<string, string>> = {}): PlacedOrder {
    this.#orders += 1;
    const quantity = String(this.#orders);
    const name = `bot-${quantity}`;
    const plain = { symbol: "TQQQ", side: "buy", type: "market", time_in_force: "day", ...terms };
    const body = { ...plain, qty: quantity };
    if (identity === "no id") return { quantity, body };
    if (identity === "its own id") return { quantity, body: { ...body, client_order_id: name } };
    return { quantity, body, headers: { "Idempotency-Key": name } };
  }

  /** A client that sends the same bytes again until it is told what became of them. */
  async insist(program: KillableProgram, order: PlacedOrder): Promise<Answer> {
    let times = 0;
    for (let tries = 1; ; tries += 1) {
      this.keepTime();
      const answer = await program.send(order);
      if (answer === "cut") throw new Error("the program that recovers was cut off as well");
      if (answer.headers.get("idempotent-replayed") !== null) times += 1;
      this.#repeated = { quantity: order.quantity, times };
      const isOver = answer.status < 500 && answer.status !== 409 && answer.status !== 429;
      if (isOver || tries === MOST_TRIES) return answer;
    }
  }

  /** The broker's clock stands still by itself. */
  keepTime(): void {
    this.broker.setTime(Math.max(systemClock.now(), this.broker.now()));
  }

  fault(fault: Fault): void {
    this.broker.addFaults([{ match: { method: "POST", path: "/v2/orders" }, fault }]);
  }

  ordersOf({ quantity }: PlacedOrder) {
    return this.broker.orders().filter(({ qty }) => qty === quantity);
  }

  posts({ quantity }: PlacedOrder) {
    return this.broker.requests().filter(({ method, path, body }) => {
      return method === "POST" && path === "/v2/orders" && quantityIn(body) === quantity;
    });
  }

  lookUps(): number {
    const path = "/v2/orders:by_client_order_id";
    return this.broker.requests().filter((request) => request.path === path).length;
  }

  /** What a crash left of an order; read in a copy, as the store itself is the next start's. */
  async claimLeftOf({ quantity }: PlacedOrder): Promise<Claim | undefined> {
    const copy = mkdtempSync(join(this.#directory, "copy-"));
    for (const ending of ["", "-wal"]) {
      const file = `${this.store}${ending}`;
      if (existsSync(file)) copyFileSync(file, join(copy, `latch.db${ending}`));
    }
    const ledger = openSqliteLedger(join(copy, "latch.db"), systemClock);
    try {
      const { claims } = foldEvents(await ledger.events({ limit: ALL_EVENTS }));
      return claims.find(({ intent }) => intent.quantity === quantity);
    } finally {
      await ledger.close();
      rmSync(copy, { recursive: true });
    }
  }

  /** Kills what lives, and checks that store and broker come to the same to the last share. */
  async verify(): Promise<void> {
    await Promise.all(this.#started.map((program) => program.kill()));
    this.keepTime();
    const latch = await openLatch({
      ...{ store: this.store, baseUrl: this.broker.url, keyId: KEY_ID, secret: "any" },
      ...{ schedule: false, logger: pino({ level: "silent" }) },
    });
    try {
      await latch.recover();
      expect(await latch.unsettledClaims()).toEqual([]);
      const events = await latch.events({ limit: ALL_EVENTS });
      expect(firstBreak(EMPTY_CHAIN, events)).toBeUndefined();
      const { claims, books } = foldEvents(events);
      expect(books).toEqual(await latch.books());
      const orders = this.broker.orders();
      expect(claims.map(({ brokerOrderId }) => brokerOrderId).sort()).toEqual(
        orders.map(({ id }) => id).sort(),
      );
      expect(new Set(orders.map(({ qty }) => qty)).size).toBe(orders.length);
      const held = this.broker.positions().map(({ symbol, qty }) => ({ symbol, quantity: qty }));
      expect(books.map(({ symbol, net }) => ({ symbol, quantity: net }))).toEqual(held);
    } finally {
      await latch.close();
    }
  }

  async #isAtRest(ledger: Ledger): Promise<boolean> {
    const events = await ledger.events({ limit: ALL_EVENTS });
    const { claims } = foldEvents(events);
    if (claims.some(({ status }) => status !== "SETTLED")) return false;
    if (this.#repeated === undefined) return true;
    const { quantity, times } = this.#repeated;
    const claim = claims.find(({ intent }) => intent.quantity === quantity);
    const noted = events.filter((event) => {
      const isRepeat = event.subject === "claim" && event.body.type === "repeat_answered";
      return isRepeat && event.key.requestId === claim?.key.requestId;
    });
    return noted.length >= times;
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.map((program) => program.kill()));
    await this.broker.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** `YYYY-MM-DD` in New York. */
function dayOf(instant: number, later: number): string {
  const zone = { timeZone: "America/New_York" };
  return new Intl.DateTimeFormat("en-CA", zone).format(instant + later * DAY_MS);
}

function quantityIn(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "qty" in body ? String(body.qty) : undefined;
}
