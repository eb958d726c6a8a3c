/**
 * An order with legs, inside the transaction that records it: every leg is a claim, and the shares
 * that they may sell are reserved once. Decided in claim/decide-legs.ts; carried out here.
 */
import { sameClaim } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import type { ClaimEvent } from "../claim/claim-event.ts";
import {
  adoptLeg,
  awaitsEntry,
  beginsClaim,
  claimOfLeg,
  takenOverEvents,
  tieEvent,
} from "../claim/decide-legs.ts";
import type { RecordCommand } from "../claim/decide-record.ts";
import type { BrokerOrder, EvidenceSource } from "../claim/evidence.ts";
import { parentKeyOf } from "../claim/family.ts";
import { isLive } from "../claim/transitions.ts";
import type { EpochMs } from "../core/clock.ts";
import type { ClaimKey } from "../core/ids.ts";
import { isCombo } from "../identity/combo.ts";
import { applyToClaim } from "./apply-events.ts";
import type { RecordResult } from "./ledger.ts";
import type { Rows } from "./rows.ts";

type Recorded = Extract<RecordResult, { kind: "recorded" }>;
/** Records one order of one claim, and nothing of its family. */
type RecordOne = (claim: Claim, command: RecordCommand) => RecordResult;

/** Whether a leg's fills must wait until those of the order before it are in the book. */
export function isAheadOfEntry(rows: Rows, claim: Claim, command: RecordCommand): boolean {
  const order = shownBy(command)?.order;
  const key = parentKeyOf(claim);
  const parent = order === undefined || key === undefined ? undefined : rows.claim(key);
  return order !== undefined && parent !== undefined && awaitsEntry(claim, order, parent);
}

/**
 * What `command` makes of a claim whose order gave way to another exit of its family; undefined
 * where it did not. `holder`: the claim that has the order in its place.
 */
export function takenOver(
  rows: Rows,
  claim: Claim,
  command: RecordCommand,
  holder: ClaimKey | undefined,
): readonly ClaimEvent[] | undefined {
  if (claim.family === undefined) return undefined;
  if (command.type === "replaced") {
    return holder && takenOverEvents(claim, exitsBeside(rows, claim), command, holder);
  }
  if (command.type !== "order" || command.hasNoSuccessor !== true) return undefined;
  return takenOverEvents(claim, exitsBeside(rows, claim), command, undefined);
}

/** Whether the claim's order has a leg at work that is another way of the same exit. */
export function worksByLeg(rows: Rows, claim: Claim): boolean {
  const { family, intent } = claim;
  if (family === undefined || family.parent !== null || intent.effect !== "close") return false;
  return exitsBeside(rows, claim).some(({ status }) => isLive(status));
}

/** The other claims of its family that sell, or buy back, the same shares. */
function exitsBeside(rows: Rows, claim: Claim): readonly Claim[] {
  const parent = parentOf(rows, claim);
  if (parent === undefined) return [];
  return [parent, ...childrenOf(rows, parent)].filter(
    ({ key, intent }) => !sameClaim(key, claim.key) && intent.side === claim.intent.side,
  );
}

/** The claim of the order that brought the family; its own, where it is that one. */
function parentOf(rows: Rows, claim: Claim): Claim | undefined {
  const key = parentKeyOf(claim);
  return key === undefined ? claim : rows.claim(key);
}

/** Brings the rest of a claim's family up to what the command has shown. */
export function recordFamily(
  rows: Rows,
  result: Recorded,
  command: RecordCommand,
  recordOne: RecordOne,
): Recorded {
  const { claim } = result;
  const legs = legsIn(claim, command);
  if (claim.family === undefined && legs.length === 0) return result;
  const parent = parentOf(rows, claim);
  if (parent === undefined) return result;
  const shown = shownBy(command);
  const children = new Map(childrenOf(rows, parent).map((child) => [child.key.requestId, child]));
  let { changed } = result;
  for (const leg of legs) {
    const read = { source: shown?.source ?? "poll", now: command.now } as const;
    const child = recordLeg(
      rows,
      parent,
      [...children.values()],
      { leg, legs, ...read },
      recordOne,
    );
    if (child === undefined) continue;
    children.set(child.claim.key.requestId, child.claim);
    changed ||= child.changed;
  }
  const tied = tie(rows, parent, [...children.values()], command.now);
  const after = parent === claim ? tied : claim;
  return { kind: "recorded", claim: after, changed: changed || tied !== parent };
}

/** What the exits of a family hold, once `claim` has ended without an order that shows it. */
export function tieFamilyOf(rows: Rows, claim: Claim, at: EpochMs): void {
  if (claim.family === undefined) return;
  const parent = parentOf(rows, claim);
  if (parent !== undefined) tie(rows, parent, childrenOf(rows, parent), at);
}

interface ReadLeg {
  readonly leg: BrokerOrder;
  /** All legs that the order was shown with. */
  readonly legs: readonly BrokerOrder[];
  readonly source: EvidenceSource;
  readonly now: EpochMs;
}

function recordLeg(
  rows: Rows,
  parent: Claim,
  children: readonly Claim[],
  { leg, legs, source, now }: ReadLeg,
  recordOne: RecordOne,
): Recorded | undefined {
  const known = claimOfLeg(parent, children, leg);
  if (known !== undefined) {
    const result = recordOne(known, { type: "order", order: leg, source, now });
    return result.kind === "recorded" ? result : undefined;
  }
  const isHeld = rows.holder(parent.key.account, leg.brokerOrderId) !== undefined;
  if (isHeld || !beginsClaim(parent, children, leg, legs)) return undefined;
  const { key, symbol, events } = adoptLeg(parent, leg, source, now);
  const claim = applyToClaim(rows, undefined, key, symbol, events, now);
  return { kind: "recorded", claim, changed: true };
}

function tie(rows: Rows, parent: Claim, children: readonly Claim[], at: EpochMs): Claim {
  const { symbol } = parent.intent;
  const event = tieEvent(parent, children, rows.book(parent.key.account, symbol));
  if (event === undefined) return parent;
  return applyToClaim(rows, parent, parent.key, symbol, [event], at);
}

function childrenOf(rows: Rows, { key, family }: Claim): readonly Claim[] {
  return (family?.legs ?? []).flatMap((requestId) => rows.claim({ ...key, requestId }) ?? []);
}

/** The legs that the claim's own order was shown with. */
function legsIn(claim: Claim, command: RecordCommand): readonly BrokerOrder[] {
  const order = shownBy(command)?.order;
  const isOwn = order?.brokerOrderId === claim.brokerOrderId;
  if (!isOwn || isCombo(claim.intent) || parentKeyOf(claim) !== undefined) return [];
  return order?.legs ?? [];
}

/** The order that a command shows as the claim's. */
function shownBy(
  command: RecordCommand,
): { readonly order: BrokerOrder; readonly source: EvidenceSource } | undefined {
  switch (command.type) {
    case "order":
      return command;
    case "replaced":
      return { order: command.successor, source: command.source };
    case "answer":
      return command.outcome.kind === "accepted"
        ? { order: command.outcome.order, source: "response" }
        : undefined;
    default:
      return undefined;
  }
}
