/**
 * One round: an order comes as far as a step says, its program is killed, the next one starts on
 * what is left, and the client repeats its bytes until it has an order. Whatever the step, it is
 * one order then, and books, claims, events and broker agree.
 */
import { expect } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { isLatched } from "../../src/claim/claim.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { type CrashWorld, IDENTITIES, type PlacedOrder } from "./crash-world.ts";
import type { Answer, KillableProgram } from "./killable-program.ts";
import type { ClaimLeft, Place, Reach, Step } from "./order-path-steps.ts";

/** Far from the market's price: it works until it is filled by the test. */
const RESTING = { buy: "70", sell: "80" } as const;
/** A refused exit is sent again once, when a verdict has lifted its latch. */
const MOST_ACTIONS = 2;
/** The reads of the position on which a verdict rests. */
const DECIDING_READ = 3;
const READS_OF_ABSENCE = 3;
const REPLAYED = "idempotent-replayed";
const POSITION_PATH = "/v2/positions/TQQQ";

export class CrashRound {
  readonly #world: CrashWorld;
  readonly #step: Step;
  readonly #random: RandomSource;
  readonly #order: PlacedOrder;

  constructor(world: CrashWorld, step: Step, random: RandomSource) {
    this.#world = world;
    this.#step = step;
    this.#random = random;
    const identity = IDENTITIES[this.#whole(0, IDENTITIES.length - 1)] ?? "no id";
    const order = world.order(identity);
    const { side } = order.body as { side: keyof typeof RESTING };
    const rests = step.reach === "fill" || step.reach === "fill booked";
    const resting = { type: "limit", limit_price: RESTING[side] };
    this.#order = rests ? { ...order, body: { ...order.body, ...resting } } : order;
  }

  async play(): Promise<void> {
    this.#world.silenceStream();
    const program = await this.#world.programAtRest();
    await this.#reached[this.#step.reach](program);
    await program.kill();
    this.#expectDiedInPlace(program);
    await this.#expectLeft();
    this.#world.broker.clearFaults();
    const lookUps = this.#world.lookUps();
    this.#expectOneOrder(await this.#startAgain());
    if (this.#mustProveAbsence) {
      expect(this.#world.lookUps() - lookUps).toBeGreaterThanOrEqual(READS_OF_ABSENCE);
    }
    await this.#world.expectAgreement(await this.#world.program());
  }

  /** Nothing is sent again as long as the first POST may have been taken. */
  get #mustProveAbsence(): boolean {
    const { left, reach } = this.#step;
    return left.claim === "OPEN" && left.orders === 0 && reach !== "post under way";
  }

  #expectOneOrder(answer: Answer): void {
    const [placed, ...others] = this.#world.ordersOf(this.#order);
    expect(others).toEqual([]);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body.id).toBe(placed?.id);
    const replayed = this.#step.left.orders === 1 ? "true" : answer.headers.get(REPLAYED);
    expect(answer.headers.get(REPLAYED)).toBe(replayed);
    const refused = this.#isOfRefusedExit ? 1 : 0;
    expect(this.#world.posts(this.#order)).toHaveLength(1 + refused);
  }

  get #isOfRefusedExit(): boolean {
    return /^(refusal|verdict)/.test(this.#step.reach);
  }

