/**
 * The sure path of fills: asks the broker for every order that is not settled yet and books what it
 * shows, by cumulative quantity (I6). One list call serves all claims of a day, one more all that
 * rest since before, and one the combos where they are many; what the lists miss is read singly.
 * While nothing changes the pauses grow, up to a bound.
 *
 * Reads only. Orders whose outcome is unknown are the gateway's to seek, refused closes the
 * reconciler's to judge.
 */
import type { Broker, OrdersQuery, OrdersReading, WireOrder } from "../broker/broker.ts";
import { listStart } from "../broker/claim-times.ts";
import { firstFilledAt } from "../broker/first-fill.ts";
import { epochMsOf, wireOf } from "../broker/wire-order.ts";
import { type Claim, isAccepted, lacksSuccessor } from "../claim/claim.ts";
import type { OrderSighting } from "../claim/evidence.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { AccountId, BrokerOrderId } from "../core/ids.ts";
import { isCombo, mayMove, tradedSymbols } from "../identity/combo.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { recordOrder } from "./order-recorder.ts";
import { OrderSightings } from "./order-sightings.ts";
import {
  asTheyFilled,
  hasUnbooked,
  type ListedById,
  type Look,
  listedIn,
  newsIn,
  type Shown,
  shownAs,
} from "./shown-orders.ts";

export interface FillPollerPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly account: AccountId;
}

/** Claims older than this have a list of their own: an old order does not swell this one. */
const LIST_LOOKBACK_MS = 24 * 60 * 60 * 1_000;
/** So many combos, or old orders that have ended, are read singly: no list takes more reads. */
const SINGLE_READS_MAX = 20;
/** So often orders that fill while they are read are read again, so that they come in order. */
const LOOKS_MAX = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Orders with news that wait for the next tick; far more than a round brings. */
const NEWS_MAX = 1_000;

/** Takes orders, as the broker wrote them, of which something was new. */
export type NewsListener = (orders: readonly WireOrder[]) => void;

/** The reads of one symbol's orders: the one under way, and the one that waits for its end. */
interface Refreshes {
  readonly running: Promise<readonly Claim[]>;
  readonly next?: Promise<readonly Claim[]>;
}

export interface PollRound {
  /** Whether anything was new. */
  readonly changed: boolean;
  /** Claims whose order, or the one in its place, the broker did not show. */
  readonly unread: readonly Claim[];
  /** Of these, those whose order the broker says that it does not have, or not the one after it. */
  readonly missing: readonly Claim[];
}

export class FillPoller {
  readonly #ports: FillPollerPorts;
  #pauseMs = FIRST_PAUSE_MS;
  #dueAt: EpochMs | undefined;
  #watched = "";
  #news: WireOrder[] = [];
  #listener: NewsListener | undefined;
  readonly #refreshes = new Map<string, Refreshes>();
  readonly #sightings = new OrderSightings();

  constructor(ports: FillPollerPorts) {
    this.#ports = ports;
  }

  /** Who is to hear of orders that have moved; one tick after it was found. */
  onNews(listener: NewsListener): void {
    this.#listener = listener;
  }

  /** When the next tick would read something; undefined while no order is at work. */
  nextDueAt(): EpochMs | undefined {
    return this.#dueAt;
  }

