/**
 * One claim or record inside an open transaction: load, decide, append events, write the rows that
 * they imply. Decisions are taken in claim/; this carries them out.
 */
import { type Book, episodeOf } from "../../book/book.ts";
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import { bookOf, type ClaimEvent } from "../../claim/claim-event.ts";
import {
  believedId,
  type ClaimRequest,
  type ClaimVerdict,
  decideClaim,
  identify,
} from "../../claim/decide-claim.ts";
import { decideRecord, type RecordCommand } from "../../claim/decide-record.ts";
import {
  decideReplace,
  type ReplaceCommand,
  type ReplaceDecision,
} from "../../claim/decide-replace.ts";
import type { BrokerOrder } from "../../claim/evidence.ts";
import { evolveBook, evolveBookByClaim, evolveClaim } from "../../claim/evolve.ts";
import { asksForCloses, resolveEffect } from "../../claim/resolve-effect.ts";
import { resolvePortion } from "../../claim/resolve-portion.ts";
import type { EpochMs } from "../../core/clock.ts";
import { InvariantError } from "../../core/errors.ts";
import type { AccountId, ClaimKey } from "../../core/ids.ts";
import { fingerprintOf } from "../../identity/fingerprint.ts";
import { chainEvent } from "../event-chain.ts";
import type { Note, OpeningPosition, RecordResult } from "../ledger.ts";
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

/** Loads what the decision needs and takes it; writes nothing. */
export function decideOn(rows: Rows, request: ClaimRequest): ClaimVerdict {
  const { policy, now } = request;
  const { account, agent, symbol } = request.intent;
  const book = rows.book(account, symbol);
  const draft = resolvePortion(request.intent, book);
  const believed = believedId(draft, policy);
  const known = believed && rows.claim({ account, agent, requestId: believed });
  const equalCloses = asksForCloses(draft, book, known)
    ? rows.equals(account, agent, fingerprintOf({ ...draft, effect: "close" }), book.episode)
    : [];
  const intent = resolveEffect(draft, { book, existing: known, equalCloses }, now, policy);
  const { requestId, fingerprint } = identify(intent, policy);
  const isDerived = believed === undefined && requestId !== null;
  const existing = isDerived ? rows.claim({ account, agent, requestId }) : known;
  const equals = rows.equals(account, agent, fingerprint, episodeOf(book, intent.effect));
  return decideClaim({ book, existing, equals }, { ...request, intent });
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
  const order = orderIn(command);
  const holder = order === undefined ? undefined : rows.holder(key.account, order.brokerOrderId);
  const events = decideRecord(claim, command, holder);
  if (events === undefined) return { kind: "stale", claim };
  if (events.length === 0) return { kind: "recorded", claim, changed: false };
  const after = applyToClaim(rows, claim, key, claim.intent.symbol, events, command.now);
  return { kind: "recorded", claim: after, changed: true };
}

/** The broker's order that a command tells of, which some other claim may own. */
function orderIn(command: RecordCommand): BrokerOrder | undefined {
  if (command.type === "order") return command.order;
  const accepted = command.type === "answer" && command.outcome.kind === "accepted";
  return accepted ? command.outcome.order : undefined;
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
    rows.appendEvent(chainEvent(rows.head(), { subject: "book", account, symbol, body }, at));
    rows.saveBook(evolveBook(rows.book(account, symbol), body));
  }
  return true;
}

export function runNote(rows: Rows, note: Note, at: EpochMs): void {
  rows.appendEvent(chainEvent(rows.head(), note, at));
}

function applyToClaim(
  rows: Rows,
  before: Claim | undefined,
  key: ClaimKey,
  symbol: string,
  events: readonly ClaimEvent[],
  at: EpochMs,
): Claim {
  let claim = before;
  const books = new Map<string, Book>();
  let head = rows.head();
  for (const body of events) {
    const status = claim?.status ?? "NONE";
    claim = evolveClaim(claim, key, body, at);
    const about = bookOf(body, symbol);
    const book = books.get(about) ?? rows.book(key.account, about);
    books.set(about, evolveBookByClaim(book, body, status, claim));
    const stored = chainEvent(head, { subject: "claim", key, symbol: about, body }, at);
    rows.appendEvent(stored);
    head = stored;
  }
  if (claim === undefined) throw new InvariantError("a claim needs at least one event");
  rows.saveClaim(claim);
  for (const book of books.values()) rows.saveBook(book);
  return claim;
}
