/**
 * meant: a bot is told of the order that it means.
 *
 * 1. What is named is its own: no other action's order is told for it, unless that one's caller was
 *    never told of it, and the bot that asks again has made up another id.
 * 2. What is not named is an equal action of its group once more while that one's order is live, and
 *    for the dedupe window once it has filled, within one life of the position. It is told of that
 *    order, and no second one is sent.
 * 3. In another life, behind an order that has ended without a fill, and behind the window it is
 *    another action, and is not told of the earlier one's order.
 * 4. What is told has the terms that were asked for, and no close is refused for want of a position
 *    that is there.
 *
 * A multi-leg order belongs to a life of each of its contracts: in another one of any of them it is
 * another action, unless nothing is held of one that it closes. One that did something else than its bot meant, which did not say so, is of no life
 * that anybody could know. Lives and ends are those of the broker's record, not of any book. Either is right within what
 * clocks may be apart at the window's end, and where what decides could not be read during the call,
 * or the exit between two entries has no answer: then an order is taken for the earlier one, which
 * sends nothing; but no exit for one of an earlier life (decision 17), unless nobody knows what became
 * of that one, and the answer says so. Left out are symbols in which
 * a person trades, worlds with short sales and, of what is told of the contracts of multi-leg orders,
 * what comes behind an open that was claimed while a close had ended the position and could not be
 * known to have done so, or behind fills that were booked in another order than they came about: by
 * then no book can tell the lives of a contract apart. Second orders are judged there too.
 */
import { sameClaim } from "../../../src/book/book.ts";
import type { Claim } from "../../../src/claim/claim.ts";
import type { ClaimEvent } from "../../../src/claim/claim-event.ts";
import { CLOCK_TOLERANCE_MS, DEFAULT_CLAIM_POLICY } from "../../../src/claim/policy.ts";
import type { EpochMs } from "../../../src/core/clock.ts";
import { compare, isZero } from "../../../src/core/decimal.ts";
import type { ClaimKey } from "../../../src/core/ids.ts";
import type { Facts, ToldFact } from "../facts.ts";
import type { Outcome } from "../outcome.ts";
import { type ActionPlan, type LegPlan, type Mishap, tradesOf } from "../plan.ts";
import { misbookedAt } from "./booked-net.ts";
import { type Chain, chains, orderIdsOf } from "./broker-record.ts";
import { type Lives, livesBySymbol } from "./lives.ts";
import type { Violation } from "./violation.ts";

const WINDOW_MS = DEFAULT_CLAIM_POLICY.dedupeWindowMs;
/** Clocks may be so far apart, and the broker's Date header is in whole seconds. */
const TOLERANCE_MS = CLOCK_TOLERANCE_MS + 5_000;
/** A call that takes longer may have been answered without a look at the orders. */
const LOOKED_WITHIN_MS = 5_000;
/** The longest pause that the broker asks for. */
const LONGEST_PAUSE_MS = 31_000;
/** When a read counts as failed. */
const READ_DEADLINE_MS = 12_000;

export function toldAsMeant(outcome: Outcome): readonly Violation[] {
  const record = new Record(outcome);
  const { told } = outcome.facts;
  const heard = told.filter(({ isHeard }) => isHeard);
  const found = [...heard.flatMap((one) => judgeTold(record, one)), ...sentAgain(record)];
  return found.map((what) => ({ invariant: "meant", what }));
}

/** An action as it came to a claim: the call that opened or reopened it. */
interface Opened {
  readonly claim: Claim;
  readonly action: ActionPlan;
  readonly at: EpochMs;
}

class Record {
  readonly outcome: Outcome;
  readonly lives: (symbol: string) => Lives;
  /** Oldest first. */
  readonly opened: readonly Opened[];
  readonly #chains: readonly Chain[];
  readonly #lostAt = new Map<string, EpochMs>();
  readonly #byHand: ReadonlySet<string>;

  constructor(outcome: Outcome) {
    this.outcome = outcome;
    this.lives = livesBySymbol(outcome);
    this.#chains = chains(outcome);
    const { mishaps } = outcome.plan;
    this.#byHand = new Set(mishaps.flatMap((one) => (one.kind === "by_hand" ? [one.symbol] : [])));
    this.opened = openedIn(outcome);
  }

