/**
 * Random lives of brackets, ocos and otos: parts filled, legs and entries replaced and canceled,
 * answers and lists that fail, restarts, and a stream that loses, repeats and reorders. After every
 * step what is reserved is held; when all has come to rest the books are the broker's positions.
 * FAMILY_SEEDS=from-to runs other seeds.
 */
import { describe, expect, test } from "vitest";
import { reservedQuantity } from "../../src/book/book.ts";
import { absolute, compare, decimal, ZERO } from "../../src/core/decimal.ts";
import type { AgentId, BrokerOrderId } from "../../src/core/ids.ts";
import { type RandomSource, seededRandom } from "../../src/core/random.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Fault, WireOrder } from "../../src/simulator/index.ts";
import { openWorld, type Process, type World } from "../gateway/world.ts";
import { atBroker, expectAgreement } from "./legs-world.ts";

const SEEDS = range(process.env.FAMILY_SEEDS ?? "1-6");
const STEPS = 30;
const FAULTS: readonly (readonly ["GET" | "POST", Fault])[] = [
  ["GET", { kind: "drop" }],
  ["GET", { kind: "list_lag", lagMs: 5_000 }],
  ["GET", { kind: "html", status: 502, accept: false }],
  ["POST", { kind: "accept_then_drop" }],
  ["POST", { kind: "accept_then_error", status: 504 }],
  ["POST", { kind: "partial_fill", quantity: "1" }],
  ["POST", { kind: "client_id_lag", lagMs: 4_000 }],
];
const ENDED = ["filled", "canceled", "expired", "replaced", "rejected"];

class RandomFamilies {
  readonly #world: World;
  readonly #random: RandomSource;
  readonly #told: WireOrder[] = [];
  #bot: Process;
  #actions = 0;

  constructor(world: World, random: RandomSource, bot: Process) {
    this.#world = world;
    this.#random = random;
    this.#bot = bot;
  }

