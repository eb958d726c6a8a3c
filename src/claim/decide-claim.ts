/**
 * Decides what an intent is: a new action, the same one again, or one that must not be sent.
 *
 * Runs inside the claim transaction, on what that transaction has locked and read. I1 and I3: only
 * the caller whose decision is `proceed` may send. I5: a close is admitted only against shares that
 * no other live close holds. I8: every refusal names the claim behind it.
 */
import { type Book, episodeOf, livesOf, sameClaim } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import { InvariantError } from "../core/errors.ts";
import type { ClaimKey, OwnerId } from "../core/ids.ts";
import { type FieldDifference, fingerprintOf, firstDifference } from "../identity/fingerprint.ts";
import type { Intent, IntentDraft } from "../identity/intent.ts";
import { deriveClientOrderId, deriveRequestId, explicitRequestId } from "../identity/request-id.ts";
import type { Incident } from "../incident/incident.ts";
import { type Admission, admit } from "./admission.ts";
import { type Block, type ClaimDecision, phaseOf } from "./answer.ts";
import {
  type Claim,
  isAccepted,
  isLatched,
  type LatchedClaim,
  mayYetArrive,
  neverWas,
  receiptOf,
  wasFilled,
} from "./claim.ts";
import type { ClaimEvent, IdentityKind } from "./claim-event.ts";
import { isMalformed } from "./decide-verdict.ts";
import { evolveClaim, nextAttempt } from "./evolve.ts";
import type { ClaimPolicy } from "./policy.ts";
import { filledLately, repeatedBy } from "./same-action.ts";
import { isLive } from "./transitions.ts";

const SECOND_MS = 1_000;

/**
 * Which orders at work in the symbol this try has not read: absent where it has not looked, "all"
 * where the look did not come to an end while its caller waits. Those that had no answer when the
 * others were read are among them: they may be at work by the time of the decision.
 */
export type UnreadOrders = readonly Claim[] | "all" | undefined;

/** A command whose intent may leave it to the book whether it opens or closes. */
export interface ClaimRequest extends Omit<ClaimCommand, "intent"> {
  readonly intent: IntentDraft;
  /** What this try knows of our orders at work in the symbol. */
  readonly unread?: UnreadOrders;
}

export interface ClaimCommand {
  readonly intent: Intent;
  readonly owner: OwnerId;
  readonly now: EpochMs;
  /** What the broker's clock shows at `now`; null where nobody knows. */
  readonly brokerTime: EpochMs | null;
  /** This machine has slept since the broker said so: it is later there by then, perhaps. */
  readonly isTimeGuess?: boolean;
  readonly policy: ClaimPolicy;
}

/** What the transaction has read. */
export interface ClaimSnapshot {
  readonly book: Book;
  /** The claim under the intent's own request id, explicit or anchored. */
  readonly existing: Claim | undefined;
  /**
   * Claims of equal intents of the same agent, the latest first: every live one, and of those that
   * ended in the intent's episode the latest, and the latest with fills.
   */
  readonly equals: readonly Claim[];
  /** The close of an earlier life that an intent without a name is once more; resolve-effect.ts. */
  readonly earlierClose?: Claim | undefined;
  /** An open incident that keeps entries in the symbol out. */
  readonly blocking: Incident | undefined;
  /** Whether a leg of the claim is at work that is another way of the same exit; see family.ts. */
  readonly worksByLeg?: (claim: Claim) => boolean;
}

/** The answer, and the one event that it commits: none where nothing changes. */
export interface ClaimVerdict {
  readonly event: ClaimEvent | null;
  readonly decision: ClaimDecision;
}

/** How the intent is identified before anything is read. */
export interface IntentIdentity {
  readonly kind: IdentityKind;
  /** Null for an intent without an anchor: its id is given once it is known to be new. */
  readonly requestId: ClaimKey["requestId"] | null;
  readonly fingerprint: string;
}

/** The caller's own id, as far as it counts as one. */
export function believedId(
  intent: Pick<Intent, "requestId" | "clientOrderId">,
  policy: ClaimPolicy,
): ClaimKey["requestId"] | undefined {
  const counts = policy.clientIdIsIdentity || intent.requestId !== null;
  return counts ? explicitRequestId(intent) : undefined;
}

export function identify(intent: Intent, policy: ClaimPolicy): IntentIdentity {
  const fingerprint = fingerprintOf(intent);
  const explicit = believedId(intent, policy);
  if (explicit !== undefined) {
    return { kind: "explicit", requestId: explicit, fingerprint };
  }
  if (intent.anchor !== null) {
    return { kind: "anchored", requestId: deriveRequestId(intent, intent.anchor), fingerprint };
  }
  return { kind: "arrival", requestId: null, fingerprint };
}

/**
 * The id that an anchored close of a part of the position has where the book turns it into the
 * other side: its anchor names one action, whatever is held by now. Undefined for other intents.
 */
