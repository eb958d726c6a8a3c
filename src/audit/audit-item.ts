/**
 * What an audit lists: every claim with each reopening, every request to replace or cancel and what
 * came of it, every repeat that was answered without an order, and every intent that was turned
 * away. Pure.
 *
 * An item is an event, with its claim as it stands: what was decided never changes, what became of
 * it does.
 */
import { BLOCK_CODES, type BlockCode } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import type { BookEvent, ClaimEvent, Outcome, Provenance } from "../claim/claim-event.ts";
import { claimInWords } from "../claim/claim-in-words.ts";
import type { GuardOutcome, GuardProvenance } from "../claim/guard-action.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { GuardEvent } from "../claim/guard-event.ts";
import { guardInWords } from "../claim/guard-in-words.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";
import type { IntentDraft } from "../identity/intent.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export const AUDIT_TYPES = [
  "claimed",
  "reopened",
  "leg_adopted",
  "replace_requested",
  "order_replaced",
  "replace_dropped",
  "replace_answered",
  "cancel_passed",
  "repeat_answered",
  "intent_blocked",
  "guard_claimed",
  "guard_reopened",
  "guard_answered",
] as const satisfies readonly (ClaimEvent | BookEvent | GuardEvent)["type"][];
export type AuditType = (typeof AUDIT_TYPES)[number];

/** What callers are told of what was not sent. */
const ANSWERS = ["PENDING", "SKIP", "BLOCKED"] as const;
/** The state of an item's claim; of a repeat and of what was turned away, its answer. */
export const AUDIT_STATUSES = [...CLAIM_STATUSES, ...ANSWERS] as const;
export type AuditStatus = (typeof AUDIT_STATUSES)[number];

export interface ClaimName {
  readonly agent: AgentId;
  readonly requestId: RequestId;
}

export interface AuditItem {
  /** The number of its event. */
  readonly sequence: number;
  readonly at: EpochMs;
  readonly type: AuditType;
  readonly account: AccountId;
  readonly agent: AgentId;
  /** Null for an intent that was turned away before it became a claim. */
  readonly requestId: RequestId | null;
  /** Empty for an action that is no order. */
  readonly symbol: string;
  /** Such as `buy_to_open` or `sell_to_close`; `replace` and `cancel` of an order; or its own. */
  readonly action: string;
  readonly status: AuditStatus;
  /** Of a claim that has ended. */
  readonly outcome: Outcome | GuardOutcome | null;
  readonly provenance: Provenance | GuardProvenance | null;
  /** Of a refusal: docs/ERRORS.md lists them. */
  readonly code: string | null;
  /** Why, in a sentence. */
  readonly cause: string;
  /** The claim behind a SKIP, a PENDING or a refusal. */
  readonly causedBy: ClaimName | null;
  /** The bot's own number for its decision. */
  readonly decisionId: string | null;
  readonly hash: string;
  /** The claim of an action that is no order, as it stands; null for an order's. */
  readonly guard: GuardClaim | null;
}

/** Whether it is over; an action that was released is open to whoever claims it next. */
export function isCommitted({ status, guard }: Pick<AuditItem, "status" | "guard">): boolean {
  return status === "SETTLED" && guard?.outcome !== "absent";
}

export type ListedEvent =
  | (Extract<StoredEvent, { subject: "claim" }> & { readonly body: { readonly type: AuditType } })
  | (Extract<StoredEvent, { subject: "book" }> & { readonly body: { type: "intent_blocked" } })
  | GuardItemEvent;
type GuardItemEvent = Extract<StoredEvent, { subject: "guard" }> & {
  readonly body: { readonly type: AuditType };
};

export function isListed(event: StoredEvent): event is ListedEvent {
  return AUDIT_TYPES.some((type) => type === event.body.type);
}

/** `claim`: that of the event, as it stands; undefined for an intent that became none. */
export function auditItem(
  event: Exclude<ListedEvent, { subject: "guard" }>,
  claim: Claim | undefined,
): AuditItem {
  const { sequence, at, symbol, hash, body } = event;
  const common = { sequence, at, symbol, hash, type: body.type, guard: null };
  if (event.subject === "book") return { ...common, ...blockedItem(event) };
  if (claim === undefined) throw new InvariantError(`event ${sequence} is of no claim`);
  const { key } = event;
  return { ...common, ...key, ...claimItem(event.body, claim) };
}

