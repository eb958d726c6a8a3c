/**
 * A bot: sends each intent, and again with the same identity until it knows how it went, for as
 * often as it is patient. After a crash it begins anew with what it can name; it has no other memory.
 */
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Facts } from "./facts.ts";
import type { ActionPlan, BotPlan, LegPlan, Try } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedSidecar } from "./simulated-sidecar.ts";
import { SqliteDisk } from "./sqlite-disk.ts";

export interface BotParts {
  readonly number: number;
  readonly plan: BotPlan;
  readonly scheduler: Scheduler;
  readonly facts: Facts;
  readonly disk: SimulatedDisk;
  readonly sidecars: readonly SimulatedSidecar[];
  readonly newProcess: () => SimulatedProcess;
}

interface Intention {
  readonly action: ActionPlan;
  readonly part: Try;
}

const WAY_MS = 5;

export class SimulatedBot {
  readonly #parts: BotParts;
  #process: SimulatedProcess;
  readonly #open = new Set<Intention>();
  /** The actions that it has no more to ask about. */
  readonly #ended = new Set<string>();
  /** Connections of this life. */
  #calls: AbortController[] = [];

  constructor(parts: BotParts) {
    this.#parts = parts;
    this.#process = parts.newProcess();
  }

  /** Whether it still waits for an answer. */
  get isBusy(): boolean {
    return this.#open.size > 0;
  }

  /** Whether it has begun the action and is done with it, told of an outcome or not. */
  hasEnded(action: string): boolean {
    return this.#ended.has(action);
  }

  begin(action: ActionPlan, part: Try): void {
    const intention = { action, part };
    this.#open.add(intention);
    void this.#pursue(intention, this.#process);
  }

  crash(downMs: number): void {
    this.#process.kill();
    for (const call of this.#calls.splice(0)) call.abort();
    const lost = [...this.#open];
    for (const intention of lost) {
      if (intention.action.identity === "none") this.#end(intention);
    }
    this.#parts.scheduler.after(downMs, () => {
      this.#process = this.#parts.newProcess();
      for (const intention of this.#open) void this.#pursue(intention, this.#process);
    });
  }

  async #pursue(intention: Intention, process: SimulatedProcess): Promise<void> {
    const { plan } = this.#parts;
    for (let count = 0; count < plan.triesMax; count += 1) {
      const answer = await this.#call(intention, process);
      if (answer !== undefined && isEnd(answer)) break;
      await process.clock.sleep(plan.pauseMs);
    }
    this.#end(intention);
  }

  #end(intention: Intention): void {
    this.#open.delete(intention);
    this.#ended.add(intention.action.name);
  }

  /** Undefined where no answer came, or one that says nothing. */
  #call({ action, part }: Intention, process: SimulatedProcess): Promise<OrderAnswer | undefined> {
    const { plan, sidecars, facts, scheduler, number, disk } = this.#parts;
    const gone = new AbortController();
    const askedAt = scheduler.now();
    this.#calls.push(gone);
    const sidecar = sidecars[Math.floor(process.random.fraction() * sidecars.length)];
    return new Promise((resolve) => {
      const end = (answer: OrderAnswer | undefined) => process.turn(WAY_MS, () => resolve(answer));
      if (plan.patienceMs !== null) {
        process.turn(plan.patienceMs, () => {
          gone.abort();
          resolve(undefined);
        });
      }
      const server = sidecar?.process;
      if (sidecar === undefined || server === undefined) {
        end(undefined);
        return;
      }
      // The connection breaks with the process at its other end.
      const watch = () => {
        if (!server.isAlive) end(undefined);
        else process.turn(1_000, watch);
      };
      process.turn(1_000, watch);
      server.turn(WAY_MS, () => {
        const tookOrders = sidecar.latch !== undefined;
        const left = atTurns(gone.signal, disk instanceof SqliteDisk ? server : undefined);
        sidecar.submit(plan.group, intentOf(action, part), left).then(
          (answer) => {
            const at = scheduler.now();
            const { syncedSequence } = disk;
            const told = { at, askedAt, isHeard: !gone.signal.aborted, tookOrders, bot: number };
            facts.told.push({ ...told, group: plan.group, action, answer, syncedSequence });
            const what = disk.repeatable(toldText(action, answer));
            facts.history.push({ at, who: `bot ${number}`, what });
            end(answer);
          },
          (error: unknown) => {
            facts.failures.push(error);
            end(undefined);
          },
        );
      });
    });
  }
}

