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
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { type Fault, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { foldEvents } from "../ledger/fold.ts";
import { expectAgreement, publishedBy, recordOf } from "./agreement.ts";
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

/** What all orders of a world are: entries, or exits from a position that is held. */
export type OrderKind = "entry" | "exit";

export interface PlacedOrder extends Sent {
  /** Different in every order of a world, and so the name of the order. */
  readonly quantity: string;
  readonly identity: Identity;
}

/** What each program has in its environment besides; asked as it begins. */
export type EnvironmentFor = (store: string) => Readonly<Record<string, string>>;

export interface ProgramsOfWorld {
  readonly environmentFor?: EnvironmentFor;
  /** Words of their command line; by default deadlines that are soon over. */
  readonly words?: readonly string[];
}

/**
 * Short, so that an order that was never sent is proved absent within seconds; and long enough for
 * strace to attach meanwhile, also on a machine that has much else to do.
 */
const SHORT_DEADLINES = [
  ...["--send-deadline-ms", "1500", "--post-deadline-ms", "4000", "--absence-window-ms", "200"],
];
/** For worlds that are played side by side: strace has less of a core there to attach. */
export const LONGER_DEADLINES: readonly string[] = [
  ...["--send-deadline-ms", "4000", "--post-deadline-ms", "9000", "--wait-ms", "9900"],
  ...["--absence-window-ms", "200"],
];
const MOST_TRIES = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;
const ALL_EVENTS = 1_000_000;
const LOOK_AGAIN_MS = 20;
const SYMBOL = "TQQQ";
/** More than the exits of one world sell. */
const HELD = { symbol: SYMBOL, quantity: "1000000", averagePrice: "75" };
const SIDES = { entry: "buy", exit: "sell" } as const;
const UNSETTLED = "status=OPEN&status=RESOLVED&status=IN_RECONCILIATION&status=FINAL";

export class CrashWorld {
  readonly broker: Simulator;
  readonly #directory = mkdtempSync(join(tmpdir(), "tradelatch-crash-"));
  readonly store = join(this.#directory, "latch.db");
  readonly #kind: OrderKind;
  readonly #started: KillableProgram[] = [];
  #orders = 0;
  #renamed = 0;
  #isClosed = false;

  readonly #environmentFor: EnvironmentFor;
  readonly #words: readonly string[];

  constructor(broker: Simulator, kind: OrderKind, { environmentFor, words }: ProgramsOfWorld) {
    this.broker = broker;
    this.#kind = kind;
    this.#environmentFor = environmentFor ?? (() => ({}));
    this.#words = words ?? SHORT_DEADLINES;
  }

  static async open(
    kind: OrderKind = "entry",
    programs: ProgramsOfWorld = {},
  ): Promise<CrashWorld> {
    const startAt = systemClock.now();
    const open = { open: "00:00", close: "23:59" };
    const calendar = Object.fromEntries([-1, 0, 1].map((day) => [dayOf(startAt, day), open]));
    const prices = { [SYMBOL]: "75" };
    const positions = kind === "exit" ? [HELD] : [];
    const cash = "100000000";
    const broker = await startSimulator({ startAt, calendar, prices, positions, cash });
    const world = new CrashWorld(broker, kind, programs);
    world.silenceStream();
    return world;
  }

  /** While it is silent, which call of a step comes when is the order path's alone. */
  silenceStream(): void {
    this.broker.addFaults([{ match: {}, fault: { kind: "event_lost" }, times: 1_000_000 }]);
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
    const environment = this.#environmentFor(this.store);
    const settings = { store: this.store, brokerUrl: this.broker.url, words: this.#words };
    const program = new KillableProgram({ ...settings, environment });
    this.#started.push(program);
    return program;
  }

  get living(): KillableProgram | undefined {
    return this.#started.find(({ isGone }) => !isGone);
  }

  /** The program that lives; a new one in the place of one that a test left without an end. */
  async program(): Promise<KillableProgram> {
    const { living } = this;
    if (living !== undefined && !living.isTraced) return living;
    await living?.kill();
    return this.start();
  }

  /** The same; at rest where it is to die at a write, which could be one of its own. */
  programFor({ calls }: Strike): Promise<KillableProgram> {
    return calls === "pwrite64" ? this.programAtRest() : this.program();
  }

  /** The same at rest, so that what is written next is the next order's. */
  async programAtRest(): Promise<KillableProgram> {
    const program = await this.program();
    await this.untilSettled(program);
    // Whoever reads the events has what is buffered written first.
    await program.page("/latch/v1/events?limit=1");
    return program;
  }

  /** Every fill is booked, and every question answered. */
  async untilSettled(program: KillableProgram): Promise<void> {
    const path = `/latch/v1/claims?limit=1&${UNSETTLED}`;
    while ((await program.page(path)).claims.length > 0) {
      if (this.#isClosed) throw new Error("the world was closed with claims unsettled");
      // The market is closed for a minute at midnight, and fills what came then when it opens.
      this.keepTime();
      await systemClock.sleep(LOOK_AGAIN_MS);
    }
  }

  order(identity: Identity, terms: Readonly<Record<string, string>> = {}): PlacedOrder {
    this.#orders += 1;
    const quantity = String(this.#orders);
    const name = `bot-${quantity}`;
    const plain = { symbol: SYMBOL, side: SIDES[this.#kind], type: "market", ...terms };
    const body = { ...plain, time_in_force: "day", qty: quantity };
    return named(body, identity, name);
  }

  /** The same order as a further action of the bot: under another name, where it has one. */
  renamed({ quantity, identity, body }: PlacedOrder): PlacedOrder {
    const { client_order_id: _, ...terms } = body;
    this.#renamed += 1;
    return named({ ...terms, qty: quantity }, identity, `bot-${quantity}-${this.#renamed}`);
  }

  /** A client that sends the same bytes again until it is told what became of them. */
  async insist(program: KillableProgram, order: PlacedOrder): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      this.keepTime();
      const answer = await program.send(order);
      if (answer === "cut") throw new Error("the program that recovers was cut off as well");
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

  /** The broker holds none of the position until `isSo`: an exit that arrives then is refused. */
  async whileNothingIsHeld(isSo: () => boolean): Promise<void> {
    const held = this.broker.positions().map(({ symbol, qty, avg_entry_price: averagePrice }) => {
      return { symbol, quantity: qty, averagePrice };
    });
    this.broker.setPositions(held.map((position) => ({ ...position, quantity: "0" })));
    await this.until(isSo);
    this.broker.setPositions(held);
  }

  /** Until the broker holds back its answer to a request of this path, which takes seconds. */
  async untilHeld(path: string): Promise<void> {
    const isHeld = () =>
      this.broker.requests().some((one) => one.path === path && one.answered === "pending");
    while (!isHeld()) {
      if (this.#isClosed) throw new Error("the world was closed before it came to that");
      // The programs of all worlds need the core meanwhile.
      await systemClock.sleep(LOOK_AGAIN_MS);
    }
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

  /** Checks what the program publishes against the broker, once everything is settled. */
  async expectAgreement(program: KillableProgram): Promise<void> {
    await this.untilSettled(program);
    expectAgreement(await publishedBy(program), this.broker);
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
      const events = await latch.events({ limit: ALL_EVENTS });
      const { claims, books } = foldEvents(events);
      expect(books).toEqual(await latch.books());
      expect(await latch.unsettledClaims()).toEqual([]);
      expectAgreement({ events, claims: claims.map(recordOf), books }, this.broker);
    } finally {
      await latch.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#started.map((program) => program.kill()));
    await this.broker.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      if (this.#isClosed) throw new Error("the world was closed before it came to that");
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

/** `YYYY-MM-DD` in New York. */
function dayOf(instant: number, later: number): string {
  const zone = { timeZone: "America/New_York" };
  return new Intl.DateTimeFormat("en-CA", zone).format(instant + later * DAY_MS);
}

function named(body: PlacedOrder["body"], identity: Identity, name: string): PlacedOrder {
  const order = { quantity: String(body.qty), identity };
  if (identity === "no id") return { ...order, body };
  if (identity === "its own id") return { ...order, body: { ...body, client_order_id: name } };
  return { ...order, body, headers: { "Idempotency-Key": name } };
}

function quantityIn(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "qty" in body ? String(body.qty) : undefined;
}