  /** Reads the orders of `claims` if that is due; call it as often as you like. */
  async tick(claims: readonly Claim[]): Promise<void> {
    this.#tellNews();
    const working = claims.filter(isAccepted);
    this.#sightings.keep(new Set(working.map(({ brokerOrderId }) => brokerOrderId)));
    const watched = working.map(({ brokerOrderId }) => brokerOrderId).join();
    const now = this.#ports.clock.now();
    const isNew = watched !== this.#watched;
    this.#watched = watched;
    if (isNew) this.#pauseMs = FIRST_PAUSE_MS;
    if (!isNew && this.#dueAt !== undefined && now < this.#dueAt) return;
    const { changed } = await this.#read(working);
    this.#pauseMs = changed ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#dueAt = working.length === 0 ? undefined : now + this.#pauseMs;
  }

  /** What the latest reads of the claim's order agree on; undefined where there was none. */
  sightingOf({ brokerOrderId }: Claim): OrderSighting | undefined {
    return brokerOrderId === null ? undefined : this.#sightings.of(brokerOrderId);
  }

  /** Reads the orders of `claims` at once and gives those claims whose order could not be read. */
  async lookAt(claims: readonly Claim[]): Promise<readonly Claim[]> {
    return (await this.lookOnce(claims)).unread;
  }

  /** The same for a start, which waits for no order that the broker says it does not have. */
  lookOnce(claims: readonly Claim[]): Promise<PollRound> {
    return this.#read(claims.filter(isAccepted));
  }

  /**
   * The same for our working orders that may move the position in one of `symbols`; those without
   * an answer by then were not read either. One such read at a time: whoever asks for the same
   * meanwhile gets the next one, which begins after that and serves all of them.
   */
  refresh(symbols: readonly string[]): Promise<readonly Claim[]> {
    const name = symbols.join();
    const { running, next } = this.#refreshes.get(name) ?? {};
    if (next !== undefined) return next;
    if (running === undefined) return this.#begin(name, symbols);
    const begin = () => this.#begin(name, symbols);
    const queued = running.then(begin, begin);
    this.#refreshes.set(name, { running, next: queued });
    return queued;
  }

  #begin(name: string, symbols: readonly string[]): Promise<readonly Claim[]> {
    const running = this.#refreshNow(symbols).finally(() => {
      if (this.#refreshes.get(name)?.next === undefined) this.#refreshes.delete(name);
    });
    this.#refreshes.set(name, { running });
    return running;
  }

  async #refreshNow(symbols: readonly string[]): Promise<readonly Claim[]> {
    const claims = await this.#ports.ledger.unsettledClaims(this.#ports.account);
    const bound = boundTogether(claims, symbols);
    const unread = await this.lookAt(bound);
    const unanswered = bound.filter((claim) => !isAccepted(claim));
    return [...unread, ...unanswered].filter((claim) => movesAny(claim, symbols));
  }

  async #read(working: readonly Claim[]): Promise<PollRound> {
    if (working.length === 0) return { changed: false, unread: [], missing: [] };
    const looks = await this.#looks(working);
    const unread: Claim[] = [];
    const missing: Claim[] = [];
    let changed = false;
    for (const claim of asTheyFilled(working, looks)) {
      const shown = looks.get(claim.brokerOrderId) ?? (await this.#single(claim));
      this.#noteSighting(claim, shown);
      if (!("order" in shown)) {
        unread.push(claim);
        if (shown.kind === "not_found") missing.push(claim);
        continue;
      }
      const isNews = hasUnbooked(claim, shown.order);
      const movedAt = isNews ? epochMsOf(shown.movedAt()) : undefined;
      const filledAt = await firstFilledAt(this.#ports, claim, shown.order, movedAt);
      const recorded = await recordOrder(this.#ports, claim, shown.order, "poll", filledAt);
      if (recorded.hasMoved) this.keepNews(shown.wire);
      if (lacksSuccessor(recorded.claim)) {
        unread.push(claim);
        missing.push(claim);
      }
      changed ||= recorded.changed;
    }
    return { changed, unread, missing };
  }

  /**
   * What can be known of them before any is booked. A combo is in no list of a symbol, and may
   * have filled before or behind the orders of a list, or another combo.
   */
  async #looks(working: readonly Claim[]): Promise<ReadonlyMap<BrokerOrderId | null, Look>> {
    const listed = working.filter(({ intent }) => !isCombo(intent));
    const combos = working.filter(({ intent }) => isCombo(intent));
    const looks = new Map<BrokerOrderId | null, Look>();
    let news = "";
    for (let times = 0; times < LOOKS_MAX; times += 1) {
      for (const [id, look] of await this.#list(listed)) looks.set(id, look);
      const shown = await this.#listOfCombos(combos);
      for (const claim of combos) {
        const look = shown.get(claim.brokerOrderId) ?? (await this.#single(claim));
        if ("order" in look || times === 0) looks.set(claim.brokerOrderId, look);
      }
      const before = news;
      news = newsIn(working, looks);
      // What one read shows may have come behind what an earlier one could not show yet: not so
      // where all of them show the same once more.
      if (combos.length === 0 || news === before) break;
    }
    return looks;
  }

  /**
   * What lists of all symbols show of them, where they are many: a single read for each would
   * starve all others. One without its legs, which tell what it has filled, is not shown.
   */
  async #listOfCombos(combos: readonly Claim[]): Promise<ReadonlyMap<BrokerOrderId | null, Look>> {
    if (combos.length <= SINGLE_READS_MAX) return new Map();
    const legs = new Map(
      combos.map(({ brokerOrderId, intent }) => [brokerOrderId, tradedSymbols(intent).length]),
    );
    const shown = await this.#rested(combos);
    return new Map(shown.filter(([id, { order }]) => (order.legs?.length ?? 0) === legs.get(id)));
  }

  async #list(listed: readonly Claim[]): Promise<readonly ListedById[]> {
    const horizon = this.#ports.clock.now() - LIST_LOOKBACK_MS;
    const resting = listed.filter(({ openedAt }) => openedAt <= horizon);
    const recent = listed.filter(({ openedAt }) => openedAt > horizon);
    // One order by itself costs no more than a list of them.
    const old = resting.length > 1 ? await this.#rested(resting) : [];
    const young = recent.length > 0 ? await this.#orders(recent) : [];
    // Where both show an order, the second one knows its legs, and is the later.
    return [...old, ...young];
  }

  /** Those at work; where many are not, also the list in which they have ended. */
  async #rested(resting: readonly Claim[]): Promise<readonly ListedById[]> {
    const atWork = listedIn(await this.#atWork(resting));
    const found = new Set<BrokerOrderId | null>(atWork.map(([id]) => id));
    const ended = resting.filter(({ brokerOrderId }) => !found.has(brokerOrderId));
    if (ended.length <= SINGLE_READS_MAX) return atWork;
    return [...(await this.#orders(ended)), ...atWork];
  }

  /**
   * Those of them that are still at work. Each is asked for as it is: whether a list shows the legs
   * of an order that has ended inside it is told nowhere. A combo's legs end with it.
   */
  #atWork(resting: readonly Claim[]): Promise<OrdersReading> {
    const areLegsApart = !resting.some(({ intent }) => isCombo(intent));
    return this.#ports.broker.orders({ status: "open", ...inSymbolsOf(resting), areLegsApart });
  }

  /**
   * All since the oldest of them; where that list cannot be read, which may be longer than any that
   * is, those that are still open: most are, and a single read for each would starve the others.
   */
  async #orders(listed: readonly Claim[]): Promise<readonly ListedById[]> {
    const { broker } = this.#ports;
    const asked = inSymbolsOf(listed);
    const after = listStart(this.#ports, listed);
    const all = await broker.orders({ status: "all", after, ...asked });
    const shown = listedIn(all);
    if (all.kind === "read" || areShown(listed, shown)) return shown;
    return [...shown, ...listedIn(await broker.orders({ status: "open", ...asked }))];
  }

  async #single({ brokerOrderId }: Claim): Promise<Look> {
    if (brokerOrderId === null) return { kind: "unknown", reason: "the broker's id is not known" };
    const lookup = await this.#ports.broker.orderById(brokerOrderId);
    if (lookup.kind !== "found") return lookup;
    return shownAs(lookup.order, () => wireOf(lookup));
  }

  #noteSighting({ brokerOrderId }: Claim, shown: Look): void {
    if (brokerOrderId === null) return;
    const now = this.#ports.clock.now();
    const hasFailed = !("order" in shown) && shown.kind === "unknown";
    if (hasFailed) this.#sightings.noteFailure(brokerOrderId, shown.reason, now);
    else this.#sightings.note(brokerOrderId, "order" in shown, now);
  }

  /** Whoever is to hear of orders hears of this one too, where `wire` gives it. */
  keepNews(wire: Shown["wire"]): void {
    const shown = wire();
    if (shown !== undefined) this.#news.push(shown);
    if (this.#news.length > NEWS_MAX) this.#news.shift();
  }

  /** A round later than it was read: the stream, where it works, has told of it by then. */
  #tellNews(): void {
    const news = this.#news;
    this.#news = [];
    if (news.length > 0) this.#listener?.(news);
  }
}

