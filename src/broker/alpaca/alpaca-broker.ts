/**
 * Alpaca behind the broker's port: the SDK's generated trading calls, our evidence.
 *
 * 1. `submit` makes one POST, which is never repeated here.
 * 2. A read is made once; whoever polls repeats it. It waits for the rate budget, orders do not.
 * 3. What an answer proves is decided in classify.ts, what a failure proves in
 *    connection-failure.ts; here only the two are brought together.
 */
import { trading } from "@alpacahq/alpaca-trade-api/rest";

import type { BrokerOrder, OrderLookup, SubmitOutcome } from "../../claim/evidence.ts";
import { atItsPace, type Clock, type EpochMs } from "../../core/clock.ts";
import type { BrokerOrderId, ClientOrderId } from "../../core/ids.ts";
import type { Side } from "../../identity/intent.ts";
import { isPair } from "../../identity/symbol.ts";
import type {
  AccountReading,
  ActivitiesQuery,
  AssetLookup,
  Broker,
  FillActivity,
  ListedOrders,
  MarketDay,
  OrderRequest,
  OrdersQuery,
  OrdersReading,
  PositionLookup,
  PositionsReading,
  RateBudgetState,
  Reading,
  ReadPurpose,
  ReplaceRequest,
  WireOrder,
} from "../broker.ts";
import { readEveryActivity } from "./activity-pages.ts";
import {
  type AlpacaBrokerOptions,
  DEFAULT_READ_DEADLINE_MS,
  DEFAULT_SUBMIT_DEADLINE_MS,
  normalizeBaseUrl,
  requireCredential,
  requireDeadline,
} from "./alpaca-options.ts";
import { BrokerTime } from "./broker-time.ts";
import {
  classifyAccount,
  classifyAssetLookup,
  classifyCancels,
  classifyOrderLookup,
  classifyPositionLookup,
  classifyPositions,
  classifyRead,
  classifySubmit,
  type SubmitContext,
} from "./classify.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { orderBody, withExtension, withWholeBody } from "./order-body.ts";
import { type OrderLine, openOrderLine } from "./order-line.ts";
import { PAGE_SIZE, readEveryPage } from "./order-pages.ts";
import type { RateBudget } from "./rate-budget.ts";
import { tellable, tellableReading, tellableSubmit } from "./redaction.ts";
import { retryAfterMs } from "./retry-after.ts";
import { type Exchange, type SdkCall, Transport } from "./transport.ts";
import { wholeBodies } from "./whole-body.ts";
import { readFillsBody } from "./wire-activity.ts";
import { readCalendarBody } from "./wire-calendar.ts";
import { readOrderBody, readOrdersBody, readParsedOrder, readWireOrders } from "./wire-order.ts";
import { readAccountBody } from "./wire-position.ts";

/**
 * A broker that talks to Alpaca. Throws `invalid_option` for an address or a credential that
 * cannot be used safely; afterwards no method rejects for anything that the broker did.
 */
export function createAlpacaBroker(options: AlpacaBrokerOptions): Broker {
  return new AlpacaBroker(options);
}

class AlpacaBroker implements Broker {
  readonly #clock: Clock;
  readonly #budget: RateBudget;
  readonly #secret: string;
  readonly #submitDeadlineMs: number;
  readonly #readDeadlineMs: number;
  readonly #transport: Transport;
  /** Undefined where the caller's own fetch takes everything. */
  readonly #line: OrderLine | undefined;
  readonly #time: BrokerTime;
  readonly #orders: trading.OrdersApi;
  readonly #positions: trading.PositionsApi;
  readonly #assets: trading.AssetsApi;
  readonly #accounts: trading.AccountsApi;
  readonly #activities: trading.AccountActivitiesApi;
  readonly #calendars: trading.CalendarApi;

