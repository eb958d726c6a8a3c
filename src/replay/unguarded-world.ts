/**
 * The session as it went without the latch: two instances of the old bot, each with the official
 * SDK and its own retries, against a broker that decides what becomes of every order.
 *
 * Each order carries the row that it came from in its client_order_id, so that the broker's own
 * list tells afterwards which orders repeat another.
 */
import { ApiError, trading } from "@alpacahq/alpaca-trade-api/rest";
import { placeWithRetries, type Tried } from "./old-bot.ts";
import type { FinalPositions } from "./report.ts";
import { epochOf, type OrderEvent, type Session } from "./session.ts";
import {
  finalPositions,
  type ListedOrder,
  listedOrders,
  openSessionBroker,
  scriptFaults,
  setMarket,
} from "./session-broker.ts";
import { type SessionStep, sessionSteps } from "./session-steps.ts";

export interface UnguardedWorld {
  /** Every order that the broker accepted, with the row that it came from. */
  readonly orders: readonly (ListedOrder & { readonly rowId: string })[];
  /** By row: how the bot's tries went. */
  readonly tried: ReadonlyMap<string, Tried<string>>;
  /** By span (index in the session's rows): the looks at which an entry was blocked. */
  readonly blockedMinutes: ReadonlyMap<number, number>;
  readonly finalPositions: FinalPositions;
}

/** Between the row and the try in a client_order_id; no row's id holds it. */
const SEPARATOR = "~";

export async function runUnguardedWorld(session: Session): Promise<UnguardedWorld> {
  const broker = await openSessionBroker(session);
  const bot = new OldBot(broker.url);
  const tried = new Map<string, Tried<string>>();
  const blockedMinutes = new Map<number, number>();
  try {
    for (const step of sessionSteps(session)) {
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
    broker.setTime(epochOf(session, session.closesAt));
    const orders = listedOrders(broker).map((order) => ({
      ...order,
      rowId: order.clientOrderId.split(SEPARATOR)[0] ?? "",
    }));
    return { orders, tried, blockedMinutes, finalPositions: finalPositions(broker, session) };
  } finally {
    await broker.close();
  }
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
  readonly #orders: trading.OrdersApi;
  readonly #positions: trading.PositionsApi;

  constructor(basePath: string) {
    const headers = { "APCA-API-KEY-ID": "replay", "APCA-API-SECRET-KEY": "replay" };
    const configuration = new trading.Configuration({ basePath, headers });
    this.#orders = new trading.OrdersApi(configuration);
    this.#positions = new trading.PositionsApi(configuration);
  }

  place(event: OrderEvent): Promise<Tried<string>> {
    return placeWithRetries((attempt) => told(() => this.#post(event, attempt)));
  }

  /** "broker still shows open positions": the bot believes itself flat whenever it asks. */
  async entryBlocked(symbol: string): Promise<boolean> {
    const positions = await told(() => this.#positions.getAllOpenPositions());
    return positions.some((position) => position.symbol === symbol);
  }

  async #post(event: OrderEvent, attempt: number): Promise<string> {
    const order = await this.#orders.postOrder({
      postOrderRequest: {
        symbol: event.symbol,
        side: event.side,
        qty: event.quantity,
        type: "market",
        timeInForce: "day",
        clientOrderId: [event.id, event.instance, attempt].join(SEPARATOR),
      },
    });
    return order.id ?? "";
  }
}

/** The broker's own words in place of the SDK's. */
async function told<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError) throw new Error(`${error.status} ${error.message}`);
    throw error;
  }
}