  readonly #reached: Readonly<Record<Reach, (program: KillableProgram) => Promise<void>>> = {
    request: async (program) => {
      await this.#strike(program);
      expect(await program.send(this.#order)).toBe("cut");
    },
    "post under way": async (program) => {
      this.#world.fault({ kind: "arrive_late", delayMs: 1 });
      await this.#lost(program, () => this.#world.posts(this.#order).length === 1);
    },
    "order taken": async (program) => {
      this.#world.fault({ kind: "accept_then_hang" });
      await this.#lost(program, () => this.#world.ordersOf(this.#order).length === 1);
    },
    "answer held": async (program) => {
      this.#world.fault({ kind: "slow", delayMs: 1 });
      const lost = program.send(this.#order);
      await this.#world.until(() => this.#world.ordersOf(this.#order).length === 1);
      await this.#release(program, lost);
    },
    "client answered": async (program) => {
      expect(await this.#world.insist(program, this.#order)).toMatchObject({ status: 200 });
    },
    fill: async (program) => {
      const { body } = await this.#world.insist(program, this.#order);
      // What the answer came to is written in the turn behind it, which is over by the next answer.
      await program.page("/healthz");
      await this.#strike(program);
      this.#world.broker.fill({ orderId: body.id, quantity: this.#order.quantity });
      await program.ended;
    },
    "fill booked": async (program) => {
      const { body } = await this.#world.insist(program, this.#order);
      this.#world.broker.fill({ orderId: body.id, quantity: this.#order.quantity });
      await this.#world.untilSettled(program);
    },
    "refusal held": async (program) => {
      this.#world.fault({ kind: "slow", delayMs: 1 });
      const lost = program.send(this.#order);
      await this.#world.whileNothingIsHeld(() => this.#world.posts(this.#order).length === 1);
      await this.#release(program, lost);
    },
    "refusal told": async (program) => {
      await this.#refused(program);
    },
    "verdict held": async (program) => {
      const match = { method: "GET", path: POSITION_PATH, nth: DECIDING_READ } as const;
      this.#world.broker.addFaults([{ match, fault: { kind: "slow", delayMs: 1 } }]);
      await this.#refused(program);
      await this.#world.untilHeld(POSITION_PATH);
      await this.#strike(program);
      this.#world.keepTime();
      await program.ended;
    },
  };

  /** Sends the order; the program is killed from outside as soon as it has come so far. */
  async #lost(program: KillableProgram, isSo: () => boolean): Promise<void> {
    const lost = program.send(this.#order);
    await this.#world.until(isSo);
    await program.kill();
    expect(await lost).toBe("cut");
  }

  /** The broker's answer comes, and the program dies at what it does with it. */
  async #release(program: KillableProgram, lost: Promise<Answer | "cut">): Promise<void> {
    await this.#strike(program);
    this.#world.keepTime();
    const answer = await lost;
    if (this.#step.isAnswered) expect(answer).toMatchObject({ status: 200 });
    else expect(answer).toBe("cut");
    await program.ended;
  }

  async #refused(program: KillableProgram): Promise<void> {
    const asked = program.send(this.#order);
    await this.#world.whileNothingIsHeld(() => this.#world.posts(this.#order).length === 1);
    expect(await asked).toMatchObject({ status: 422, body: { code: 42210000 } });
  }

  async #strike(program: KillableProgram): Promise<void> {
    const { calls, nth } = this.#placed();
    await program.killAt({ calls, nth: this.#whole(...nth) });
  }

  #placed(): Place {
    const { place, name } = this.#step;
    if (place === undefined) throw new Error(`no call is named for the step "${name}"`);
    return place;
  }

  #expectDiedInPlace(program: KillableProgram): void {
    if (this.#step.place !== undefined) expect(program.trace.at(-1)).toMatch(this.#placed().seen);
  }

  async #expectLeft(): Promise<void> {
    const { claim: expected, orders } = this.#step.left;
    const claim = stateOf(await this.#world.claimLeftOf(this.#order));
    expect(expected.split(" or ")).toContain(claim);
    expect(this.#world.ordersOf(this.#order)).toHaveLength(orders);
  }

  /** The next start, and the client's repeats. */
  async #startAgain(): Promise<Answer> {
    if (this.#step.reach === "post under way") return this.#repeatedWhileItArrives();
    const program = await this.#world.program();
    let order = this.#order;
    for (let action = 1; ; action += 1) {
      const answer = await this.#world.insist(program, order);
      if (answer.status === 200 || action === MOST_ACTIONS) return answer;
      expect(this.#isOfRefusedExit, JSON.stringify(answer.body)).toBe(true);
      await this.#world.untilSettled(program);
      expect(this.#world.ordersOf(order)).toEqual([]);
      order = this.#world.renamed(order);
    }
  }

  async #repeatedWhileItArrives(): Promise<Answer> {
    const lookUps = this.#world.lookUps();
    const next = await this.#world.start({ keepsTime: false });
    const answer = next.send(this.#order);
    await this.#world.until(() => this.#world.lookUps() > lookUps);
    this.#world.keepTime();
    const given = await answer;
    if (given === "cut") throw new Error("the program that recovers was cut off as well");
    return given;
  }

  /** A whole number from `first` to `last`. */
  #whole(first: number, last: number): number {
    return first + Math.floor(this.#random.fraction() * (last - first + 1));
  }
}

function stateOf(claim: Claim | undefined): ClaimLeft | Claim["status"] {
  if (claim === undefined) return "none";
  if (isLatched(claim)) return "questioned";
  const isWorking = claim.status === "IN_RECONCILIATION" && claim.brokerOrderId !== null;
  return isWorking ? "accepted" : claim.status;
}
