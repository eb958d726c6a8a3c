/**
 * An order and its legs (bracket, oco, oto): each leg is a claim of its own, and the exits among
 * them exclude each other, so they share one reservation, kept under the parent's name. Says who is
 * who; what an order with legs makes of its claims is decided in decide-legs.ts.
 */
import type { ClaimRef } from "../book/book.ts";
import { add, type DecimalText, isZero, signOf, subtract, ZERO } from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { Intent } from "../identity/intent.ts";
import type { Claim } from "./claim.ts";
import type { BrokerOrder } from "./evidence.ts";

const CLASSES_WITH_LEGS: ReadonlySet<unknown> = new Set(["bracket", "oco", "oto"]);

/** Whether the order that `intent` asks for has legs that are orders of their own. */
export function asksForLegs({ extension }: Pick<Intent, "extension">): boolean {
  return CLASSES_WITH_LEGS.has(extension?.order_class);
}

/** The claim's parent; undefined where it is no leg. */
export function parentKeyOf({ key, family }: Claim): ClaimKey | undefined {
  const parent = family?.parent ?? null;
  return parent === null ? undefined : { ...key, requestId: parent };
}

/** Under whose name the book keeps the shares that the claim's order may close. */
export function reservedUnder(claim: Claim): ClaimRef {
  const { agent, requestId } = parentKeyOf(claim) ?? claim.key;
  return { agent, requestId };
}

/** Shares that the claim's order may still fill; zero once it is settled. */
export function remainingOf(claim: Claim): DecimalText {
  if (claim.status === "SETTLED") return ZERO;
  const asked = claim.family?.quantity ?? claim.intent.quantity ?? ZERO;
  const own = subtract(claim.bookedQuantity, claim.carriedQuantity);
  const rest = add(subtract(asked, own), claim.replacing?.extra ?? ZERO);
  return signOf(rest) > 0 ? rest : ZERO;
}

/**
 * Whether `order`, which has ended, may have filled by legs that nobody has seen yet: until they
 * are, the claim is not settled and its order is read again.
 */
export function hidesLegs(claim: Claim, order: BrokerOrder): boolean {
  const isShown = claim.family !== undefined || (order.legs ?? []).length > 0;
  if (isShown || !asksForLegs(claim.intent) || order.status === "rejected") return false;
  return claim.intent.effect === "close" || !isZero(claim.bookedQuantity);
}