export function idOnOtherSide(intent: Intent): ClaimKey["requestId"] | undefined {
  if (intent.portion === null || intent.anchor === null) return undefined;
  const side = intent.side === "buy" ? "sell" : "buy";
  return deriveRequestId({ ...intent, side }, intent.anchor);
}

/** `identity`: the intent's, where somebody has asked for it already. */
export function decideClaim(
  snapshot: ClaimSnapshot,
  command: ClaimCommand,
  identity = identify(command.intent, command.policy),
): ClaimVerdict {
  const { existing } = snapshot;
  if (existing !== undefined) return decideRepeat(snapshot, command, existing);
  const twin =
    identity.kind === "arrival"
      ? equalAction(snapshot, command)
      : identity.kind === "explicit" && inTheWay(snapshot, command, undefined);
  return twin ? decideRepeat(snapshot, command, twin) : decideNew(snapshot, command, identity);
}

/** The claim that an intent without a name is once more. */
function equalAction(
  { book, equals, earlierClose, worksByLeg }: ClaimSnapshot,
  command: ClaimCommand,
): Claim | undefined {
  const lives = livesOf(book, command.intent.effect);
  return earlierClose ?? repeatedBy(equals, lives, command, command.policy, worksByLeg);
}

/**
 * The equal claim that an explicit id must wait for, or whose order it gets: such an id is believed
 * only against orders that are there and whose own caller was told so.
 */
function inTheWay(
  { equals }: ClaimSnapshot,
  command: ClaimCommand,
  own: Claim | undefined,
): Claim | undefined {
  const others = equals.filter((claim) => own === undefined || !sameClaim(claim.key, own.key));
  const unanswered = others.find((claim) => isLive(claim.status) && !isAccepted(claim));
  const untold = others.find(
    (claim) =>
      claim.told !== "certain" &&
      (isLive(claim.status) || filledLately(claim, command, command.policy)),
  );
  return unanswered ?? untold;
}

function decideRepeat(snapshot: ClaimSnapshot, command: ClaimCommand, claim: Claim): ClaimVerdict {
  const { intent } = command;
  const difference = firstDifference(claim.intent, intent);
  if (difference !== undefined) return blocked(claim, mismatchBlock(claim, difference));
  if (isLatched(claim)) return blocked(claim, latchBlock(claim));
  if (isLive(claim.status) || snapshot.worksByLeg?.(claim)) {
    return unchanged({ kind: "pending", claim, phase: phaseOf(claim) });
  }
  if (!mayReopen(claim)) return skip(claim);
  const other = claim.identity === "explicit" ? inTheWay(snapshot, command, claim) : undefined;
  return other === undefined
    ? reopen(snapshot, command, claim)
    : decideRepeat(snapshot, command, other);
}

/**
 * The receipt, where that is all that a repeat of `claim` can come to: it is over, never opens
 * again, and the intent is the same. Whether an order opens or closes, and what a part comes to,
 * its first try has said.
 */
export function decideEnded(claim: Claim, draft: IntentDraft): ClaimDecision | undefined {
  if (isLive(claim.status) || mayReopen(claim)) return undefined;
  const intent = { ...draft, effect: draft.effect ?? claim.intent.effect };
  return firstDifference(claim.intent, intent) === undefined ? skip(claim).decision : undefined;
}

/** Which ended claims a new try of the same request may open again. */
export function mayReopen(claim: Claim): boolean {
  switch (claim.outcome) {
    case "not_sent":
      return true;
    case "absent":
      // A person may have said so of an order that the broker had taken, and with it the bot's id.
      return claim.identity !== "explicit" || !isAccepted(claim);
    case "rejected":
    case "canceled":
    case "expired":
      return !wasFilled(claim) && (isSameOrder(claim) || isFreeExit(claim));
    default:
      return false;
  }
}

/** Another order for a bot that names nothing could meet the one that was lost and comes late. */
function isSameOrder(claim: Claim): boolean {
  return claim.identity === "anchored" || (claim.identity === "arrival" && neverWas(claim));
}

/**
 * An exit under an id of its caller's that the broker refused, and whose shares are still to be
 * sold. The broker never took the id: a bot that gives each exit one would have no other way out.
 */
function isFreeExit(claim: Claim): boolean {
  const { identity, intent, outcome, idTaken } = claim;
  const isRefused = outcome === "rejected" && !isAccepted(claim) && !idTaken;
  return identity === "explicit" && intent.effect === "close" && isRefused && !isMalformed(claim);
}

function skip(claim: Claim): ClaimVerdict {
  const receipt = receiptOf(claim);
  if (receipt === undefined) {
    throw new InvariantError(`claim ${claim.key.requestId} ended without an outcome`);
  }
  return unchanged({ kind: "skip", claim, receipt });
}

