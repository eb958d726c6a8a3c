/** The broker as a bot without a latch reaches it: through the official SDK, with its own words. */
import { ApiError, FetchError, trading } from "@alpacahq/alpaca-trade-api/rest";
import { type DecimalText, decimal } from "../core/decimal.ts";
import { isPair, plainSymbol } from "../identity/symbol.ts";
import type { PlainBroker, PlainOrder } from "../strategy/plain-broker.ts";

export interface PlainAlpacaOptions {
  readonly baseUrl: string;
  readonly fetchApi?: typeof fetch | undefined;
  /** Ends a request that nobody answers; asked for at each request. */
  readonly deadline: () => AbortSignal;
}

export class PlainAlpaca implements PlainBroker {
  readonly #orders: trading.OrdersApi;
  readonly #positions: trading.PositionsApi;
  readonly #deadline: () => AbortSignal;

  constructor({ baseUrl, fetchApi, deadline }: PlainAlpacaOptions) {
    const headers = { "APCA-API-KEY-ID": "simulated", "APCA-API-SECRET-KEY": "simulated" };
    const ownFetch = fetchApi === undefined ? {} : { fetchApi };
    const configuration = new trading.Configuration({ basePath: baseUrl, headers, ...ownFetch });
    this.#orders = new trading.OrdersApi(configuration);
    this.#positions = new trading.PositionsApi(configuration);
    this.#deadline = deadline;
  }

  postOrder({ symbol, side, quantity: qty, clientOrderId }: PlainOrder): Promise<string> {
    const timeInForce = isPair(symbol) ? "gtc" : "day";
    const terms = { symbol, side, qty, type: "market", timeInForce } as const;
    const named = clientOrderId === undefined ? {} : { clientOrderId };
    return told(async () => {
      const request = { postOrderRequest: { ...terms, ...named } };
      const order = await this.#orders.postOrder(request, { signal: this.#deadline() });
      return order.id ?? "";
    });
  }

  openPositions(): Promise<ReadonlyMap<string, DecimalText>> {
    return told(async () => {
      const positions = await this.#positions.getAllOpenPositions({ signal: this.#deadline() });
      // Of a pair they have no slash.
      return new Map(
        positions.map(({ symbol, qty }) => [plainSymbol(symbol ?? ""), decimal(String(qty))]),
      );
    });
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