  constructor(options: AlpacaBrokerOptions) {
    this.#clock = options.clock;
    this.#time = new BrokerTime(options.clock);
    this.#budget = options.budget;
    this.#secret = requireCredential("secret", options.secret);
    this.#submitDeadlineMs = requireDeadline(
      "submitDeadlineMs",
      options.submitDeadlineMs ?? DEFAULT_SUBMIT_DEADLINE_MS,
    );
    this.#readDeadlineMs = requireDeadline(
      "readDeadlineMs",
      options.readDeadlineMs ?? DEFAULT_READ_DEADLINE_MS,
    );
    const keyId = requireCredential("keyId", options.keyId);
    const baseUrl = normalizeBaseUrl(options.baseUrl);
    const reads = wholeBodies(options.fetchApi ?? ((url, init) => fetch(url, init)));
    this.#line = options.fetchApi === undefined ? openOrderLine(baseUrl, reads) : undefined;
    const fetchApi = this.#line?.fetchApi ?? reads;
    const { clock } = options;
    this.#transport = new Transport({ keyId, secret: this.#secret, baseUrl, clock, fetchApi });
    this.#orders = new trading.OrdersApi(this.#transport.configuration);
    this.#positions = new trading.PositionsApi(this.#transport.configuration);
    this.#assets = new trading.AssetsApi(this.#transport.configuration);
    this.#accounts = new trading.AccountsApi(this.#transport.configuration);
    this.#activities = new trading.AccountActivitiesApi(this.#transport.configuration);
    this.#calendars = new trading.CalendarApi(this.#transport.configuration);
  }

  account(): Promise<AccountReading> {
    return this.#read(
      "other",
      (init) => this.#accounts.getAccountRaw(init),
      (answer) => classifyAccount(answer, readAccountBody),
    );
  }

  brokerTime(): EpochMs | null {
    return this.#time.now();
  }

  isTimeGuess(): boolean {
    return this.#time.isGuess();
  }

  countPassed(): void {
    this.#budget.countOrder();
  }

  rateBudget(): RateBudgetState {
    return this.#budget.state();
  }

  async submit(request: OrderRequest): Promise<SubmitOutcome> {
    this.#budget.countOrder();
    const exchange = await this.#perform(this.#submitDeadlineMs, (init) =>
      this.#orders.postOrderRaw(
        { postOrderRequest: orderBody(request) },
        withExtension(init, request),
      ),
    );
    const { side, clientOrderId } = request;
    return this.#outcomeOf(exchange, side, clientOrderId, "submit");
  }

  #outcomeOf(
    exchange: Exchange,
    side: Side,
    clientOrderId: ClientOrderId,
    endpoint: SubmitContext["endpoint"],
  ): SubmitOutcome {
    if (exchange.kind === "failed") {
      const kind = exchange.neverLeft ? "not_sent" : "ambiguous";
      return tellableSubmit({ kind, reason: exchange.reason }, this.#secret);
    }
    const context = { side, clientOrderId, endpoint, now: this.#clock.now() };
    const outcome = classifySubmit(exchange.answer, context);
    if (outcome.kind === "rate_limited") this.#budget.holdReads(outcome.retryAfterMs);
    return tellableSubmit(outcome, this.#secret);
  }

  async replace(orderId: BrokerOrderId, request: ReplaceRequest): Promise<SubmitOutcome> {
    this.#budget.countOrder();
    const { clientOrderId, side } = request;
    const exchange = await this.#perform(this.#submitDeadlineMs, (init) =>
      this.#orders.patchOrderByOrderIdRaw(
        { orderId, patchOrderRequest: {} },
        withWholeBody(init, { ...request.terms, client_order_id: clientOrderId }),
      ),
    );
    return this.#outcomeOf(exchange, side, clientOrderId, "replace");
  }

  orderByClientId(clientOrderId: ClientOrderId): Promise<OrderLookup> {
    return this.#read(
      "read_back",
      (init) => this.#orders.getOrderByClientOrderIdRaw({ clientOrderId }, init),
      (answer) => classifyOrderLookup(answer, (order) => order.clientOrderId === clientOrderId),
    );
  }

  orderById(
    brokerOrderId: BrokerOrderId,
    purpose: ReadPurpose = "fill_poll",
  ): Promise<OrderLookup> {
    return this.#read(
      purpose,
      (init) => this.#orders.getOrderByOrderIDRaw({ orderId: brokerOrderId, nested: true }, init),
      (answer) => classifyOrderLookup(answer, (order) => order.brokerOrderId === brokerOrderId),
    );
  }

  orderWire(brokerOrderId: BrokerOrderId): Promise<Reading<string>> {
    const readBody = (body: string) =>
      readOrderBody(body)?.brokerOrderId === brokerOrderId ? body : undefined;
    return this.#read(
      "read_back",
      (init) => this.#orders.getOrderByOrderIDRaw({ orderId: brokerOrderId, nested: true }, init),
      (answer) => classifyRead(answer, readBody),
    );
  }

  orderWires(query: OrdersQuery): Promise<Reading<readonly WireOrder[]>> {
    const after = query.after === undefined ? {} : { after: this.#time.theirs(query.after) };
    const filter = { ...this.#filterOf(query), ...after, direction: "desc" } as const;
    return this.#read(
      "fill_poll",
      (init) => this.#orders.getAllOrdersRaw(filter, init),
      (answer) => classifyRead(answer, readWireOrders),
    );
  }

  async orders(query: OrdersQuery, purpose: ReadPurpose = "fill_poll"): Promise<OrdersReading> {
    const filter = { ...this.#filterOf(query), direction: "asc" } as const;
    const begin =
      query.after === undefined ? undefined : Date.parse(this.#time.theirs(query.after));
    const reading = await readEveryPage(begin, (after) => {
      const from = after === undefined ? {} : { after: new Date(after).toISOString() };
      return this.#read(
        purpose,
        (init) => this.#orders.getAllOrdersRaw({ ...filter, ...from }, init),
        (answer) => classifyRead(answer, readOrdersBody),
      );
    });
    const { symbols } = query;
    if (symbols === undefined || !hasPair(symbols)) return reading;
    const inThem = <List extends ListedOrders>(list: List) => ({
      ...list,
      value: list.value.filter(({ symbol }) => symbols.includes(symbol)),
    });
    if (reading.kind === "read") return inThem(reading);
    const { readable } = reading;
    return readable === undefined ? reading : { ...reading, readable: inThem(readable) };
  }

  readWireOrder(wire: WireOrder): BrokerOrder | undefined {
    return readParsedOrder(wire);
  }

  fillActivities(query: ActivitiesQuery): Promise<Reading<readonly FillActivity[]>> {
    const theirs = { ...query, after: Date.parse(this.#time.theirs(query.after)) };
    return readEveryActivity(theirs, (page) =>
      this.#read(
        "other",
        (init) => this.#activities.getAccountActivitiesByActivityTypeRaw(page, init),
        (answer) => classifyRead(answer, readFillsBody),
      ),
    );
  }

  /** Every answer tells the broker's time. */
  async #perform(deadlineMs: number, call: SdkCall): Promise<Exchange> {
    const tookMs = atItsPace(this.#clock, 0);
    const exchange = await this.#transport.perform(deadlineMs, call);
    if (exchange.kind === "answered") this.#time.hear(exchange.answer.headers, tookMs());
    return exchange;
  }

  async cancelOrders(): Promise<Reading<null>> {
    this.#budget.countOrder();
    const exchange = await this.#perform(this.#readDeadlineMs, (init) =>
      this.#orders.deleteAllOrdersRaw(init),
    );
    if (exchange.kind === "failed") {
      return { kind: "unknown", reason: tellable(exchange.reason, this.#secret) };
    }
    return classifyCancels(exchange.answer);
  }

  positions(purpose: ReadPurpose = "other"): Promise<PositionsReading> {
    return this.#read(
      purpose,
      (init) => this.#positions.getAllOpenPositionsRaw(init),
      classifyPositions,
    );
  }

  position(symbol: string, purpose: ReadPurpose = "other"): Promise<PositionLookup> {
    // Positions have no slash: under the name that orders have, a pair is not found.
    const symbolOrAssetId = symbol.replace("/", "");
    return this.#read(
      purpose,
      (init) => this.#positions.getOpenPositionRaw({ symbolOrAssetId }, init),
      (answer) => classifyPositionLookup(answer, symbol),
    );
  }

  asset(assetId: string): Promise<AssetLookup> {
    return this.#read(
      "read_back",
      (init) => this.#assets.getV2AssetsSymbolOrAssetIdRaw({ symbolOrAssetId: assetId }, init),
      (answer) => classifyAssetLookup(answer, assetId),
    );
  }

  calendar(from: string, until: string): Promise<Reading<readonly MarketDay[]>> {
    const range = { start: new Date(from), end: new Date(until) };
    return this.#read(
      "other",
      (init) => this.#calendars.legacyCalendarRaw(range, init),
      (answer) => classifyRead(answer, readCalendarBody),
    );
  }

  async close(): Promise<void> {
    this.#transport.close();
    this.#line?.close();
  }

  async #read<Outcome extends { readonly kind: string }>(
    purpose: ReadPurpose,
    call: SdkCall,
    classify: (answer: HttpAnswer) => Outcome,
  ): Promise<Outcome | { readonly kind: "unknown"; readonly reason: string }> {
    const admission = await this.#budget.admitRead(purpose, this.#transport.closing);
    if (admission.kind === "refused") return { kind: "unknown", reason: admission.reason };
    const exchange = await this.#perform(this.#readDeadlineMs, call);
    if (exchange.kind === "failed") {
      return { kind: "unknown", reason: tellable(exchange.reason, this.#secret) };
    }
    const { answer } = exchange;
    if (answer.httpStatus === 429) {
      this.#budget.holdReads(retryAfterMs(answer.headers, this.#clock.now()));
    }
    return tellableReading(classify(answer), this.#secret);
  }

  #filterOf({ status, until, symbols, areLegsApart = false }: OrdersQuery) {
    return {
      status,
      limit: PAGE_SIZE,
      nested: !areLegsApart,
      ...(until === undefined ? {} : { until: this.#time.theirs(until) }),
      ...(symbols === undefined || hasPair(symbols) ? {} : { symbols: symbols.join(",") }),
    };
  }
}

/** How the broker's filter wants a pair to be written is told in two ways: all are read instead. */
function hasPair(symbols: readonly string[]): boolean {
  return symbols.some(isPair);
}
