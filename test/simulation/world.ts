/**
 * A whole world from a plan: bots, sidecars on one store, the broker, and everything that goes
 * wrong. It runs until its plan is over and all has come to rest, or until it should have.
 */
import type { Claim } from "../../src/claim/claim.ts";
import { type Config, resolveConfig } from "../../src/config.ts";
import type { EpochMs } from "../../src/core/clock.ts";
import { compare, decimal, subtract } from "../../src/core/decimal.ts";
import type { AgentId, BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { isCombo } from "../../src/identity/combo.ts";
import { isWorking } from "../../src/simulator/order.ts";
import { DEFAULT_START } from "../../src/simulator/simulator-options.ts";
import { BrokerSide, KEY_ID, SECRET } from "./broker-side.ts";
import { unseenExits } from "./checkers/entries-free.ts";
import { overReserved } from "./checkers/never-oversold.ts";
import type { Violation } from "./checkers/violation.ts";
import { streamOf } from "./dice.ts";
import { LISTS } from "./draw-mishaps.ts";
import { Facts } from "./facts.ts";
import type { Outcome } from "./outcome.ts";
import {
  type ActionPlan,
  type Follows,
  type Mishap,
  type Plan,
  PRICES,
  symbolsOf,
} from "./plan.ts";
import { Scheduler } from "./scheduler.ts";
import { SimulatedBot } from "./simulated-bot.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { aheadOf, SimulatedProcess, strikeFirst, type WallClock } from "./simulated-process.ts";
import { BROKER_URL, SimulatedSidecar } from "./simulated-sidecar.ts";
import { SqliteDisk } from "./sqlite-disk.ts";
import type { Tampering } from "./tampering.ts";

/** So long after the last mishap everything must have resolved, or have an incident. */
export const REST_MS = 5 * 60_000;
const LOOK_MS = 5_000;
/** Between two looks of a bot at what its last order has come to. */
const BOT_LOOK_MS = 50;
export const START: EpochMs = DEFAULT_START;

export async function runWorld(plan: Plan, tampering: Tampering = {}): Promise<Outcome> {
  if (plan.store === undefined) return new World(plan, tampering, new SimulatedDisk()).run();
  const disk = new SqliteDisk();
  const mend = tampering.sqlite?.();
  try {
    const outcome = await new World(plan, tampering, disk).run();
    await disk.compareAll();
    return outcome;
  } finally {
    mend?.();
    disk.close();
  }
}

class World {
  readonly #plan: Plan;
  readonly #facts = new Facts();
  readonly #disk: SimulatedDisk;
  readonly #wall = { offsetMs: 0 };
  readonly #scheduler: Scheduler;
  readonly #broker: BrokerSide;
  readonly #sidecars: readonly SimulatedSidecar[];
  readonly #bots: readonly SimulatedBot[];
  #processes = 0;
  #storeFailsUntil = 0;

  constructor(plan: Plan, tampering: Tampering, disk: SimulatedDisk) {
    this.#plan = plan;
    this.#disk = disk;
    this.#scheduler = new Scheduler(START, this.#stream("lots"));
    this.#broker = new BrokerSide({
      seed: plan.seed,
      startAt: START,
      prices: plan.prices ?? PRICES,
      positions: plan.opening.map((held) => ({ ...held, averagePrice: "50" })),
    });
    this.#scheduler.follow(this.#broker);
    this.#disk.onCommit = ({ events }) => {
      this.#facts.commits.push({ at: this.#scheduler.now(), events });
      this.#checkMoment();
    };
    if (disk instanceof SqliteDisk) {
      disk.onDifference = (what) => this.#facts.momentary.push({ invariant: "rows", what });
    }
    tampering.disk?.(this.#disk, (delayMs, action) => this.#scheduler.after(delayMs, action));
    const config = configOf(plan, tampering);
    const parts = {
      ...{ scheduler: this.#scheduler, broker: this.#broker, disk: this.#disk },
      ...{ facts: this.#facts, config, tampering, lookEveryMs: plan.lookEveryMs },
    };
    this.#sidecars = range(plan.sidecars).map(
      (index) =>
        new SimulatedSidecar({
          ...parts,
          number: index + 1,
          newProcess: () =>
            this.#process(`sidecar ${index}`, aheadOf(this.#wall, plan.clocksMs?.[index])),
        }),
    );
    this.#bots = plan.bots.map(
      (bot, number) =>
        new SimulatedBot({
          ...{ number, plan: bot, sidecars: this.#sidecars, disk: this.#disk },
          ...{ scheduler: this.#scheduler, facts: this.#facts },
          newProcess: () => this.#process(`bot ${number}`, { offsetMs: 0 }),
        }),
    );
  }

  async run(): Promise<Outcome> {
    for (const sidecar of this.#sidecars) sidecar.start();
    for (const mishap of this.#plan.mishaps) {
      this.#scheduler.after(mishap.atMs, () => this.#happen(mishap));
    }
    for (const action of this.#plan.actions) {
      const { follows, atMs } = action;
      if (follows === undefined) this.#beginAfter(atMs, action);
      else this.#scheduler.after(atMs, () => this.#beginBehind(follows, action));
    }
    const calmAt = START + this.#plan.calmAtMs;
    await this.#scheduler.run(calmAt);
    this.#calm();
    await this.#scheduler.run(calmAt + LOOK_MS);
    let lookAt = 0;
    await this.#scheduler.run(calmAt + REST_MS, () => {
      if (this.#scheduler.now() < lookAt) return false;
      lookAt = this.#scheduler.now() + LOOK_MS;
      return this.#unrest().length === 0 && this.#isWritten() && !this.#isUnread();
    });
    return {
      plan: this.#plan,
      facts: this.#facts,
      disk: this.#disk,
      broker: this.#broker,
      unrest: this.#unrest(),
      endedAt: this.#scheduler.now(),
    };
  }

  /** Each only the first time, or one fault would be told at every commit that follows. */
  #checkMoment(): void {
    const { rows } = this.#disk;
    const found: Violation[] = [
      ...overReserved(rows).map((what): Violation => ({ invariant: "I5", what })),
      ...unseenExits(rows).map((what): Violation => ({ invariant: "I9", what })),
    ];
    const { momentary } = this.#facts;
    momentary.push(...found.filter(({ what }) => !momentary.some((one) => one.what === what)));
  }

  #beginAfter(delayMs: number, action: ActionPlan): void {
    for (const part of action.tries) {
      this.#scheduler.after(delayMs + part.delayMs, () =>
        this.#bots[part.bot]?.begin(action, part),
      );
    }
  }

  /** Looks again and again, as a bot does, whether the action in front is over. */
  #beginBehind(follows: Follows, action: ActionPlan): void {
    if (this.#scheduler.now() > START + this.#plan.calmAtMs) return;
    const [first] = this.#plan.actions.filter(({ name }) => name === follows.action);
    const isAnswered = first?.tries.every(({ bot }) => this.#bots[bot]?.hasEnded(first.name));
    const isWorking = isAnswered !== false && this.#orderOf(follows.action) !== undefined;
    if (isAnswered === false || (isWorking && !follows.cancels)) {
      this.#scheduler.after(BOT_LOOK_MS, () => this.#beginBehind(follows, action));
      return;
    }
    const begin = () => this.#beginAfter(follows.pauseMs, action);
    if (isWorking) void this.#cancel(follows.action).then(begin);
    else begin();
  }

  #stream(label: string): RandomSource {
    return streamOf(this.#plan.seed, label);
  }

  #process(name: string, wall: WallClock): SimulatedProcess {
    this.#processes += 1;
    const random = this.#stream(`${name} ${this.#processes}`);
    return new SimulatedProcess(name, this.#scheduler, random, wall);
  }

  #happen(mishap: Mishap): void {
    const { atMs: _, ...what } = mishap;
    this.#facts.history.push({
      at: this.#scheduler.now(),
      who: "world",
      what: JSON.stringify(what),
    });
    const sidecar = "sidecar" in mishap ? this.#sidecars[mishap.sidecar] : undefined;
    const { simulation } = this.#broker;
    switch (mishap.kind) {
      case "fault":
        simulation.faults.add([mishap.rule]);
        return;
      case "crash":
        sidecar?.process?.strikeAt(mishap.turns, () => sidecar.crash(mishap.downMs));
        return;
      case "power":
        this.#armPowerFailure(mishap.turns, mishap.downMs);
        return;
      case "pause":
        sidecar?.process?.pause(mishap.forMs);
        return;
      case "freeze":
        this.#armFreeze(mishap);
        return;
      case "jump":
        this.#wall.offsetMs += mishap.byMs;
        return;
      case "store":
        this.#strikeStore(mishap);
        return;
      case "link":
        sidecar?.cutOff(mishap.forMs);
        return;
      case "bot_crash":
        this.#bots[mishap.bot]?.crash(mishap.downMs);
        return;
      case "price":
        this.#broker.advanceTo(this.#scheduler.now());
        simulation.broker.setPrice(mishap.symbol, mishap.price as never);
        return;
      case "cancel":
        void this.#cancel(mishap.action);
        return;
      case "replace":
        if (mishap.byHand) void this.#replaceByHand(mishap.action, mishap.limitPrice);
        else void this.#replace(mishap.action, mishap.limitPrice);
        return;
      case "hide":
        this.#hide(mishap.action, mishap.times);
        return;
      case "fill":
        this.#fill(mishap.action, mishap.quantity);
        return;
      case "cut_stream":
        simulation.stream.cut();
        return;
      case "fill_rest":
        this.#fillRest();
        return;
      case "by_hand":
        void this.#byHand(mishap);
        return;
    }
  }

  /** Whichever process takes the turn, the power fails for all. */
  #armPowerFailure(turns: number, downMs: number): void {
    const processes = this.#sidecars.map(({ process }) => process);
    strikeFirst(processes, turns, () => {
      for (const sidecar of this.#sidecars) sidecar.crash(downMs);
      const lost = this.#disk.losePower();
      for (const { hash } of lost) this.#facts.lostAt.set(hash, this.#scheduler.now());
      const what = `the power fails; events lost: ${lost.length}`;
      this.#facts.history.push({ at: this.#scheduler.now(), who: "world", what });
    });
  }

  #armFreeze({ forMs, overtakenMs }: Mishap & { kind: "freeze" }): void {
    const processes = this.#sidecars.flatMap(({ process }) => process ?? []);
    for (const process of processes) {
      process.onSent = (clientOrderId) => {
        process.pause(forMs);
        for (const other of processes) other.onSent = () => {};
        if (overtakenMs === undefined) return;
        for (const other of processes.filter((one) => one !== process)) {
          other.onSent = (again) => {
            if (again === clientOrderId) this.#scheduler.after(overtakenMs, () => process.resume());
          };
        }
      };
    }
  }

  #strikeStore({ fault, forMs }: Mishap & { kind: "store" }): void {
    this.#disk.fault = fault;
    this.#storeFailsUntil = Math.max(this.#storeFailsUntil, this.#scheduler.now() + forMs);
    this.#scheduler.after(forMs, () => {
      this.#disk.fault = null;
    });
  }

  /** A client's own cancel, which passes the latch. */
  async #cancel(action: string): Promise<void> {
    const order = this.#orderOf(action);
    const latch = this.#sidecars.find((sidecar) => sidecar.latch !== undefined)?.latch;
    if (order === undefined || latch === undefined) return;
    await this.#ask("DELETE", `/v2/orders/${order.id}`, "");
    const answer = { outcome: "answered", httpStatus: 204 };
    await latch.recordCancel(order.id as BrokerOrderId, answer).catch(() => undefined);
  }

  async #replace(action: string, limitPrice: string): Promise<void> {
    const order = this.#orderOf(action);
    const latch = this.#sidecars.find((sidecar) => sidecar.latch !== undefined)?.latch;
    if (order === undefined || latch === undefined) return;
    const request = {
      agent: "momentum" as AgentId,
      brokerOrderId: order.id as BrokerOrderId,
      terms: { limit_price: limitPrice },
      clientOrderId: null as ClientOrderId | null,
      quantity: null,
    };
    await latch.replace(request).catch((error: unknown) => this.#facts.failures.push(error));
  }

  async #replaceByHand(action: string, limitPrice: string): Promise<void> {
    const order = this.#orderOf(action);
    if (order === undefined) return;
    const text = JSON.stringify({ limit_price: limitPrice });
    await this.#ask("PATCH", `/v2/orders/${order.id}`, text);
  }

  /** As soon as there is an order to hide. */
  #hide(action: string, times: number): void {
    if (this.#scheduler.now() > START + this.#plan.calmAtMs) return;
    const claim = this.#claimOf(action);
    if (claim === undefined) {
      this.#scheduler.after(BOT_LOOK_MS, () => this.#hide(action, times));
      return;
    }
    const fault = { kind: "html", status: 502, accept: false } as const;
    const paths = [LISTS.path, `/v2/orders/${claim.brokerOrderId}`];
    this.#broker.simulation.faults.add(
      paths.map((path) => ({ match: { method: "GET", path }, fault, times })),
    );
  }

  /** A close fills no more than is held: what it opened then, no broker would have taken. */
  #fill(action: string, quantity: number): void {
    this.#broker.advanceTo(this.#scheduler.now());
    const order = this.#orderOf(action);
    if (order === undefined || order.quantity === null) return;
    const { broker } = this.#broker.simulation;
    const left = Number(order.quantity) - Number(order.filledQuantity);
    const held = Number(this.#broker.quantity(order.symbol));
    const room = order.side === "sell" ? Math.min(left, held) : left;
    const price = order.limitPrice ?? broker.floor.priceOf(order);
    const filled = Math.min(quantity, room);
    if (price === undefined || filled <= 0) return;
    broker.floor.fill(order.id, decimal(String(filled)), price);
    broker.settle();
  }

  /** What a person, or a bot past its latch, asks of the broker. */
  async #ask(method: string, path: string, text: string): Promise<void> {
    const url = new URL(`${BROKER_URL}${path}`);
    const headers = { "apca-api-key-id": KEY_ID, "apca-api-secret-key": SECRET };
    await this.#broker.serve({ method, url, headers, text });
    this.#broker.answerLeft();
  }

  /** The working order that the action has at the broker now, in another's place perhaps. */
  #orderOf(action: string) {
    const { book } = this.#broker.simulation.broker;
    let order = book.find(this.#claimOf(action)?.brokerOrderId ?? "");
    while (order?.replacedBy != null) order = book.find(order.replacedBy);
    return order !== undefined && isWorking(order) ? order : undefined;
  }

  /** The first claim of the action that has an order. */
  #claimOf(action: string): Claim | undefined {
    return this.#disk
      .claims()
      .find(({ intent, brokerOrderId }) => intent.decisionId === action && brokerOrderId !== null);
  }

  #fillRest(): void {
    this.#broker.advanceTo(this.#scheduler.now());
    const { broker } = this.#broker.simulation;
    broker.settle();
    for (const order of broker.book.working()) {
      if (order.type !== "market" || order.quantity === null || order.fillPlan.kind !== "part") {
        continue;
      }
      broker.book.change(order.id, { fillPlan: { kind: "full" } });
      broker.floor.tick();
    }
  }

  async #byHand({ symbol, side, quantity }: Mishap & { kind: "by_hand" }): Promise<void> {
    const clientOrderId = `hand-${this.#facts.byHand.size}`;
    this.#facts.byHand.add(clientOrderId);
    const order = { symbol, side, qty: quantity, type: "market", time_in_force: "day" };
    await this.#ask(
      "POST",
      "/v2/orders",
      JSON.stringify({ ...order, client_order_id: clientOrderId }),
    );
  }

  #calm(): void {
    this.#broker.simulation.faults.clear();
    this.#disk.fault = null;
    for (const sidecar of this.#sidecars) sidecar.calm();
    this.#fillRest();
    this.#facts.history.push({ at: this.#scheduler.now(), who: "world", what: "all is calm" });
  }

  /** On a file what was told ahead of a store that failed is tried again within five seconds. */
  #isWritten(): boolean {
    if (!(this.#disk instanceof SqliteDisk)) return true;
    return this.#scheduler.now() > this.#storeFailsUntil + LOOK_MS;
  }

  /** An incident says that an order which is over, or has filled more, cannot be read: it can by now. */
  #isUnread(): boolean {
    return this.#disk.claims().some((claim) => {
      const order = this.#broker.simulation.broker.book.find(claim.brokerOrderId ?? "");
      if (claim.status === "SETTLED" || order === undefined) return false;
      if (!isWorking(order)) return true;
      const booked = subtract(claim.bookedQuantity, claim.carriedQuantity);
      return !isCombo(claim.intent) && compare(order.filledQuantity, booked) > 0;
    });
  }

  /** What has not come to rest; a claim with an open incident has, and so has a working order. */
  #unrest(): readonly string[] {
    const { rows } = this.#disk;
    const account = this.#broker.simulation.broker.accountId;
    const open = [...rows.incidentsById.values()].filter(({ resolution }) => resolution === null);
    const claims = this.#disk.claims().filter(({ status, brokerOrderId, key }) => {
      if (status === "SETTLED") return false;
      const order = this.#broker.simulation.broker.book.find(brokerOrderId ?? "");
      if (order !== undefined && isWorking(order)) return false;
      return !open.some(({ subject }) => subject === `claim ${key.agent}/${key.requestId}`);
    });
    const bots = this.#bots.flatMap((bot, number) => (bot.isBusy ? [`bot ${number} waits`] : []));
    const books = symbolsOf(this.#plan).flatMap((symbol) => {
      // A position is not compared while an order in its symbol is in question.
      if (open.some((incident) => incident.symbol === symbol)) return [];
      const book = rows.book(account as never, symbol).net;
      const held = this.#broker.quantity(symbol);
      return compare(book, held as never) === 0
        ? []
        : [`the book ${symbol} has ${book}, the broker ${held}`];
    });
    const waiting = claims.map(
      ({ intent, status, unknownBecause }) =>
        `${intent.decisionId} is ${status}: ${unknownBecause}`,
    );
    return [...waiting, ...bots, ...books];
  }
}

function configOf({ allowShort }: Plan, { settings }: Tampering): Config {
  return resolveConfig(
    {
      ...{ store: "simulated", agent: "momentum", keyId: KEY_ID, secret: SECRET },
      ...{ baseUrl: BROKER_URL, allowShort, ...settings },
    },
    {},
  );
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