/**
 * Those that may move the position in one of `symbols`. A combo moves its other contracts too, and
 * there orders may have filled before it: booked in one go, they are booked as they filled.
 */
function boundTogether(claims: readonly Claim[], symbols: readonly string[]): readonly Claim[] {
  const chosen = claims.filter((claim) => movesAny(claim, symbols));
  const moved = [
    ...new Set([...symbols, ...chosen.flatMap(({ intent }) => tradedSymbols(intent))]),
  ];
  return moved.length === symbols.length ? chosen : boundTogether(claims, moved);
}

function movesAny({ intent }: Claim, symbols: readonly string[]): boolean {
  return symbols.some((symbol) => mayMove(intent, symbol));
}

function areShown(claims: readonly Claim[], shown: readonly ListedById[]): boolean {
  const ids = new Set<BrokerOrderId | null>(shown.map(([id]) => id));
  return claims.every(({ brokerOrderId }) => ids.has(brokerOrderId));
}

/** A combo has no symbol that a list could be asked for: then all are asked for. */
function inSymbolsOf(claims: readonly Claim[]): Pick<OrdersQuery, "symbols"> {
  if (claims.some(({ intent }) => isCombo(intent))) return {};
  return { symbols: [...new Set(claims.map(({ intent }) => intent.symbol))] };
}
