/**
 * Orders that the broker has taken, and whose reads fail for long, while other records of its can
 * be read: nobody would know that one of them has ended. Nothing follows for the claim; people are
 * told. Where nothing can be read at all the broker is away, and no order has to be told of.
 */
import { type Claim, isAtWork } from "../claim/claim.ts";
import type { EpochMs } from "../core/clock.ts";
import type { MissingOrdersPorts } from "./missing-orders.ts";

/** Most failures last for less. */
const UNREAD_MS = 5 * 60_000;

/**
 * Why the claim's order cannot be read; undefined where it can, or not for long. `positionsReadAt`:
 * when positions were last read. Its reads have to fail since before that, and behind it.
 */
export function unreadBecause(
  { sightingOf }: Pick<MissingOrdersPorts, "sightingOf">,
  claim: Claim,
  positionsReadAt: EpochMs | null,
): string | undefined {
  const failing = isAtWork(claim) ? sightingOf(claim)?.failing : null;
  if (!failing || positionsReadAt === null) return undefined;
  const { firstAt, lastAt, because } = failing;
  return positionsReadAt - firstAt >= UNREAD_MS && lastAt >= positionsReadAt ? because : undefined;
}