  /** Whether the book can know what decides about an order that names nothing. */
  isClear(action: ActionPlan): boolean {
    const isByHand = tradesOf(action).some(({ symbol }) => this.#byHand.has(symbol));
    return action.identity === "none" && !this.outcome.plan.allowShort && !isByHand;
  }

  /** The lives that the action belongs to where it is asked for at `at`. */
  livesAt(action: ActionPlan, at: EpochMs): readonly number[] {
    return tradesOf(action).map(({ symbol, effect }) => this.lives(symbol).at(at, effect));
  }

  /** Whether only clocks that are apart say which of two spreads came first, to the second. */
  isLeftToClocks({ legs = [] }: ActionPlan): boolean {
    return this.outcome.plan.clocksMs !== undefined && legs.some(({ says }) => says === "side");
  }

  /** Whether the order has opened and closed what the action is to open and close. */
  didAsMeant(action: ActionPlan, order: Chain): boolean {
    const ids = new Set(orderIdsOf(this.outcome, order));
    const done = this.outcome.broker.orders().filter(({ id }) => ids.has(id));
    return tradesOf(action).every(({ symbol, effect }) =>
      done.every((one) => one.symbol !== symbol || one.positionIntent.endsWith(effect)),
    );
  }

  /** Whether it belongs to a later life, of any of its contracts, than the order has filled in. */
  isOfLaterLife(action: ActionPlan, at: EpochMs, order: Chain): boolean {
    const ids = orderIdsOf(this.outcome, order);
    return (
      this.isPossible(action, at) &&
      tradesOf(action).some(({ symbol, effect }) => {
        const lives = this.lives(symbol);
        const life = lives.ofLastFill(ids);
        return life !== undefined && lives.at(at, effect) > life;
      })
    );
  }

  /**
   * Whether all that it closes is held. What another has opened on the other side is nothing that
   * it closes.
   */
  isPossible(action: ActionPlan, at: EpochMs): boolean {
    return tradesOf(action).every(
      ({ symbol, side, effect }) => effect === "open" || this.lives(symbol).isReducedBy(side, at),
    );
  }

  /** From when on the books of contracts that it trades cannot tell their lives apart. */
  lostAt(action: ActionPlan): EpochMs {
    return Math.min(...this.#contractsOf(action).map((contract) => this.#lostIn(contract)));
  }

  /** Those that multi-leg orders trade as well. */
  #contractsOf(action: ActionPlan): readonly string[] {
    const { actions } = this.outcome.plan;
    const contracts = new Set(actions.flatMap(({ legs = [] }) => legs.map((leg) => leg.symbol)));
    const symbols = tradesOf(action).map(({ symbol }) => symbol);
    return symbols.filter((symbol) => contracts.has(symbol));
  }

  /** Whether an order of another action is at the broker by then, and its answer is lost. */
  hasUnanswered(own: ActionPlan, at: EpochMs): boolean {
    const { facts } = this.outcome;
    return this.opened.some(({ claim, action }) => {
      const isOther = tradesOf(own).some(({ symbol, effect }) =>
        trades(action, symbol, effect === "open" ? "close" : "open"),
      );
      if (!isOther) return false;
      const order = this.orderOf(claim);
      const isThere = order !== undefined && order.liveFrom <= at;
      return isThere && !isKnown(facts, claim, at, ACCEPTANCES);
    });
  }

  /** Whether an order in the symbol had been proved absent by then, and was there yet. */
  hasLate({ symbol }: ActionPlan, at: EpochMs): boolean {
    const { facts } = this.outcome;
    return this.opened.some(({ claim, action }) => {
      const isThere = action.symbol === symbol && this.orderOf(claim) !== undefined;
      return isThere && isKnown(facts, claim, at, ABSENCES);
    });
  }

  #lostIn(symbol: string): EpochMs {
    const lostAt = this.#lostAt.get(symbol) ?? this.#firstLost(symbol);
    this.#lostAt.set(symbol, lostAt);
    return lostAt;
  }

