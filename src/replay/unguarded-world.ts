/**
 * The session as it went without the latch: two instances of the old bot, each with the official
 * SDK and its own retries, against a broker that decides what becomes of every order.
 *
 * Each order carries the row that it came from in its client_order_id, so that the broker's own
 * list tells afterwards which orders repeat another.
 */
import { ApiError, FetchError, trading } from "@alpacahq/alpaca-trade-api/rest";
import { placeWithRetries, type Tried } from "./old-bot.ts";
import type { FinalPositions } from "./report.ts";
import type { OrderEvent, Session } from "./session.ts";
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
}

/** Rejects when `stop` aborts. */
export function runUnguardedWorld(session: Session, stop: AbortSignal): Promise<UnguardedWorld> {
  return withSessionBroker(session, async (broker) => {
    const bot = new OldBot(session, broker.url, stop);
    const tried = new Map<string, Tried<string>>();
    const blockedMinutes = new Map<number, number>();
    for (const step of sessionSteps(session)) {
      stop.throwIfAborted();
      broker.setTime(step.at);
      if (step.kind === "fault") scriptFaults(broker, step.event);
      if (step.kind === "order") {
        setMarket(broker, step.event);
        tried.set(step.event.id, await bot.place(step.event));
      }
      if (step.kind === "entry_check" && (await bot.entryBlocked(step.event.symbol))) {
        countBlocked(blockedMinutes, session, step);
      }
    }
    broker.setTime(endOf(session));
    return {
      orders: listedOrders(broker).map((order) => ({ ...order, rowId: rowOf(session, order) })),
      tried,
      blockedMinutes,
      finalPositions: finalPositions(broker, session),
    };
  });
}

/** The id of the row that an order's client_order_id names, if it names one. */
function rowOf(session: Session, order: ListedOrder): string | null {
  const [index = ""] = order.clientOrderId.split("-");
  const event = session.events[Number(index)];
  return event?.kind === "order" ? event.id : null;
}

/** Adds the minutes for which a blocked look stands. */
export function countBlocked(
  minutes: Map<number, number>,
  session: Session,
  step: SessionStep & { kind: "entry_check" },
): void {
  const row = session.events.indexOf(step.event);
  minutes.set(row, (minutes.get(row) ?? 0) + step.event.everyMinutes);
}

/** Both instances of the bot: they keep no state that the other would not have. */
class OldBot {
  readonly #session: Session;
  readonly #stop: AbortSignal;
  readonly #orders: trading.OrdersApi;
  readonly #positions: trading.PositionsApi;

  constructor(session: Session, basePath: string, stop: AbortSignal) {
    this.#session = session;
    this.#stop = stop;
    const headers = { "APCA-API-KEY-ID": "replay", "APCA-API-SECRET-KEY": "replay" };
    const configuration = new trading.Configuration({ basePath, headers });
    this.#orders = new trading.OrdersApi(configuration);
    this.#positions = new trading.PositionsApi(configuration);
  }

  place(event: OrderEvent): Promise<Tried<string>> {
    return placeWithRetries((attempt) => told(() => this.#post(event, attempt)));
  }

  /**
   * "broker still shows open positions": the bot believes itself flat whenever it asks. One that
   * cannot see what the broker shows makes no entry either.
   */
  async entryBlocked(symbol: string): Promise<boolean> {
    const { result } = await placeWithRetries(() =>
      this.#positions.getAllOpenPositions({ signal: this.#stop }),
    );
    return result === null || result.some((position) => position.symbol === symbol);
  }

  async #post(event: OrderEvent, attempt: number): Promise<string> {
    const row = this.#session.events.indexOf(event);
    const clientOrderId = `${row}-${event.instance}-${attempt}`;
    const { symbol, side, quantity: qty } = event;
    const terms = { symbol, side, qty, type: "market", timeInForce: "day" } as const;
    const order = await this.#orders.postOrder(
      { postOrderRequest: { ...terms, clientOrderId } },
      { signal: this.#stop },
    );
    return order.id ?? "";
  }
}

/** The broker's own words in place of the SDK's. */
async function told<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError) throw new Error(`${error.status} ${error.message}`);
    throw new Error(error instanceof FetchError ? "no answer" : "an answer that cannot be read");
  }
}
