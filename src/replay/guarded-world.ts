/**
 * The same session through the latch: the same two instances, as two operating-system processes
 * that open one ledger file. The driver moves the time of the broker and of both processes, and
 * only when nothing is in flight in any of them.
 */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EpochMs } from "../core/clock.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Simulator } from "../simulator/index.ts";
import type { LedgerContent, PlacedOrder } from "./bot-messages.ts";
import { BotProcess } from "./bot-process.ts";
import type { Tried } from "./old-bot.ts";
import type { FinalPositions } from "./report.ts";
import { epochOf, type Instance, type OrderEvent, type Session } from "./session.ts";
import {
  endOf,
  finalPositions,
  type ListedOrder,
  listedOrders,
  scriptFaults,
  setMarket,
  withSessionBroker,
} from "./session-broker.ts";
import { type SessionStep, sessionSteps } from "./session-steps.ts";
import { countBlocked } from "./unguarded-world.ts";

export interface GuardedWorld {
  readonly orders: readonly ListedOrder[];
  /** By row: how the bot's tries went. */
  readonly tried: ReadonlyMap<string, Tried<PlacedOrder>>;
  readonly blockedMinutes: ReadonlyMap<number, number>;
  readonly finalPositions: FinalPositions;
  readonly ledger: LedgerContent;
}

type Bots = Readonly<Record<Instance, BotProcess>>;

/** Throws LatchError `replay_failed` when a process fails; rejects when `stop` aborts. */
export function runGuardedWorld(
  session: Session,
  stop: AbortSignal,
  onTime: (at: EpochMs) => void = () => undefined,
): Promise<GuardedWorld> {
  return inTemporaryDirectory((directory) =>
    withSessionBroker(session, async (broker) => {
      const bots: Bots = { a: new BotProcess(stop), b: new BotProcess(stop) };
      try {
        const store = join(directory, "latch.db");
        for (const bot of Object.values(bots)) {
          const times = { now: broker.now(), closesAt: epochOf(session, session.closesAt) };
          await bot.ask({ type: "open", store, baseUrl: broker.url, ...times }, "opened");
        }
        return await new Driver(session, broker, bots, store, onTime).run();
      } finally {
        await Promise.all(Object.values(bots).map((bot) => bot.end()));
      }
    }),
  );
}

async function inTemporaryDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "tradelatch-replay-"));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class Driver {
  readonly #session: Session;
  readonly #broker: Simulator;
  readonly #bots: Bots;
  /** The ledger's file. */
  readonly #store: string;
  readonly #onTime: (at: EpochMs) => void;
  readonly #tried = new Map<string, Tried<PlacedOrder>>();
  readonly #blockedMinutes = new Map<number, number>();

  constructor(
    session: Session,
    broker: Simulator,
    bots: Bots,
    store: string,
    onTime: (at: EpochMs) => void,
  ) {
    this.#onTime = onTime;
    this.#store = store;
    this.#session = session;
    this.#broker = broker;
    this.#bots = bots;
  }

  async run(): Promise<GuardedWorld> {
    for (const step of sessionSteps(this.#session)) {
      await this.#advanceTo(step.at);
      await this.#take(step);
    }
    await this.#advanceTo(endOf(this.#session));
    const { content } = await this.#bots.a.ask({ type: "ledger" }, "ledger");
    for (const bot of Object.values(this.#bots)) await bot.ask({ type: "close" }, "closed");
    return {
      orders: listedOrders(this.#broker),
      tried: this.#tried,
      blockedMinutes: this.#blockedMinutes,
      finalPositions: finalPositions(this.#broker, this.#session),
      ledger: content,
    };
  }

  async #take(step: SessionStep): Promise<void> {
    switch (step.kind) {
      case "fault":
        scriptFaults(this.#broker, step.event);
        return;
      case "order":
        setMarket(this.#broker, step.event);
        await this.#order(step.event);
        return;
      // Both processes have the file open: they notice that its path leads elsewhere.
      case "store_fails":
        renameSync(this.#store, awayFrom(this.#store));
        return;
      case "store_works":
        renameSync(awayFrom(this.#store), this.#store);
        return;
      case "entry_check": {
        const { instance, symbol } = step.event;
        const check = { type: "entry_check", symbol } as const;
        const { blocked } = await this.#bots[instance].ask(check, "entry");
        if (blocked) countBlocked(this.#blockedMinutes, this.#session, step);
      }
    }
  }

  async #order(event: OrderEvent): Promise<void> {
    const order = { type: "order", intent: intentOf(event) } as const;
    const result = await this.#bots[event.instance].ask(order, "tried", "waiting");
    if (result.type === "tried") this.#tried.set(event.id, result.tried);
  }

  /** Stops at every moment before `target` at which a process wants to run. */
  async #advanceTo(target: EpochMs): Promise<void> {
    for (;;) {
      const bots = Object.values(this.#bots);
      const wakes = bots.map(({ wakeAt }) => wakeAt).filter((at) => at !== null);
      const next = Math.min(target, ...wakes);
      this.#broker.setTime(next);
      this.#onTime(next);
      for (const bot of bots) {
        const { finished } = await bot.ask({ type: "advance", now: next }, "advanced");
        for (const { rowId, tried } of finished) this.#tried.set(rowId, tried);
      }
      if (next === target) return;
    }
  }
}

/** Where the ledger's file is while the claim store refuses. */
function awayFrom(store: string): string {
  return `${store}.away`;
}

/** What the old bot knows of its order, and nothing more: no anchor, no id of its own. */
function intentOf(event: OrderEvent): IntentInput {
  return {
    symbol: event.symbol,
    side: event.side,
    effect: event.effect,
    quantity: event.quantity,
    decisionId: event.id,
    reason: event.reason,
  };
}