  #firstLost(symbol: string): EpochMs {
    const { facts } = this.outcome;
    const closes = this.opened.filter(({ action }) => trades(action, symbol, "close"));
    const opens = this.opened.filter(({ action }) => trades(action, symbol, "open"));
    const lost = opens.find(({ at }) => {
      const hidden = closes.filter(({ claim }) => {
        const order = this.orderOf(claim);
        const hasEnded = order !== undefined && (order.liveUntil ?? Infinity) <= at;
        return hasEnded && !isKnown(facts, claim, at, ENDS);
      });
      const isRead = readsEnded(facts, at - LOOKED_WITHIN_MS, at);
      return hidden.some(({ claim }) => !isRead || !isKnown(facts, claim, at, ACCEPTANCES));
    });
    return lost?.at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Whether the fills of a contract were booked in another order than they came about before `at`:
   * a combo is in no list of its contract's orders, and what comes behind it may be booked first.
   */
  isMisbooked(action: ActionPlan, at: EpochMs): boolean {
    return this.#contractsOf(action).some((contract) => misbookedAt(this.outcome, contract) <= at);
  }

  claimOf({ answer, group }: ToldFact): Claim | undefined {
    const { accountId: account } = this.outcome.broker.simulation.broker;
    const key = { account, agent: group, requestId: answer.requestId };
    return answer.requestId === null ? undefined : this.outcome.disk.rows.claim(key as ClaimKey);
  }

  orderOf({ brokerOrderId }: Claim): Chain | undefined {
    return this.#chains.find(({ orders }) => orders.some(({ id }) => id === brokerOrderId));
  }

  actionsOf({ key }: Claim): readonly ActionPlan[] {
    return this.opened.filter(({ claim }) => sameClaim(claim.key, key)).map(({ action }) => action);
  }
}

function trades(action: ActionPlan, symbol: string, effect: ActionPlan["effect"]): boolean {
  return tradesOf(action).some((one) => one.symbol === symbol && one.effect === effect);
}

/** What the log has of a claim whose order is known to be there, and to be over. */
const ENDS: ReadonlySet<string> = new Set(["order_ended"]);
const ABSENCES: ReadonlySet<string> = new Set(["absence_proved"]);
const ACCEPTANCES: ReadonlySet<string> = new Set(["accepted", "order_working", "order_ended"]);
/** What may keep an answer from being put on record, or takes it back. */
const LOSES_RECORDS: ReadonlySet<Mishap["kind"]> = new Set<Mishap["kind"]>([
  "crash",
  "power",
  "store",
]);

function isKnown(facts: Facts, claim: Claim, until: EpochMs, types: ReadonlySet<string>): boolean {
  return isOnRecord(facts, claim, until, ({ type }) => types.has(type));
}

/** Whether the log says that the claim's caller was told for certain. */
function isToldOnRecord(facts: Facts, claim: Claim, until: EpochMs): boolean {
  return isOnRecord(facts, claim, until, (body) =>
    body.type === "caller_told"
      ? body.answer === "certain"
      : "callerTold" in body && body.callerTold,
  );
}

/** Whether the log has such an event of the claim at `until`. */
function isOnRecord(
  { commits, lostAt }: Facts,
  { key }: Claim,
  until: EpochMs,
  isIt: (body: ClaimEvent) => boolean,
): boolean {
  return commits.some(
    ({ at, events }) =>
      at <= until &&
      events.some(
        (event) =>
          event.subject === "claim" &&
          sameClaim(event.key, key) &&
          isIt(event.body) &&
          (lostAt.get(event.hash) ?? Infinity) > until,
      ),
  );
}

function openedIn({ facts, disk, plan }: Outcome): readonly Opened[] {
  return facts.commits.flatMap(({ at, events }) =>
    events.flatMap((event) => {
      if (event.subject !== "claim") return [];
      const { body, key } = event;
      const name =
        body.type === "claimed"
          ? body.intent.decisionId
          : body.type === "reopened"
            ? body.decisionId
            : null;
      const claim = disk.rows.claim(key);
      const action = plan.actions.find((one) => one.name === name);
      return claim === undefined || action === undefined ? [] : [{ claim, action, at }];
    }),
  );
}

