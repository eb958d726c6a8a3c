/**
 * One claim or record inside an open transaction: load, decide, append events, write the rows that
 * they imply. Decisions are taken in claim/; this carries them out.
 */
import { type Book, type ClaimRef, episodeOf, isFlat, livesOf, reduces } from "../book/book.ts";
import type { ClaimDecision } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import { isOfEarlierLife, ofTheirLives } from "../claim/combo-life.ts";
import {
  believedId,
  type ClaimRequest,
  type ClaimVerdict,
  decideClaim,
  decideEnded,
  identify,
  idOnOtherSide,
  mayReopen,
} from "../claim/decide-claim.ts";
import { decideRecord, type RecordCommand } from "../claim/decide-record.ts";
import {
  decideReplace,
  type ReplaceCommand,
  type ReplaceDecision,
} from "../claim/decide-replace.ts";
import { blocksEntries } from "../claim/entry-block.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { asksForOrders, unlessInDoubt } from "../claim/orders-in-doubt.ts";
import { ofTheirEpisode } from "../claim/own-episode.ts";
import {
  asksForCloses,
  closeOfEarlierLife,
  livesBefore,
  resolveEffect,
} from "../claim/resolve-effect.ts";
import { resolvePortion, type SidedDraft } from "../claim/resolve-portion.ts";
import { filledLately, isLostOpen } from "../claim/same-action.ts";
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import type { AccountId, BrokerOrderId, ClaimKey } from "../core/ids.ts";
import { comboLegs, isCombo, tradedSymbols } from "../identity/combo.ts";
import { fingerprintOf } from "../identity/fingerprint.ts";
import type { Intent } from "../identity/intent.ts";
import { OPTION_SYMBOL } from "../identity/symbol.ts";
import { applyToClaim, applyToSymbol } from "./apply-events.ts";
import { isAheadOfEntry, recordFamily, takenOver, worksByLeg } from "./family-transaction.ts";
import { applyIncidents } from "./incident-transaction.ts";
import type { OpeningPosition, RecordResult } from "./ledger.ts";
import type { WaitingNote } from "./note-buffer.ts";
import type { Rows } from "./rows.ts";

export function runClaim(rows: Rows, request: ClaimRequest): ClaimDecision {
  const { event, decision } = decideOn(rows, request);
  if (event !== null && decision.kind === "proceed") {
    const { key } = decision.claim;
    const before = decision.reopened ? rows.claim(key) : undefined;
    applyToClaim(rows, before, key, request.intent.symbol, [event], request.now);
  }
  return decision;
}

/**
 * What a repeat under its own id is told of an action that is over for good; by one read, since no
 * book and no other claim has a word in it. Undefined where it takes a transaction to decide.
 */
export function decideByReceipt(
  rows: Pick<Rows, "claim">,
  { intent, policy }: ClaimRequest,
): ClaimDecision | undefined {
  const requestId = believedId(intent, policy);
  if (requestId === undefined) return undefined;
  const { account, agent } = intent;
  const claim = rows.claim({ account, agent, requestId });
  return claim && decideEnded(claim, intent);
}

/** Loads what the decision needs and takes it; writes nothing. */
export function decideOn(rows: Rows, request: ClaimRequest): ClaimVerdict {
  const { policy } = request;
  const { account, agent, symbol } = request.intent;
  const book = rows.book(account, symbol);
  const draft = resolvePortion(request.intent, book);
  const believed = believedId(draft, policy);
  const known = believed && rows.claim({ account, agent, requestId: believed });
  const equalCloses = asksForCloses(draft, book, known)
    ? equalClosesIn(rows, fingerprintOf({ ...draft, effect: "close" }), draft, book)
    : [];
  const mayBeShort = policy.allowShort || OPTION_SYMBOL.test(symbol);
  const isNameless = believed === undefined && draft.anchor === null;
  const earlierClose =
    mayBeShort && isNameless ? earlierCloseOf(rows, draft, book, request) : undefined;
  const closes = { book, existing: known, equalCloses, earlierClose };
  const intent = resolveEffect(draft, closes, request, policy);
  const identity = identify(intent, policy);
  const { requestId, fingerprint } = identity;
  const isDerived = believed === undefined && requestId !== null;
  const existing = isDerived ? anchoredClaim(rows, intent, requestId) : known;
  // An anchor, and a claim that is not opened again, say by themselves which action it is.
  const isNamed = existing === undefined ? isDerived : !mayReopen(existing);
  // An id of its own waits only for what nobody was told of yet; see inTheWay.
  const isArrival = identity.kind === "arrival";
  const wanted = isArrival ? "all" : "unanswered";
  const all = isNamed
    ? []
    : rows.equals(account, agent, fingerprint, episodeOf(book, intent.effect), wanted);
  const earlier = isArrival ? ofEarlierEpisodes(rows, intent, fingerprint, request) : NONE;
  const equals = isCombo(intent) ? ofThisLife(rows, all) : [...all, ...earlier.sameAction];
  const entries = entriesOf(rows, intent);
  const blocking = entries
    .flatMap((entered) => rows.incidents.openIn(account, entered))
    .find((incident) => blocksEntries(incident, policy));
  const atWork = (claim: Claim) => worksByLeg(rows, claim);
  const snapshot = { book, existing, equals, earlierClose, blocking, worksByLeg: atWork };
  const verdict = decideClaim(snapshot, { ...request, intent }, identity);
  const isEffectByBook = draft.effect === null && known === undefined && mayBeShort;
  const isExit = isCombo(intent)
    ? entries.length < tradedSymbols(intent).length || repeatsExit(verdict)
    : intent.effect === "close";
  const { unread } = request;
  const { endBefore } = earlier;
  const decided = { verdict, intent, isEffectByBook, isExit, identity, book, unread, endBefore };
  return asksForOrders(decided) ? unlessInDoubt(decided, rows.unsettledClaims(account)) : verdict;
}

