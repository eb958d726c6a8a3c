/**
 * The session as it went without the latch: two instances of the old bot, each with the official
 * SDK and its own retries, against a broker that decides what becomes of every order; in some
 * sessions behind the guard of old.
 *
 * Each order carries the row that it came from in its client_order_id, so that the broker's own
 * list tells afterwards which orders repeat another.
 */
import type { EpochMs } from "../core/clock.ts";
import type { Simulator } from "../simulator/index.ts";
import type { PlainBroker } from "../strategy/plain-broker.ts";
import { NaiveBook } from "./believed-positions.ts";
import { entryBlocked, placeWithRetries, type Tried } from "./old-bot.ts";
import { type GuardAnswer, OldGuard } from "./old-guard.ts";
import { PlainAlpaca } from "./plain-alpaca.ts";
import type { FinalPositions } from "./report.ts";
import { epochOf, type OrderEvent, type Session } from "./session.ts";
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

export interface RowOrder extends ListedOrder {
  /** The row that the order came from; null where the broker's list does not say. */
  readonly rowId: string | null;
}

export interface UnguardedWorld {
  /** Every order that the broker accepted, oldest first. */
  readonly orders: readonly RowOrder[];
  /** By row: how the bot's tries went. */
  readonly tried: ReadonlyMap<string, Tried<string>>;
  /** By span (index in the session's rows): the looks at which an entry was blocked. */
  readonly blockedMinutes: ReadonlyMap<number, number>;
  readonly finalPositions: FinalPositions;
  /** By row: what the guard of old said. */
  readonly guardAnswers: ReadonlyMap<string, GuardAnswer>;
  /** What the bot holds by its own account; null where nothing came between it and the broker. */
  readonly believedPositions: FinalPositions | null;
}

const MINUTE_MS = 60_000;

/** What the bot made of the guard's SKIP: a call that did not fail. */
const SKIPPED: Tried<string> = { result: "SKIP", failures: [] };

/** Rejects when `stop` aborts. */
export function runUnguardedWorld(
  session: Session,
  stop: AbortSignal,
  onTime: (at: EpochMs) => void = () => undefined,
): Promise<UnguardedWorld> {
  return withSessionBroker(session, async (broker) => {
    const driver = new Driver(session, broker, new OldBot(session, broker.url, stop));
    for (const step of sessionSteps(session)) {
      stop.throwIfAborted();
      onTime(step.at);
      await driver.take(step);
    }
    return driver.world();
  });
}

class Driver {
  readonly #session: Session;
  readonly #broker: Simulator;
  readonly #bot: OldBot;
  readonly #guard = new OldGuard();
  readonly #book: NaiveBook;
  readonly #guardAnswers = new Map<string, GuardAnswer>();
  readonly #tried = new Map<string, Tried<string>>();
  readonly #blockedMinutes = new Map<number, number>();

  constructor(session: Session, broker: Simulator, bot: OldBot) {
    this.#session = session;
    this.#broker = broker;
    this.#bot = bot;
    this.#book = new NaiveBook(session);
  }

  async take(step: SessionStep): Promise<void> {
    this.#broker.setTime(step.at);
    switch (step.kind) {
      case "fault":
        scriptFaults(this.#broker, step.event);
        return;
      case "store_fails":
        this.#guard.fail();
        return;
      case "store_works":
        this.#guard.recover();
        return;
      case "order":
        setMarket(this.#broker, step.event);
        await this.#order(step.event);
        return;
      case "entry_check":
        if (await this.#bot.entryBlocked(step.event.symbol)) {
          countBlocked(this.#blockedMinutes, this.#session, step);
        }
    }
  }

  world(): UnguardedWorld {
    const session = this.#session;
    this.#broker.setTime(endOf(session));
    const orders = listedOrders(this.#broker);
    return {
      orders: orders.map((order) => ({ ...order, rowId: rowOf(session, order) })),
      tried: this.#tried,
      blockedMinutes: this.#blockedMinutes,
      finalPositions: finalPositions(this.#broker, session),
      guardAnswers: this.#guardAnswers,
      believedPositions: session.oldGuard ? this.#book.positions() : null,
    };
  }

  async #order(event: OrderEvent): Promise<void> {
    const answer = this.#session.oldGuard ? this.#guard.ask(event) : "not_asked";
    this.#guardAnswers.set(event.id, answer);
    const tried = answer === "skip" ? SKIPPED : await this.#bot.place(event);
    this.#tried.set(event.id, tried);
    if (tried.result !== null) this.#book.book(event);
  }
}

/** The id of the row that an order's client_order_id names, if it names one. */
function rowOf(session: Session, order: ListedOrder): string | null {
  const [index = ""] = order.clientOrderId.split("-");
  const event = session.events[Number(index)];
  return event?.kind === "order" ? event.id : null;
}

/** Adds the minutes for which a blocked look stands: until the next one, or the span's end. */
export function countBlocked(
  minutes: Map<number, number>,
  session: Session,
  step: SessionStep & { kind: "entry_check" },
): void {
  const { event, at } = step;
  const row = session.events.indexOf(event);
  const left = Math.ceil((epochOf(session, event.until) - at) / MINUTE_MS);
  minutes.set(row, (minutes.get(row) ?? 0) + Math.min(event.everyMinutes, left));
}

/** Both instances of the bot: they keep no state that the other would not have. */
class OldBot {
  readonly #session: Session;
  readonly #broker: PlainBroker;

  constructor(session: Session, baseUrl: string, stop: AbortSignal) {
    this.#session = session;
    this.#broker = new PlainAlpaca({ baseUrl, deadline: () => stop });
  }

  place(event: OrderEvent): Promise<Tried<string>> {
    return placeWithRetries((attempt) => this.#post(event, attempt));
  }

  entryBlocked(symbol: string): Promise<boolean> {
    return entryBlocked(this.#broker, [symbol]);
  }

  #post(event: OrderEvent, attempt: number): Promise<string> {
    const row = this.#session.events.indexOf(event);
    const clientOrderId = `${row}-${event.instance}-${attempt}`;
    const { symbol, side, quantity } = event;
    return this.#broker.postOrder({ symbol, side, quantity, clientOrderId });
  }
}