function judgeTold(record: Record, told: ToldFact): readonly string[] {
  const { action, answer, askedAt, at } = told;
  const asked = `${action.name} (${textOf(action)})`;
  if (answer.status === "BLOCKED") {
    if (answer.code !== "close_while_flat" || !record.isClear(action)) return [];
    // What arrives behind a proof of its absence is beyond all that can be known; I4 has the proof.
    if (record.hasLate(action, at) || !record.lives(action.symbol).isHeld(askedAt, at)) return [];
    return [`${asked} was told that nothing is held, while the broker held it`];
  }
  const claim = record.claimOf(told);
  if (claim === undefined) return [];
  const other = otherTerm(claim, action);
  if (other !== undefined) return [`${asked} was told of an order with another ${other}`];
  const actions = record.actionsOf(claim);
  if (actions.length === 0 || actions.includes(action)) return [];
  const why =
    action.identity === "none"
      ? record.isClear(action) && whyAnother(record, told, claim)
      : whyNotTheNamed(record, told, claim);
  if (!why) return [];
  const first = actions.map(({ name }) => name).join(", ");
  const order = claim.brokerOrderId === null ? "claim" : "order";
  return [`${asked} was told ${answer.status} of the ${order} of ${first}, ${why}`];
}

function textOf({ side, quantity, portion, symbol, limitPrice, legs }: ActionPlan): string {
  const limit = limitPrice === null ? "" : ` at ${limitPrice}`;
  if (legs !== undefined) {
    const parts = legs.map((leg) => `${leg.side} to ${leg.effect} ${leg.ratio} ${leg.symbol}`);
    return `${quantity} times ${parts.join(", ")}${limit}`;
  }
  return `${side} ${quantity ?? portion} ${symbol}${limit}`;
}

/** The first of the action's terms that the claim does not have. */
function otherTerm({ intent }: Claim, action: ActionPlan): string | undefined {
  if (intent.symbol !== action.symbol) return "symbol";
  if (action.legs !== undefined && !hasLegs(intent, action.legs)) return "leg";
  // Which side closes a part of the position, and how much that is, its first try has said.
  if (action.portion !== null) return intent.portion === action.portion ? undefined : "portion";
  if (intent.side !== action.side) return "side";
  const disagree = action.tries.some(({ quantity }) => quantity !== undefined);
  if (disagree || action.quantity === null || intent.quantity === null) return undefined;
  return compare(intent.quantity, action.quantity as never) === 0 ? undefined : "quantity";
}

/** Two orders of the same contracts are told apart by what each leg says of its side. */
function hasLegs({ extension }: Claim["intent"], legs: readonly LegPlan[]): boolean {
  const claimed = extension?.legs as readonly { readonly [name: string]: string }[] | undefined;
  return legs.every(({ symbol, side }, index) => {
    const { symbol: own, side: said, position_intent: intent = "" } = claimed?.[index] ?? {};
    return own === symbol && (said ?? intent.split("_")[0]) === side;
  });
}

/** Why an order without a name is not the claim's once more; undefined where it may be. */
function whyAnother(record: Record, told: ToldFact, claim: Claim): string | undefined {
  const { action, askedAt } = told;
  const { facts } = record.outcome;
  const order = record.orderOf(claim);
  if (order === undefined || (order.liveUntil ?? Infinity) >= askedAt) return undefined;
  const isRead = wasRead(facts, told);
  if (isZero(order.filled)) {
    return isRead ? "which had ended without a fill" : undefined;
  }
  const isTold = askedAt < record.lostAt(action) && record.didAsMeant(action, order);
  const isKnowable =
    isTold && !record.isMisbooked(action, told.at) && !record.isLeftToClocks(action);
  const isLater = isKnowable && record.isOfLaterLife(action, askedAt, order);
  const isKept = action.effect === "open" && record.hasUnanswered(action, told.at);
  if (isLater && !isOpen(told) && ((isRead && !isKept) || action.effect === "close")) {
    return "which had filled in an earlier life of the position";
  }
  if (!isRead && !isKnown(facts, claim, askedAt, ENDS)) return undefined;
  const agoMs = askedAt - certainAt(facts, claim, askedAt);
  return agoMs > WINDOW_MS + TOLERANCE_MS
    ? `which had filled ${Math.round(agoMs / 1_000)} s before`
    : undefined;
}

