/** What one claim comes to, with the orders that are its own, if it has any. Pure. */
import { compare } from "../core/decimal.ts";
import type { FindingKind, Reason } from "./finding.ts";
import {
  hasEndedEarly,
  hasFilled,
  isAtWork,
  isRejected,
  lastOf,
  type OrderGroup,
} from "./order-group.ts";
import type { Pairing } from "./pairing.ts";
import { isKnownWord } from "./read-words.ts";
import type { RecordedClaim } from "./recorded.ts";
import { areTermsStated, fillsThatDiffer, mayCountChain, termsThatDiffer } from "./terms.ts";

export interface Judgement {
  readonly kind: FindingKind;
  readonly reasons: readonly Reason[];
}

/** The times of the first and the last order; null where none has a time. */
export type Span = readonly [first: number, last: number] | null;

export function judgeClaim(pairing: Pairing, span: Span): Judgement {
  const { claim, group, attempts, trouble } = pairing;
  const own = group === null ? withoutOrder(claim, trouble, span) : withOrder(pairing, group);
  if (attempts.length === 0) return own;
  const did = [...attempts, ...(group === null ? [] : [group])].filter(
    (one) => hasFilled(one) || isAtWork(one),
  );
  const isTwice = did.length > 1 || (group === null && did.length > 0);
  if (isTwice) return { kind: "contradiction", reasons: [...own.reasons, "two_attempts"] };
  return { kind: own.kind, reasons: [...own.reasons, "other_attempt"] };
}

function withoutOrder(claim: RecordedClaim, trouble: Pairing["trouble"], span: Span): Judgement {
  if (claim.isSkipTakenForSuccess) return contradiction("skip_taken_for_success");
  if (trouble === "ambiguous_match") return { kind: "uncertain", reasons: [trouble] };
  if (trouble !== null) return contradiction(trouble);
  switch (claim.says) {
    case "skipped":
      return { kind: "duplicate_blocked", reasons: ["answered_without_order"] };
    case "refused":
      return { kind: "refused", reasons: ["refusal_agrees"] };
    case "not_there":
      return { kind: "confirmed", reasons: ["no_order_as_recorded"] };
    case "open":
      return { kind: "uncertain", reasons: ["outcome_open", ...unknownWord(claim.word)] };
    case "done":
    case "working":
    case "ended_empty": {
      const isOutside =
        claim.at !== null && span !== null && (claim.at < span[0] || claim.at > span[1]);
      const reasons: Reason[] = isOutside ? ["outside_the_orders"] : [];
      return { kind: "missing_at_broker", reasons: ["no_such_order", ...reasons] };
    }
  }
}

function withOrder({ claim, match }: Pairing, group: OrderGroup): Judgement {
  if (match === "heuristic") return { kind: "uncertain", reasons: ["heuristic_match"] };
  if (claim.says === "skipped") return blockedWithOrder(claim, group);
  const differing = [...termsThatDiffer(claim, group), ...stateThatDiffers(claim, group)];
  const isPart = match === "partial";
  const isSure = !isPart || areTermsStated(claim);
  if (differing.length > 0) {
    const how: Reason[] = isPart ? ["partial_identifier"] : [];
    return { kind: isSure ? "contradiction" : "uncertain", reasons: [...how, ...differing] };
  }
  const told = tellsOf(claim, group);
  const reasons = [isPart ? "partial_identifier" : "identifiers_agree", ...told.reasons] as const;
  return { kind: isSure ? told.kind : "uncertain", reasons };
}

/** Whether the order is the first one's, whose claim was not given, nobody can say. */
function blockedWithOrder(claim: RecordedClaim, group: OrderGroup): Judgement {
  if (claim.isSkipTakenForSuccess) return contradiction("skip_taken_for_success");
  const at = group.orders[0]?.at ?? null;
  const isItsOwn = at !== null && claim.at !== null && at >= claim.at;
  return { kind: isItsOwn ? "contradiction" : "uncertain", reasons: ["order_despite_block"] };
}

/** What claim and order say of how it went, where both cannot be. */
function stateThatDiffers(claim: RecordedClaim, group: OrderGroup): readonly Reason[] {
  const didSomething = hasFilled(group) || isAtWork(group);
  switch (claim.says) {
    case "refused":
      return didSomething ? ["order_despite_refusal"] : [];
    case "not_there":
      return isRejected(group) ? [] : ["order_despite_absence"];
    case "done":
      if (isRejected(group)) return ["success_but_refused"];
      return claim.saysFilled ? filledFor(claim, group) : [];
    case "working":
      // What came since the claim was read is no difference.
      return isBehind(claim, group) ? [] : fillsThatDiffer(claim, group);
    case "ended_empty":
      // An order that was canceled may have filled some of it before, and its claim may say so.
      if (claim.filled === null) return hasFilled(group) ? ["fills_differ"] : [];
      return fillsThatDiffer(claim, group);
    default:
      return [];
  }
}

function filledFor(claim: RecordedClaim, group: OrderGroup): readonly Reason[] {
  if (!hasFilled(group) || isShortOfAll(claim, group)) return ["fills_differ"];
  return fillsThatDiffer(claim, group);
}

/** A claim that names no number has filled what was ordered, where it says so. */
function isShortOfAll(claim: RecordedClaim, group: OrderGroup): boolean {
  if (!claim.saysAllFilled || claim.filled !== null || !group.isWhole) return false;
  const wanted = claim.quantityAtEnd ?? claim.quantity ?? group.orders[0]?.quantity ?? null;
  return wanted !== null && compare(group.filled, wanted) < 0;
}

/** What is left to say where nothing differs. */
function tellsOf(claim: RecordedClaim, group: OrderGroup): Judgement {
  const { says, filled, word } = claim;
  const told: Reason[] = areTermsStated(claim) ? [] : ["terms_not_stated"];
  if (group.orders.length > 1) told.push("replaced");
  if (says === "refused") return { kind: "refused", reasons: [...told, "refusal_agrees"] };
  if (says === "open") {
    return { kind: "uncertain", reasons: [...told, "open_but_at_broker", ...unknownWord(word)] };
  }
  if (mayCountChain(claim, group)) {
    return { kind: "uncertain", reasons: [...told, "chain_may_count"] };
  }
  if (says === "working" && isBehind(claim, group)) {
    return { kind: "uncertain", reasons: [...told, "fills_behind"] };
  }
  if (says === "working" && hasEndedEarly(group)) {
    return { kind: "uncertain", reasons: [...told, "working_but_ended"] };
  }
  if (says === "ended_empty" && isAtWork(group) && lastOf(group).status !== null) {
    return { kind: "uncertain", reasons: [...told, "ended_but_working"] };
  }
  if (says === "done" && !hasFilled(group) && !isAtWork(group)) {
    return { kind: "uncertain", reasons: [...told, "success_not_shown"] };
  }
  if (isAtWork(group)) told.push("still_working");
  else if (!hasFilled(group)) told.push("ended_without_fill");
  if (filled === null && hasFilled(group)) told.push("fills_not_stated");
  return { kind: "confirmed", reasons: told };
}

function isBehind(claim: RecordedClaim, group: OrderGroup): boolean {
  return claim.filled !== null && compare(group.filled, claim.filled) > 0;
}

function unknownWord(word: string | null): readonly Reason[] {
  return isKnownWord(word) ? [] : ["word_not_known"];
}

function contradiction(reason: Reason): Judgement {
  return { kind: "contradiction", reasons: [reason] };
}