/** Those of the life that has ended. */
function equalClosesIn(
  rows: Rows,
  fingerprint: string,
  { account, agent }: Pick<SidedDraft, "account" | "agent">,
  book: Book,
): Claim[] {
  return livesOf(book, "close").flatMap((episode) =>
    rows.equals(account, agent, fingerprint, episode),
  );
}

function earlierCloseOf(
  rows: Rows,
  draft: SidedDraft,
  book: Book,
  request: ClaimRequest,
): Claim | undefined {
  const { account, agent, symbol } = draft;
  const asClose = () => fingerprintOf({ ...draft, effect: "close" });
  const lives = {
    equalCloses: (episode: number) => rows.equals(account, agent, asClose(), episode),
    hasTraded: (episode: number) =>
      rows.incidents.causes(account, symbol, episode).some((key) => key.agent === agent),
  };
  return closeOfEarlierLife(draft, book, lives, request, request.policy);
}

interface OfEarlierEpisodes {
  /** Of those that are one life with it, and opens that were lost in the lives before. */
  readonly sameAction: readonly Claim[];
  /** The exit behind which the life before seems over, if one like it filled there of late. */
  readonly endBefore?: Claim | undefined;
}

const NONE: OfEarlierEpisodes = { sameAction: [] };

/** Equal orders of episodes before its own, for an order that nobody has named. */
function ofEarlierEpisodes(
  rows: Rows,
  { account, agent, symbol, effect }: Intent,
  fingerprint: string,
  request: ClaimRequest,
): OfEarlierEpisodes {
  const { policy } = request;
  const book = rows.book(account, symbol);
  const equalsIn = (episode: number) =>
    rows.equals(account, agent, fingerprint, episode).filter((one) => one.episode === episode);
  const lives = livesOf(book, effect);
  const sameLife = lives.slice(1).flatMap(equalsIn);
  if (effect === "close" && isFlat(book)) return { sameAction: sameLife };
  const lifeBefore = isFlat(book) ? livesOf(book, "close") : [Math.min(...lives) - 1];
  const filled = lifeBefore.flatMap(equalsIn).find((claim) => filledLately(claim, request, policy));
  if (effect === "close") return { sameAction: sameLife, endBefore: filled };
  const before = livesBefore(episodeOf(book, effect)).flatMap(equalsIn);
  const lost = before.filter((claim) => isLostOpen(claim, request, policy));
  const endBefore = filled && exitThatEnded(rows, book);
  return { sameAction: [...sameLife, ...lost], endBefore };
}

/** Undefined where nothing has, or no order of ours. */
function exitThatEnded(rows: Rows, { account, closedBy }: Book): Claim | undefined {
  return closedBy === null ? undefined : rows.claim({ account, ...closedBy });
}

/** Of equal combos those that are no action of a position that is over. */
function ofThisLife(rows: Rows, equals: readonly Claim[]): Claim[] {
  const claimOf = (key: ClaimKey) => rows.claim(key);
  return equals.filter((combo) => {
    const bookOf = (contract: string) => rows.book(combo.key.account, contract);
    return !isOfEarlierLife(combo, { bookOf, claimOf });
  });
}

/** Where its legs leave that open, a combo like one that took from a position does so too. */
function repeatsExit({ decision }: ClaimVerdict): boolean {
  if (decision.kind !== "skip" && decision.kind !== "pending") return false;
  return Object.values(decision.claim.legs).some(({ closes }) => closes);
}

