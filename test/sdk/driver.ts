/**
 * What the scenario asks of a client, in words that are no client's own. A driver per client turns
 * them into that client's calls and reads the client's own objects: nothing here looks at the wire.
 */

/** What an order asks for; amounts are decimal text, turned into what the client's users write. */
export interface Terms {
  readonly clientOrderId: string;
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly type: "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
  readonly orderClass?: "bracket" | "oco" | "oto" | "mleg";
  readonly qty?: string;
  readonly notional?: string;
  readonly limitPrice?: string;
  readonly stopPrice?: string;
  readonly trailPrice?: string;
  readonly trailPercent?: string;
  readonly takeProfit?: string;
  readonly stopLoss?: string;
  readonly legs?: readonly TermsLeg[];
}

export interface TermsLeg {
  readonly symbol: string;
  readonly ratio: string;
  readonly side: "buy" | "sell";
  readonly positionIntent: "buy_to_open" | "sell_to_open" | "buy_to_close" | "sell_to_close";
}

/** An order as the client shows it; amounts as text, null for what is not there. */
export interface SeenOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: string;
  readonly type: string;
  readonly orderClass: string;
  readonly status: string;
  readonly qty: string | null;
  readonly notional: string | null;
  readonly filledQty: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly trailPrice: string | null;
  readonly trailPercent: string | null;
  readonly replaces: string | null;
  readonly legs: readonly SeenOrder[];
}

export interface SeenPosition {
  readonly symbol: string;
  readonly qty: string | null;
  readonly side: string;
  readonly assetClass: string;
}

export interface SeenUpdate {
  readonly event: string;
  readonly qty: string | null;
  /** Whether the sidecar says that the broker's stream did not tell this. */
  readonly caughtUp: boolean;
  readonly order: SeenOrder;
}

/** A call that failed, as far as the client tells; null: it does not tell. */
export interface SeenFailure {
  readonly status: number | null;
  readonly code: number;
  readonly message: string;
}

export interface OrderFilter {
  readonly status: "open" | "closed" | "all";
  readonly direction?: "asc" | "desc";
  readonly limit?: number;
  readonly nested?: boolean;
  readonly symbols?: readonly string[];
}

export interface CloseAnswer {
  readonly symbol: string;
  readonly status: number;
  readonly order: SeenOrder;
}

export interface UpdateStream {
  /** The next update that was not read yet; one that has arrived is never missed. */
  next(): Promise<SeenUpdate>;
  /** Loses the connection as a network does; resolves once the client listens again. */
  loseConnection(): Promise<void>;
  close(): void;
}

export interface Driver {
  account(): Promise<{ readonly status: string; readonly cash: string | null }>;
  clock(): Promise<{ readonly isOpen: boolean; readonly nextClose: Date }>;
  /** Dates as `2026-05-21`, times as `09:30`, both in New York. */
  calendar(range?: {
    readonly start: Date;
    readonly end: Date;
  }): Promise<readonly { readonly date: string; readonly open: string; readonly close: string }[]>;
  place(terms: Terms): Promise<SeenOrder>;
  order(id: string): Promise<SeenOrder>;
  orderByClientId(clientOrderId: string): Promise<SeenOrder>;
  orders(filter: OrderFilter): Promise<readonly SeenOrder[]>;
  replace(id: string, changes: { readonly limitPrice: string }): Promise<SeenOrder>;
  cancel(id: string): Promise<void>;
  cancelAll(): Promise<readonly { readonly id: string; readonly status: number }[]>;
  positions(): Promise<readonly SeenPosition[]>;
  position(symbol: string): Promise<SeenPosition>;
  close(
    symbol: string,
    part?: { readonly qty: string } | { readonly percentage: string },
  ): Promise<SeenOrder>;
  closeAll(): Promise<readonly CloseAnswer[]>;
  /** Connects and resolves once trade updates are listened to. */
  listen(): Promise<UpdateStream>;
  /** What the client makes of a failed call of its own. */
  failureOf(error: unknown): SeenFailure;
}

export type Operation = keyof Driver;

export interface Client {
  readonly name: string;
  /**
   * Operations that the client has no method of its own for, or not for all of it: there the driver
   * uses the client's general request method.
   */
  readonly byRequest: readonly Operation[];
  open(to: { readonly url: string; readonly keyId: string; readonly secret: string }): Driver;
}

/** A client's number or text as text; null for what is not there. */
export function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}
