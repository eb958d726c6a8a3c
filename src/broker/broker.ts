/**
 * The broker's port. Every method resolves with what is known and never rejects for anything the
 * broker or the network did: an answer that proves nothing is a value (`ambiguous`, `unknown`).
 *
 * `submit` makes at most one POST per call. Reads may be repeated and may wait for the rate budget.
 */
import type { BrokerOrder, OrderLookup, SubmitOutcome } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { AccountId, BrokerOrderId, ClientOrderId } from "../core/ids.ts";
import type { OrderTerms, Side } from "../identity/intent.ts";

/** What the order is meant to do to the position; the broker refuses it if it would not. */
export type PositionIntent = "buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close";

export interface OrderRequest extends Omit<OrderTerms, "effect" | "portion"> {
  readonly clientOrderId: ClientOrderId;
  /** Null leaves it to the broker to infer. */
  readonly positionIntent: PositionIntent | null;
}

/** What is to differ in the order that takes another's place. */
export interface ReplaceRequest {
  readonly clientOrderId: ClientOrderId;
  readonly side: Side;
  /** In the broker's own words, amounts as text. */
  readonly terms: Readonly<Record<string, unknown>>;
}

export interface BrokerAccount {
  readonly accountId: AccountId;
  /** What the broker's own pages call it; null where it did not say. */
  readonly accountNumber: string | null;
  readonly status: string;
  /** Why it takes no orders whatever its status is, in the broker's words; empty where it does. */
  readonly blocks: readonly string[];
}

export interface BrokerPosition {
  readonly symbol: string;
  /** Signed: short positions are negative. */
  readonly quantity: DecimalText;
  readonly availableQuantity: DecimalText;
  readonly averageEntryPrice: DecimalText;
}

/** A read that either succeeded as a whole or says nothing. */
export type Reading<Value> =
  | { readonly kind: "read"; readonly value: Value }
  | { readonly kind: "unknown"; readonly reason: string };

export type AccountReading =
  | { readonly kind: "read"; readonly value: BrokerAccount }
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** The broker answered 429: the requests that the key has for this minute are used up. */
      readonly isRateLimited?: true;
    }
  /** The broker does not take these keys. */
  | { readonly kind: "refused"; readonly reason: string };

export type PositionsReading =
  | { readonly kind: "read"; readonly value: readonly BrokerPosition[] }
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** Those that can be read, of a list in which others cannot; absent without a list. */
      readonly readable?: readonly BrokerPosition[];
    };

export type PositionLookup =
  | { readonly kind: "found"; readonly position: BrokerPosition }
  | { readonly kind: "flat" }
  | { readonly kind: "unknown"; readonly reason: string };

export type AssetLookup =
  | { readonly kind: "found"; readonly symbol: string }
  | { readonly kind: "not_found" }
  | { readonly kind: "unknown"; readonly reason: string };

/** An order as the broker writes it. */
export type WireOrder = Readonly<Record<string, unknown>>;

export interface ListedOrders {
  readonly value: readonly BrokerOrder[];
  /** The same orders as the broker wrote them; those of one that two pages show come twice. */
  readonly wires: () => readonly WireOrder[];
}

export type OrdersReading =
  | ({ readonly kind: "read" } & ListedOrders)
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /**
       * Those that can be read, of a list in which others cannot, or that was not read to its end.
       * Of an order that is not among them it says nothing.
       */
      readonly readable?: ListedOrders;
    };

/** One execution, as the account's activities list it: the second witness of a fill. */
export interface FillActivity {
  readonly activityId: string;
  readonly brokerOrderId: BrokerOrderId;
  readonly symbol: string;
  readonly side: Side;
  /** Of this execution alone. */
  readonly quantity: DecimalText;
  readonly price: DecimalText;
  readonly at: EpochMs;
}

export interface ActivitiesQuery {
  /** Only fills of these orders; all of them are read, for the broker knows no such filter. */
  readonly orderIds?: readonly BrokerOrderId[];
  /** Time of the fill, exclusive. */
  readonly after: EpochMs;
}