/** What an intent that opens something opens; of a combo the contracts that it does not close. */
function entriesOf(rows: Rows, intent: Intent): readonly string[] {
  if (!isCombo(intent)) return [intent.symbol];
  const opened = (comboLegs(intent) ?? []).filter(
    ({ symbol, side, effect }) =>
      effect !== "close" && !reduces(rows.book(intent.account, symbol), side),
  );
  return opened.map(({ symbol }) => symbol);
}

/** One that nothing became of on the other side is left alone: this side is what is held now. */
function anchoredClaim(
  rows: Rows,
  intent: Intent,
  requestId: ClaimKey["requestId"],
): Claim | undefined {
  const { account, agent } = intent;
  const own = rows.claim({ account, agent, requestId });
  const otherId = own === undefined ? idOnOtherSide(intent) : undefined;
  const other = otherId && rows.claim({ account, agent, requestId: otherId });
  return other === undefined || mayReopen(other) ? own : other;
}

export function runReplace(rows: Rows, key: ClaimKey, command: ReplaceCommand): ReplaceDecision {
  const claim = rows.claim(key);
  if (claim === undefined) throw new InvariantError(`no claim ${key.requestId} to replace`);
  const { symbol } = claim.intent;
  const verdict = decideReplace(claim, rows.book(key.account, symbol), command);
  if (verdict.event !== null) applyToClaim(rows, claim, key, symbol, [verdict.event], command.now);
  return verdict.decision;
}

export function runRecord(rows: Rows, key: ClaimKey, command: RecordCommand): RecordResult {
  const claim = rows.claim(key);
  if (claim === undefined) throw new InvariantError(`no claim ${key.requestId} to record on`);
  const result = recordOne(rows, claim, command);
  if (result.kind === "stale") return result;
  return recordFamily(rows, result, command, (leg, read) => recordOne(rows, leg, read));
}

function recordOne(rows: Rows, claim: Claim, command: RecordCommand): RecordResult {
  const { key } = claim;
  if (isAheadOfEntry(rows, claim, command)) return { kind: "recorded", claim, changed: false };
  const order = orderIn(command);
  const holder = order && holderOf(rows, key.account, order);
  const decided = takenOver(rows, claim, command, holder) ?? decideRecord(claim, command, holder);
  if (decided === undefined) return { kind: "stale", claim };
  const { account } = key;
  const seen = {
    bookOf: (symbol: string) => rows.book(account, symbol),
    claimOf: ({ agent, requestId }: ClaimRef) => rows.claim({ account, agent, requestId }),
    filledAt: "filledAt" in command ? command.filledAt : undefined,
    submittedAtOf: (id: BrokerOrderId) =>
      ordersIn(command).find(({ brokerOrderId }) => brokerOrderId === id)?.submittedAt ?? null,
  };
  const ofLives = isCombo(claim.intent) ? ofTheirLives : ofTheirEpisode;
  const events = ofLives(decided, claim, seen);
  const changed = events.length > 0;
  const after = changed
    ? applyToClaim(rows, claim, key, claim.intent.symbol, events, command.now)
    : claim;
  const overdue = command.type === "overdue" ? command : undefined;
  if (changed || overdue) applyIncidents(rows, claim, after, overdue, command.now);
  return { kind: "recorded", claim: after, changed };
}

/** The claim that has the order, or the one in its place. */
function holderOf(
  rows: Rows,
  account: AccountId,
  { brokerOrderId, replacedBy }: BrokerOrder,
): ClaimKey | undefined {
  const holder = rows.holder(account, brokerOrderId);
  return holder ?? (replacedBy === null ? undefined : rows.holder(account, replacedBy));
}

/** The broker's order that a command tells of, which some other claim may own. */
export function orderIn(command: RecordCommand): BrokerOrder | undefined {
  if (command.type === "order") return command.order;
  if (command.type === "replaced") return command.successor;
  const accepted = command.type === "answer" && command.outcome.kind === "accepted";
  return accepted ? command.outcome.order : undefined;
}

/** All orders that a command tells of; of one that was replaced both. */
function ordersIn(command: RecordCommand): readonly BrokerOrder[] {
  if (command.type === "replaced") return [command.order, command.successor];
  const order = orderIn(command);
  return order === undefined ? [] : [order];
}

export function runOpening(
  rows: Rows,
  account: AccountId,
  positions: readonly OpeningPosition[],
  at: EpochMs,
): boolean {
  if (!rows.markAdopted(account, at)) return false;
  for (const { symbol, quantity, averagePrice } of positions) {
    const body = { type: "opening_adopted", net: quantity, averagePrice } as const;
    applyToSymbol(rows, account, symbol, [body], at);
  }
  return true;
}

export function runNotes(rows: Rows, notes: readonly WaitingNote[]): void {
  for (const { note, at } of notes) rows.append(note, at);
}