/** Whether it was told that nobody knows yet, and asks again. */
function isOpen({ answer }: ToldFact): boolean {
  if (answer.status !== "PENDING") return false;
  return answer.phase === "unknown" || answer.phase === "in_flight";
}

/** Whether all reads of orders came to an end during the call, which left time for them. */
function wasRead(facts: Facts, { askedAt, at, tookOrders }: ToldFact): boolean {
  return tookOrders && at - askedAt <= LOOKED_WITHIN_MS && readsEnded(facts, askedAt, at);
}

/** Whether orders could be read, and every read under way between the two came to its end. */
function readsEnded({ reads, rateLimitedAt }: Facts, from: EpochMs, until: EpochMs): boolean {
  if (rateLimitedAt.some((at) => at > from - LONGEST_PAUSE_MS && at <= until)) return false;
  return reads.every(({ leftAt, answeredAt }) => {
    const isWithin = leftAt <= until && (answeredAt ?? leftAt + READ_DEADLINE_MS) >= from;
    return !isWithin || answeredAt !== null;
  });
}

/** When the last was heard of the claim before `until`. */
function certainAt({ commits }: Facts, { key }: Claim, until: EpochMs): EpochMs {
  const heard = commits.filter(
    ({ at, events }) =>
      at <= until && events.some((event) => event.subject === "claim" && sameClaim(event.key, key)),
  );
  return heard.at(-1)?.at ?? until;
}

function whyNotTheNamed(record: Record, told: ToldFact, claim: Claim): string | undefined {
  if (told.action.identity === "anchor") return "and has an anchor of its own";
  const { plan, facts } = record.outcome;
  const before = facts.told.some(
    ({ answer, at, isHeard, group }) =>
      answer.status === "PROCEED" &&
      isHeard &&
      at < told.askedAt &&
      group === told.group &&
      answer.requestId === claim.key.requestId,
  );
  // That a caller was told is put on record behind the answer, without a sync of its own.
  const mayBeLost = plan.mishaps.some(({ kind }) => LOSES_RECORDS.has(kind));
  if (!before || (mayBeLost && !isToldOnRecord(facts, claim, told.askedAt))) return undefined;
  return "of which its caller had been told, and has an id of its own";
}

/** Claims of what was not named, beside the order of an equal one that it was once more. */
function sentAgain(record: Record): readonly string[] {
  const first = new Map<string, Opened>();
  for (const one of record.opened) {
    const { key } = one.claim;
    const name = `${key.agent}/${key.requestId}`;
    if (record.isClear(one.action) && !first.has(name)) first.set(name, one);
  }
  const all = [...first.values()];
  return all.flatMap((again, index) =>
    all.slice(0, index).flatMap((one) => {
      if (!isEqual(one, again)) return [];
      const why = whyTheSame(record, one, again);
      if (why === undefined) return [];
      const { action } = again;
      return [`${action.name} (${textOf(action)}) was sent beside ${one.action.name}, ${why}`];
    }),
  );
}

function isEqual(one: Opened, other: Opened): boolean {
  const isOneGroup = one.claim.key.agent === other.claim.key.agent;
  return isOneGroup && termsOf(one.action) === termsOf(other.action);
}

function termsOf(action: ActionPlan): string {
  const { symbol, side, effect, quantity, portion, limitPrice, isBracket, legs } = action;
  return JSON.stringify([symbol, side, effect, quantity, portion, limitPrice, isBracket, legs]);
}

/** Why `again` is the order of `one` once more; undefined where it need not be. */
function whyTheSame(record: Record, one: Opened, again: Opened): string | undefined {
  const order = record.orderOf(one.claim);
  if (order === undefined || order.liveFrom > again.at) return undefined;
  if (!record.didAsMeant(one.action, order)) return undefined;
  const [before, after] = [one, again].map(({ at }) => record.livesAt(one.action, at).join());
  if (before !== after && record.isPossible(again.action, again.at)) return undefined;
  if ((order.liveUntil ?? Infinity) > again.at) return "whose order was live";
  // Another action is meant as another order: where the book cannot tell by then, either is right.
  const isAction = one.action === again.action;
  const isLate = again.at - one.at > WINDOW_MS - TOLERANCE_MS;
  return isAction && !isLate && !isZero(order.filled)
    ? "which had filled a moment before"
    : undefined;
}
