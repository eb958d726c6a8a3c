/**
 * The broker behind the HTTP surface: takes orders, cancels and replaces them, keeps the account.
 *
 * 1. An answer to POST, PATCH or DELETE never shows what the market made of it: the order's next
 *    step is put off until {@link settle}, which runs once the answer was sent and, at the latest,
 *    before the next request is looked at.
 * 2. Time moves through every open and close on the way.
 *
 * It knows nothing of HTTP, wire formats or faults.
 */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, decimal } from "../core/decimal.ts";
import { type RandomSource, seededRandom } from "../core/random.ts";
import { AccountBooks } from "./account-books.ts";
import { AccountConfiguration } from "./account-configuration.ts";
import { ActivityLog } from "./activity-log.ts";
import { admissionRefusal, inferIntent, type Standing } from "./admission.ts";
import { AssetRegistry } from "./asset-registry.ts";
import { comboLegTerms, isComboLeg, netPrice } from "./combo.ts";
import { comboRefusal } from "./combo-admission.ts";
import { familyRefusal } from "./family-admission.ts";
import { buyingPower } from "./holdings.ts";
import { MarketCalendar } from "./market-calendar.ts";
import { type LastTrade, MarketTape, type MarketTrade, USUAL_SIZE } from "./market-tape.ts";
import { wallTime } from "./new-york-time.ts";
import { isWorking, type Order, type OrderTerms, type PositionIntent } from "./order.ts";
import { OrderBook } from "./order-book.ts";
import { expiryOf, groupIdOf, legTerms, newOrder } from "./order-record.ts";
import type { OrderRequest, RequestedLeg } from "./order-request.ts";
import { DEFAULT_PAIR_FEE } from "./pair-fee.ts";
import { chooseFillPlan } from "./partial-fills.ts";
import { type Refusal, unprocessable } from "./refusal.ts";
import { type ScriptedBar, ScriptedBars } from "./scripted-bars.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import {
  type DataPlan,
  DEFAULT_CASH,
  DEFAULT_SEED,
  type OpeningPosition,
  type SimulatorOptions,
  type WorldOptions,
} from "./simulator-options.ts";
import { TimestampSource } from "./timestamp.ts";
import type { TradeEvent } from "./trade-event.ts";
import { TradingFloor } from "./trading-floor.ts";
import { Watchlists } from "./watchlists.ts";

export type Placed =
  | { readonly kind: "placed"; readonly order: Order }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What a fault does to an order that is accepted. */
export type OrderEffects = Partial<
  Pick<Order, "hiddenFromListsUntil" | "hiddenFromClientIdUntil" | "rejectLater" | "fillPlan">
>;

/** Who hears what happens in the market. */
export interface BrokerEars {
  readonly report: (event: TradeEvent) => void;
  readonly traded: (symbol: string, trade: LastTrade) => void;
  /** The clock has moved, and what was due on the way has happened. */
  readonly moved: () => void;
}

export class SimulatedBroker {
  readonly clock: SimulatedClock;
  readonly calendar: MarketCalendar;
  readonly assets = new AssetRegistry();
  readonly book = new OrderBook();
  readonly activities = new ActivityLog();
  readonly books: AccountBooks;
  readonly random: RandomSource;
  readonly accountId: string;
  readonly openedAt: EpochMs;
  readonly shortingAllowed: boolean;
  readonly configuration: AccountConfiguration;
  readonly watchlists: Watchlists;
  readonly floor: TradingFloor;
  readonly tape = new MarketTape();
  readonly dataPlan: DataPlan;
  readonly #script: ScriptedBars;
  readonly #ears: BrokerEars;
  readonly #stamps: TimestampSource;
  readonly #options: WorldOptions;
  #putOff: (() => void)[] = [];