/**
 * By so much, in milliseconds, a list of orders that is to have a claim's begins before the claim,
 * and ends behind its sending where it has an end: the broker's clock is not ours.
 */
export const LIST_MARGIN_MS = 60_000;

export interface OrdersQuery {
  readonly status: "open" | "closed" | "all";
  /** Submission time, exclusive. */
  readonly after?: EpochMs;
  /** Submission time, exclusive. */
  readonly until?: EpochMs;
  readonly symbols?: readonly string[];
  /** Legs as orders of their own, whatever became of the one that they belong to; not inside it. */
  readonly areLegsApart?: boolean;
}

/**
 * What a read is for, from the most urgent to the least: where the rate budget is short the more
 * urgent goes first. Orders go before all of them and wait for none.
 */
export type ReadPurpose =
  /** What became of an order, or of a refused exit: somebody waits for it. */
  | "read_back"
  /** The fills of orders at work. */
  | "fill_poll"
  /** Comparisons, health, calendars, pages. */
  | "other";

/** A day on which the market trades; times are New York's, as `HH:MM`. */
export interface MarketDay {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly open: string;
  readonly close: string;
}

/** Our own share of the broker's rate limit, as it stands now. */
export interface RateBudgetState {
  /** Requests in one window. */
  readonly capacity: number;
  /** Requests that still fit into the window that ends now; never below zero. */
  readonly remaining: number;
}

export interface Broker {
  account(): Promise<AccountReading>;
  submit(request: OrderRequest): Promise<SubmitOutcome>;
  /** At most one PATCH; the outcome's order is the one in the place of `brokerOrderId`. */
  replace(brokerOrderId: BrokerOrderId, request: ReplaceRequest): Promise<SubmitOutcome>;
  orderByClientId(clientOrderId: ClientOrderId): Promise<OrderLookup>;
  /** For fills, unless `purpose` says otherwise. */
  orderById(brokerOrderId: BrokerOrderId, purpose?: ReadPurpose): Promise<OrderLookup>;
  /**
   * Every order that the query selects, over as many pages as it takes; oldest first. For fills,
   * unless `purpose` says otherwise.
   */
  orders(query: OrdersQuery, purpose?: ReadPurpose): Promise<OrdersReading>;
  /** An order that came as the broker's JSON by another way; undefined where it is no order. */
  readWireOrder(wire: WireOrder): BrokerOrder | undefined;
  /** Every fill that the query selects, over as many pages as it takes; oldest first. */
  fillActivities(query: ActivitiesQuery): Promise<Reading<readonly FillActivity[]>>;
  /** One order in the broker's own JSON, for a client that speaks it. */
  orderWire(brokerOrderId: BrokerOrderId): Promise<Reading<string>>;
  /** The first page of what the query selects, latest first, each order as the broker's JSON. */
  orderWires(query: OrdersQuery): Promise<Reading<readonly WireOrder[]>>;
  /** Asks for the end of every working order; "read" once the broker has taken that. */
  cancelOrders(): Promise<Reading<null>>;
  /** What the broker's own clock shows; null before any of its answers said so. */
  brokerTime(): EpochMs | null;
  /**
   * Whether this machine has slept, or its clock was set, since the broker's last answer: what is
   * said of the broker's clock may be wrong by as much, until the next one.
   */
  isTimeGuess(): boolean;
  rateBudget(): RateBudgetState;
  /** A request of a client's own went to the broker under the same key. */
  countPassed(): void;
  /** The least urgent of reads, unless `purpose` says otherwise. */
  positions(purpose?: ReadPurpose): Promise<PositionsReading>;
  position(symbol: string, purpose?: ReadPurpose): Promise<PositionLookup>;
  /** What trades under the broker's own id of an asset, a UUID. */
  asset(assetId: string): Promise<AssetLookup>;
  /** The trading days from `from` to `until`, both included and as `YYYY-MM-DD`. */
  calendar(from: string, until: string): Promise<Reading<readonly MarketDay[]>>;
  /** Aborts calls under way (they answer `ambiguous` or `unknown`) and releases sockets. */
  close(): Promise<void>;
}