function mismatchBlock({ key }: Claim, difference: FieldDifference): Block {
  const { field, first, second } = difference;
  const message = `request ${key.requestId} came before with ${field} ${first}, now with ${second}`;
  return {
    ...{ code: "fingerprint_mismatch", message, cause: key },
    ...{ difference, availableQuantity: null },
  };
}

function latchBlock({ key, refusal }: LatchedClaim): Block {
  return {
    code: "exit_duplicate_after_422",
    message:
      `the broker refused this exit with ${refusal.httpStatus} ("${refusal.message}"); ` +
      "it is not sent again until the broker's records show why",
    cause: key,
    difference: null,
    availableQuantity: null,
  };
}

function entryBlock({ id, summary, causes }: Incident): Block {
  return {
    code: "entry_blocked",
    message: `incident ${id} blocks entries: ${summary}`,
    cause: causes.at(-1) ?? null,
    difference: null,
    availableQuantity: null,
  };
}

function blocked(claim: Claim | null, block: Block): ClaimVerdict {
  return unchanged({ kind: "blocked", block, claim });
}

function unchanged(decision: ClaimDecision): ClaimVerdict {
  return { event: null, decision };
}

function reopen(snapshot: ClaimSnapshot, command: ClaimCommand, claim: Claim): ClaimVerdict {
  const { intent, now } = command;
  const { side, quantity } = intent;
  // A lost try that comes yet would be booked on the side of this one.
  if (side !== claim.intent.side && mayYetArrive(claim)) {
    return blocked(
      claim,
      mismatchBlock(claim, { field: "side", first: claim.intent.side, second: side }),
    );
  }
  const admission = admissionOf(snapshot, command);
  if (admission.kind === "blocked") return blocked(claim, admission.block);
  const isOther = side !== claim.intent.side || quantity !== claim.intent.quantity;
  const attempt = nextAttempt(claim);
  const event: ClaimEvent = {
    type: "reopened",
    episode: episodeOf(snapshot.book, intent.effect),
    attempt,
    clientOrderId:
      attempt === claim.attempt ? claim.clientOrderId : clientOrderIdOf(intent, claim.key, attempt),
    owner: command.owner,
    sendDeadline: now + command.policy.sendDeadlineMs,
    reserved: admission.reserve,
    decisionId: intent.decisionId,
    ...(isOther && { amount: { side, quantity } }),
  };
  const opened = evolveClaim(claim, claim.key, event, now);
  return proceed(opened, event, true);
}

function decideNew(
  snapshot: ClaimSnapshot,
  command: ClaimCommand,
  identity: IntentIdentity,
): ClaimVerdict {
  const { intent, now } = command;
  const { book } = snapshot;
  const admission = admissionOf(snapshot, command);
  if (admission.kind === "blocked") return blocked(null, admission.block);
  const number = arrivalAfter(book, now);
  const arrival = identity.requestId === null ? number : null;
  const requestId = identity.requestId ?? deriveRequestId(intent, { arrival: number });
  const key: ClaimKey = { account: intent.account, agent: intent.agent, requestId };
  // In the order of canonical JSON: see canonical-json.ts.
  const claimed: ClaimEvent = {
    arrival,
    attempt: 1,
    brokerTime: command.brokerTime,
    clientOrderId: clientOrderIdOf(intent, key, 1),
    episode: episodeOf(book, intent.effect),
    fingerprint: identity.fingerprint,
    identity: identity.kind,
    intent,
    owner: command.owner,
    reserved: admission.reserve,
    sendDeadline: now + command.policy.sendDeadlineMs,
    type: "claimed",
  };
  const event: ClaimEvent = command.isTimeGuess ? { ...claimed, isTimeGuess: true } : claimed;
  return proceed(evolveClaim(undefined, key, event, now), event, false);
}

/**
 * The number of a new action that nobody has named: above all before it, and no earlier than the
 * second it comes in. A ledger that begins anew, or is an older copy, gives none that an earlier
 * order has: the broker would answer with that order, and nothing would be sent.
 */
function arrivalAfter({ arrivals }: Pick<Book, "arrivals">, now: EpochMs): number {
  return Math.max(arrivals + 1, Math.floor(now / SECOND_MS));
}

function clientOrderIdOf(intent: Intent, key: ClaimKey, attempt: number) {
  return (
    intent.clientOrderId ?? deriveClientOrderId(key.account, key.agent, key.requestId, attempt)
  );
}

/** Whether an attempt may be opened, the first one or a later one. */
function admissionOf(
  { book, blocking }: ClaimSnapshot,
  { intent, policy }: ClaimCommand,
): Admission {
  return blocking !== undefined && intent.effect === "open"
    ? { kind: "blocked", block: entryBlock(blocking) }
    : admit(book, intent, policy);
}

function proceed(claim: Claim, event: ClaimEvent, reopened: boolean): ClaimVerdict {
  return { event, decision: { kind: "proceed", claim, reopened } };
}