/**
 * A server on a file does nothing between its turns, so it learns in one that its caller has gone;
 * one in memory waits for a turn behind whatever it does next.
 */
function atTurns(gone: AbortSignal, server: SimulatedProcess | undefined): AbortSignal {
  if (server === undefined) return gone;
  const learned = new AbortController();
  const learn = () => server.turn(0, () => learned.abort(gone.reason));
  if (gone.aborted) learn();
  else gone.addEventListener("abort", learn, { once: true });
  return learned.signal;
}

/** Whether the bot has no more to ask. */
function isEnd(answer: OrderAnswer): boolean {
  if (answer.status === "PENDING") return answer.phase === "working";
  if (answer.status !== "BLOCKED") return true;
  return answer.code !== "not_sent" && answer.code !== "exit_duplicate_after_422";
}

function toldText({ name }: ActionPlan, answer: OrderAnswer): string {
  const detail =
    answer.status === "BLOCKED"
      ? `${answer.code}: ${answer.message}`
      : answer.status === "PENDING"
        ? `${answer.phase}: ${answer.because}`
        : answer.status === "SKIP"
          ? answer.receipt.outcome
          : answer.order.brokerOrderId;
  return `${name} is told ${answer.status} ${detail}`;
}

export function intentOf(action: ActionPlan, part: Try): IntentInput {
  if (action.legs !== undefined) return comboOf(action, action.legs);
  const { name, symbol, side, effect, portion, limitPrice, isBracket } = action;
  const terms =
    portion === null ? { side, quantity: part.quantity ?? action.quantity ?? "1" } : { portion };
  return {
    symbol,
    ...terms,
    ...(action.identity === "none" ? {} : { effect }),
    ...(limitPrice === null ? {} : { type: "limit", limitPrice }),
    ...(isBracket ? { extension: BRACKET } : {}),
    ...identityOf(action),
    decisionId: name,
  };
}

/** As the sidecar reads one: an open, whatever its legs do, whose net price goes with them. */
function comboOf(action: ActionPlan, legs: readonly LegPlan[]): IntentInput {
  const { name, symbol, quantity, limitPrice } = action;
  const extension = {
    order_class: "mleg",
    legs: legs.map(wireLeg),
    ...(limitPrice !== null && { limit_price: limitPrice }),
  };
  return {
    ...{ symbol, side: "buy", effect: "open", quantity: quantity ?? "1" },
    ...{ type: limitPrice === null ? "market" : "limit", extension },
    ...identityOf({ ...action, effect: "open" }),
    decisionId: name,
  };
}

function wireLeg({ symbol, side, ratio, effect, says }: LegPlan) {
  return {
    ...{ symbol, ratio_qty: ratio },
    ...(says !== "position_intent" && { side }),
    ...(says !== "side" && { position_intent: `${side}_to_${effect}` }),
  };
}

/** Far enough from any price that a world has: the legs wait. */
const BRACKET = {
  order_class: "bracket",
  take_profit: { limit_price: "200" },
  stop_loss: { stop_price: "1" },
};

function identityOf({ identity, effect, name }: ActionPlan) {
  switch (identity) {
    case "requestId":
      return { requestId: `request-${name}` };
    case "clientOrderId":
      return { clientOrderId: `bot-${name}` };
    case "anchor":
      return {
        anchor: effect === "open" ? { bar: name, stage: "base" } : { episode: 1, leg: name },
      };
    case "none":
      return {};
  }
}