  constructor(
    options: WorldOptions & Pick<SimulatorOptions, "dataPlan">,
    clock: SimulatedClock,
    ears: BrokerEars,
  ) {
    this.#options = options;
    this.#ears = ears;
    this.dataPlan = options.dataPlan ?? "basic";
    this.#script = new ScriptedBars({
      clock,
      past: ({ symbol, ...trade }) => void this.tape.record(symbol, trade),
      due: ({ symbol, ...trade }) => this.#trade(symbol, trade),
    });
    this.clock = clock;
    this.openedAt = clock.now();
    this.calendar = new MarketCalendar(options.calendar);
    this.random = seededRandom(options.seed ?? DEFAULT_SEED);
    this.accountId = options.accountId ?? this.random.uuid();
    this.shortingAllowed = options.allowShorting ?? true;
    this.books = new AccountBooks(decimal(options.cash ?? DEFAULT_CASH));
    this.#stamps = new TimestampSource(() => clock.now());
    this.configuration = new AccountConfiguration(this.shortingAllowed);
    this.watchlists = new Watchlists(this.random, this.#stamps);
    const { calendar, random, book, books, activities } = this;
    const stamps = this.#stamps;
    const { report } = ears;
    this.floor = new TradingFloor({
      ...{ clock, calendar, random, book, books, activities, stamps, report },
      pairFee: options.pairFee === undefined ? DEFAULT_PAIR_FEE : decimal(options.pairFee),
    });
    for (const [symbol, price] of Object.entries(options.prices ?? {})) {
      this.setPrice(symbol, decimal(price));
    }
    for (const [symbol, bars] of Object.entries(options.bars ?? {})) this.addBars(symbol, bars);
    for (const position of options.positions ?? []) this.setPosition(position);
    this.books.restartHistory();
  }

  /** Lets happen what earlier answers had put off. */
  settle(): void {
    for (let next = this.#putOff.shift(); next !== undefined; next = this.#putOff.shift()) next();
  }

  place(asked: OrderRequest, effects: OrderEffects = {}): Placed {
    const symbol = this.#nameOf(asked.terms.symbol);
    const request = { ...asked, terms: { ...asked.terms, symbol } };
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return { kind: "refused", refusal };
    const { terms, legs } = termsOfParts(request);
    const record = this.#record(terms, request.clientOrderId, effects);
    const isMultiLeg = terms.orderClass === "mleg";
    const own = isMultiLeg ? { ...record, positionIntent: comboIntent(request.legs) } : record;
    const parent = legs.length === 0 ? own : { ...own, groupId: groupIdOf(own) };
    this.book.add(parent);
    const legOrders = [
      ...legs.map((leg) => this.#leg(leg, parent)),
      ...request.legs.map((leg) => this.#comboLeg(comboLegTerms(terms, leg), leg, parent)),
    ];
    const order = this.book.change(parent.id, { legIds: legOrders.map((leg) => leg.id) });
    this.#putOff.push(() => this.floor.acknowledge(order.id));
    return { kind: "placed", order };
  }

  /** Undefined when the order was found and can be canceled. `sticks`: not before the next open. */
  cancel(id: string, sticks = false): Refusal | undefined {
    const order = this.book.get(id);
    if (isComboLeg(order)) return unprocessable("cannot cancel individual legs of a mleg order");
    if (!isWorking(order)) return unprocessable(`order is already in "${order.status}" state`);
    if (order.status === "pending_cancel") {
      return unprocessable('order is already in "pending_cancel" state');
    }
    this.book.change(id, {
      status: "pending_cancel",
      cancelAt: sticks ? this.calendar.nextOpen(this.clock.now()) : null,
    });
    this.#putOff.push(() => {
      if (sticks) this.floor.markPending(id, "pending_cancel");
      else this.floor.cancel(id);
    });
    return undefined;
  }

  /** Puts a new order with the request's terms in the place of the order `id`. */
  replace(id: string, request: OrderRequest, effects: OrderEffects = {}): Placed {
    const old = this.book.get(id);
    const refusal = this.#refusal(request, id);
    if (refusal !== undefined) return { kind: "refused", refusal };
    const record = this.#record(request.terms, request.clientOrderId, effects);
    const { parentId, groupId, legIds, armed, positionIntent } = old;
    // A stop that waits for its entry, or for its price, is held under its new price as well.
    const status = old.status === "held" ? old.status : record.status;
    const standing = { parentId, groupId, legIds, armed, positionIntent };
    const order = { ...record, status, replaces: id, ...standing };
    this.book.add(order);
    this.book.change(id, { status: "pending_replace" });
    this.#putOff.push(() => this.floor.replace(id, order.id));
    return { kind: "placed", order };
  }

  setPrice(symbol: string, price: DecimalText): void {
    this.settle();
    this.#trade(this.#nameOf(symbol), { at: this.clock.now(), price, size: USUAL_SIZE });
  }

  /** Has the market go through `bars`; a symbol without a price gets the last one of its past. */
  addBars(symbol: string, bars: readonly ScriptedBar[]): void {
    this.settle();
    this.assets.learn(symbol);
    this.#script.add(symbol, bars);
    const last = this.tape.lastTrade(symbol);
    if (this.floor.price(symbol) === undefined && last !== undefined) {
      this.floor.setPrice(symbol, last.price);
    }
  }

  /** A pair that is known, also where its slash is left out, as positions do. */
  #nameOf(symbol: string): string {
    return this.assets.find(symbol)?.symbol ?? symbol;
  }

  setPosition({ symbol: given, quantity, averagePrice }: OpeningPosition): void {
    const symbol = this.#nameOf(given);
    this.assets.learn(symbol);
    const position = {
      symbol,
      quantity: decimal(quantity),
      averagePrice: decimal(averagePrice),
    };
    this.books.setPosition(position, this.clock.now());
  }

  /** Moves time to `target`, through every change of the market's phase and every appointment. */
  advanceTo(target: EpochMs): void {
    if (target < this.clock.now()) {
      throw new RangeError(`the clock stands at ${this.clock.now()} and cannot go to ${target}`);
    }
    this.settle();
    while (this.clock.now() < target) {
      this.clock.moveTo(Math.min(target, this.#nextStop()));
      this.settle();
      this.floor.tick();
      this.#ears.moved();
    }
  }

  /** Sets the time to an earlier one. Orders keep their timestamps. */
  forceTo(target: EpochMs): void {
    this.settle();
    this.clock.force(target);
    this.books.restartHistory();
    this.floor.tick();
    this.#ears.moved();
  }

  buyingPower(exceptOrderId?: string): DecimalText {
    const working = this.#workingBeside(exceptOrderId);
    const priceOf = (symbol: string) => this.floor.price(symbol);
    return buyingPower(this.books.cash, this.books.positions(), working, priceOf);
  }

  #trade(symbol: string, trade: MarketTrade): void {
    this.assets.learn(symbol);
    this.#ears.traded(symbol, this.tape.record(symbol, trade));
    this.floor.setPrice(symbol, trade.price);
  }

  /** Working orders without the one that is being replaced and those that exclude it. */
  #workingBeside(replacedId?: string, symbol?: string): Order[] {
    const replaced = replacedId === undefined ? undefined : this.book.get(replacedId);
    const groupOf = (order: Order) => order.parentId ?? order.id;
    return this.book
      .working(symbol)
      .filter((order) => replaced === undefined || groupOf(order) !== groupOf(replaced));
  }

  #nextStop(): EpochMs {
    const due = this.clock.nextDue() ?? Number.POSITIVE_INFINITY;
    // Without a working order no open or close can matter, and years can be skipped at once.
    if (this.book.working().length === 0) return due;
    return Math.min(due, this.calendar.nextChange(this.clock.now()));
  }

  #refusal(request: OrderRequest, replacedId?: string): Refusal | undefined {
    const { terms, clientOrderId, legs } = request;
    if (terms.orderClass !== "mleg") {
      const standing = this.#standing(terms.symbol, clientOrderId, replacedId);
      const refusal = admissionRefusal(terms, request.positionIntent, standing);
      // An order in another's place has its legs, or its parent, from that one.
      return refusal ?? (replacedId === undefined ? familyRefusal(request, standing) : undefined);
    }
    return comboRefusal(request, {
      legs: legs.map(({ symbol }) => this.#standing(symbol, clientOrderId, replacedId)),
      netPrice: netPrice(legs, (symbol) => this.floor.price(symbol)),
      buyingPower: this.buyingPower(replacedId),
    });
  }

  #standing(symbol: string, clientOrderId: string | null, replacedId?: string): Standing {
    const now = this.clock.now();
    const known = clientOrderId === null ? undefined : this.book.findByClientId(clientOrderId);
    const working = this.#workingBeside(replacedId, symbol);
    return {
      asset: this.assets.find(symbol),
      clientOrderIdTaken: known !== undefined,
      positionQuantity: this.books.quantity(symbol),
      working,
      marketPrice: this.floor.price(symbol),
      buyingPower: this.buyingPower(replacedId),
      shortingAllowed: this.shortingAllowed,
      phase: this.calendar.phase(now),
      minuteOfDay: wallTime(now).minuteOfDay,
    };
  }

  #record(terms: OrderTerms, clientId: string | null, effects: OrderEffects): Order {
    const record = newOrder({
      id: this.random.uuid(),
      clientOrderId: clientId ?? this.random.uuid(),
      assetId: this.assets.find(terms.symbol)?.id ?? "",
      positionIntent: inferIntent(terms.side, this.books.quantity(terms.symbol)),
      terms,
      submittedAt: this.#stamps.next(),
      expiresAt: expiryOf(terms, this.clock.now(), this.calendar),
      status: this.floor.isActive(terms) ? "pending_new" : "accepted",
      fillPlan: chooseFillPlan(terms.quantity, this.#options, this.random),
    });
    return { ...record, ...effects };
  }

  #leg(terms: OrderTerms, parent: Order): Order {
    const isOco = terms.orderClass === "oco";
    const { hiddenFromListsUntil } = parent;
    const leg = {
      ...this.#record(terms, null, { hiddenFromListsUntil }),
      positionIntent: `${terms.side}_to_close` as const,
      status: "held" as const,
      armed: isOco,
      parentId: parent.id,
      groupId: parent.groupId,
    };
    this.book.add(leg);
    return leg;
  }

  /** A combo's leg has its status from the start and never moves by itself. */
  #comboLeg(terms: OrderTerms, requested: RequestedLeg, parent: Order): Order {
    const { status, fillPlan, hiddenFromListsUntil } = parent;
    const record = this.#record(terms, null, { hiddenFromListsUntil });
    const positionIntent = requested.positionIntent ?? record.positionIntent;
    const { ratio } = requested;
    const leg = { ...record, positionIntent, ratio, status, fillPlan, parentId: parent.id };
    this.book.add(leg);
    return leg;
  }
}

/** What opens one contract opens the combo, as far as its own record needs to say. */
function comboIntent(legs: readonly RequestedLeg[]): PositionIntent {
  const closes = legs.every(({ positionIntent }) => positionIntent?.endsWith("_to_close"));
  return closes ? "buy_to_close" : "buy_to_open";
}

/** An oco's own limit price may stand in its take-profit part. */
function termsOfParts(request: OrderRequest) {
  const { terms, takeProfit } = request;
  const isOco = terms.orderClass === "oco";
  const own = isOco ? { ...terms, limitPrice: takeProfit ?? terms.limitPrice } : terms;
  return { terms: own, legs: legTerms(request) };
}