  async run(): Promise<void> {
    this.#world.simulator.addFaults(
      FAULTS.map(([method, fault]) => ({
        ...{ match: { method, path: "/v2/orders*" }, fault, chance: 0.06, times: 1_000 },
      })),
    );
    for (let step = 0; step < STEPS; step += 1) {
      await this.#step();
      this.#checkReserved();
    }
    await this.#comeToRest();
    await this.#check();
  }

  async #step(): Promise<void> {
    const dice = this.#random.fraction();
    if (dice < 0.2) await this.#world.submit(this.#bot, this.#intent());
    else if (dice < 0.35) await this.#replace();
    else if (dice < 0.42) await this.#cancel();
    else if (dice < 0.6) this.#world.simulator.setPrice("TQQQ", String(64 + this.#below(22)));
    else if (dice < 0.75) await this.#tellSomething();
    else if (dice < 0.8) await this.#restart();
    else await this.#world.advance(500 + this.#below(6_000));
  }

  #intent(): IntentInput {
    this.#actions += 1;
    const held = this.#world.simulator.positions()[0]?.qty ?? "0";
    const price = 64 + this.#below(22);
    const exits = {
      take_profit: { limit_price: String(price + 6) },
      stop_loss: { stop_price: String(price - 6) },
    };
    const common = { symbol: "TQQQ", requestId: `r${this.#actions}` } as const;
    const quantity = String(1 + this.#below(4));
    const kind = this.#below(4);
    if (kind === 0 && compare(decimal(held), decimal(quantity)) >= 0) {
      const extension = { order_class: "oco", ...exits };
      const limit = { type: "limit", limitPrice: exits.take_profit.limit_price } as const;
      return { ...common, ...limit, side: "sell", effect: "close", quantity, extension };
    }
    const entry = { ...common, side: "buy", effect: "open", quantity } as const;
    if (kind === 1) {
      return { ...entry, extension: { order_class: "oto", stop_loss: exits.stop_loss } };
    }
    const limit = { type: "limit", limitPrice: String(price) } as const;
    const extension = { order_class: "bracket", ...exits };
    return kind === 2 ? { ...entry, ...limit, extension } : { ...entry, extension };
  }

  #working(): WireOrder | undefined {
    const orders = this.#world.orders().filter(({ status }) => !ENDED.includes(status));
    return orders[this.#below(orders.length)];
  }

  /** Through the latch, or past it. */
  async #replace(): Promise<void> {
    const order = this.#working();
    if (order === undefined) return;
    const price = String(60 + this.#below(30));
    const terms =
      order.limit_price !== null
        ? { limit_price: price }
        : order.stop_price !== null
          ? { stop_price: price }
          : { qty: "5" };
    if (this.#random.fraction() < 0.5) {
      await atBroker(this.#world, "PATCH", order.id, terms);
      return;
    }
    const { latch } = this.#bot;
    const brokerOrderId = order.id as BrokerOrderId;
    const named = { agent: "momentum" as AgentId, brokerOrderId, clientOrderId: null };
    await this.#world.drive(latch.replace({ ...named, terms, quantity: null }));
  }

  async #cancel(): Promise<void> {
    const order = this.#working();
    if (order !== undefined) await atBroker(this.#world, "DELETE", order.id);
  }

  /** What any order is now, or what some order once was. */
  async #tellSomething(): Promise<void> {
    const orders = this.#world.orders();
    const now = orders[this.#below(orders.length)];
    if (now !== undefined) this.#told.push(structuredClone(now));
    const wire = this.#told[this.#below(this.#told.length)];
    if (wire !== undefined) await this.#world.drive(this.#bot.latch.applyUpdate({ ...wire }));
  }

  async #restart(): Promise<void> {
    const old = this.#bot;
    if (this.#random.fraction() < 0.5) await this.#world.drive(old.latch.close());
    else old.isDead = true;
    old.runs = false;
    this.#bot = await this.#world.drive(this.#world.open());
    await this.#world.drive(this.#bot.latch.recover());
  }

  async #comeToRest(): Promise<void> {
    this.#world.simulator.clearFaults();
    for (const price of ["75", "40", "110", "75"]) {
      this.#world.simulator.setPrice("TQQQ", price);
      await this.#world.advance(40_000);
    }
    for (const { id, status } of this.#world.orders()) {
      if (!ENDED.includes(status)) await atBroker(this.#world, "DELETE", id);
    }
    await this.#world.advance(60_000);
    const open = this.#world.claims().filter(({ refusal }) => refusal === null);
    expect(open.filter(({ status }) => status !== "SETTLED")).toEqual([]);
  }

  #checkReserved(): void {
    if (this.#world.claims().length === 0) return;
    const book = this.#world.book();
    expect(compare(reservedQuantity(book), absolute(book.net))).toBeLessThanOrEqual(0);
  }

  async #check(): Promise<void> {
    await expectAgreement(this.#world, this.#bot);
    const claims = this.#world.claims();
    if (claims.every(({ refusal }) => refusal === null)) {
      expect(this.#world.book().reservations).toEqual([]);
    }
    const filled = this.#world.orders().filter((one) => compare(decimal(one.filled_qty), ZERO) > 0);
    const booked = claims.filter(({ bookedQuantity }) => bookedQuantity !== "0");
    // A chain of replacements is one order, and so one claim.
    expect(booked.length).toBeLessThanOrEqual(filled.length);
    const owned = new Set(claims.map(({ brokerOrderId }) => brokerOrderId));
    const latest = filled.filter(({ replaced_by }) => replaced_by === null);
    expect(latest.filter(({ id }) => !owned.has(id as BrokerOrderId))).toEqual([]);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }
}

function range(text: string): number[] {
  const [from = 1, to = from] = text.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("a world of random orders with legs", () => {
  test.each(SEEDS)("comes to rest in agreement with the broker: seed %i", async (seed) => {
    const positions = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
    const world = await openWorld({ seed, partialFillChance: 0.1, positions });
    await new RandomFamilies(world, seededRandom(seed), await world.open()).run();
  });
});