/** The same of an action that is no order. */
export function guardAuditItem(event: GuardItemEvent, claim: GuardClaim | undefined): AuditItem {
  if (claim === undefined) throw new InvariantError(`event ${event.sequence} is of no claim`);
  const { sequence, at, symbol, hash, body, key } = event;
  const { action, status, outcome, provenance } = claim;
  const common = { sequence, at, symbol, hash, type: body.type, guard: claim, decisionId: null };
  const words = guardInWords(claim);
  const own = { ...common, ...key, action, code: null, cause: words, causedBy: null };
  if (body.type !== "guard_answered") return { ...own, status, outcome, provenance };
  const { answer, code } = body;
  const cause = code === null ? `the first one: ${words}` : code;
  const told = { status: answer, outcome: null, provenance: null, code, cause };
  return { ...own, ...told, causedBy: nameOf(key) };
}

type Fields = Omit<AuditItem, "sequence" | "at" | "symbol" | "hash" | "type" | "guard">;

function blockedItem({
  account,
  body: { intent, code, cause },
}: Extract<ListedEvent, { subject: "book" }>): Fields {
  return {
    ...{ account, agent: intent.agent, requestId: null },
    ...{ action: actionOf(intent), status: "BLOCKED", outcome: null, provenance: null },
    ...{ code, cause: whyBlocked(intent, code), decisionId: intent.decisionId },
    causedBy: cause === null ? null : nameOf(cause),
  };
}

function claimItem(
  body: Extract<ListedEvent, { subject: "claim" }>["body"],
  claim: Claim,
): Omit<Fields, "account" | "agent" | "requestId"> {
  const { status, outcome, provenance, intent } = claim;
  const own = {
    ...{ action: actionOf(intent), status, outcome, provenance, code: null },
    ...{ cause: claimInWords(claim), causedBy: null, decisionId: intent.decisionId },
  };
  switch (body.type) {
    case "repeat_answered": {
      const { answer, code, decisionId } = body;
      const cause = code === null ? `the first one: ${claimInWords(claim)}` : reasonOf(code);
      const repeat = { ...own, code, cause, decisionId, causedBy: nameOf(claim.key) };
      return { ...repeat, status: answer, outcome: null, provenance: null };
    }
    case "reopened":
      return { ...own, decisionId: body.decisionId };
    case "leg_adopted":
      return { ...own, causedBy: { agent: claim.key.agent, requestId: body.parent } };
    case "replace_requested":
    case "order_replaced":
    case "replace_dropped":
    case "replace_answered":
      // How its order ended later is not what came of the replacement.
      return { ...own, ...replaceItem(body, claim), outcome: null, provenance: null };
    case "cancel_passed":
      return { ...own, action: "cancel", cause: `the broker's answer: ${answerOf(body)}` };
    default:
      return own;
  }
}

type Body<Type extends ClaimEvent["type"]> = Extract<ClaimEvent, { readonly type: Type }>;
type ReplaceType = "replace_requested" | "order_replaced" | "replace_dropped" | "replace_answered";

function replaceItem(body: Body<ReplaceType>, { key }: Claim) {
  const action = "replace";
  switch (body.type) {
    case "replace_requested": {
      const asked = body.quantity === null ? "" : ` for ${body.quantity}`;
      return { action, cause: `another order${asked} is asked for, as ${body.clientOrderId}` };
    }
    case "order_replaced":
      return { action, cause: `replaced by the order ${body.order.brokerOrderId}` };
    case "replace_dropped":
      return { action, cause: `no new order as ${body.clientOrderId}: ${body.reason}` };
    case "replace_answered": {
      const { answer, code } = body;
      const cause = code === null ? "the order that it asks for was there" : reasonOf(code);
      return { action, status: answer, code, cause, causedBy: nameOf(key) };
    }
  }
}

function answerOf({ outcome, httpStatus }: Body<"cancel_passed">): string {
  if (httpStatus === undefined || httpStatus === null) return outcome;
  return outcome === "answered" ? `${httpStatus}` : `${httpStatus}, ${outcome}`;
}

/** Alpaca's own words for what an order does to a position, as far as the intent says. */
function actionOf({ side, effect }: Pick<IntentDraft, "side" | "effect">): string {
  if (side === null) return effect ?? "close";
  return effect === null ? side : `${side}_to_${effect}`;
}

/** With what was asked for: there is no claim that would tell. */
function whyBlocked(intent: IntentDraft, code: string): string {
  const reason = reasonOf(code);
  return `asked to ${orderInWords(intent)}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;
}

function reasonOf(code: string): string {
  return BLOCK_CODES[code as BlockCode] ?? code;
}

function nameOf({ agent, requestId }: ClaimName): ClaimName {
  return { agent, requestId };
}

/** The agent of an event, where it has one. */
export function agentOf(event: ListedEvent): AgentId {
  return event.subject === "book" ? event.body.intent.agent : event.key.agent;
}
