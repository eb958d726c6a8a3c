/**
 * What a request that came before is told while no order can be taken: at a start, and while the
 * broker is away. Reads only; an action that is not known, or that would be opened again, gets
 * nothing from here.
 */
import type { BlockCode } from "../claim/answer.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock } from "../core/clock.ts";
import type { OwnerId } from "../core/ids.ts";
import type { IntentDraft } from "../identity/intent.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { noteOf } from "./answer-note.ts";
import { decidedAnswer, type OrderAnswer } from "./order-answer.ts";

export interface KnownAnswerPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly owner: OwnerId;
}

/** Refusals that rest on the earlier claim alone; the others rest on a book that may be old. */
const ABOUT_THE_CLAIM: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "fingerprint_mismatch",
  "exit_duplicate_after_422",
]);

export async function knownAnswer(
  { ledger, clock, owner }: KnownAnswerPorts,
  intent: IntentDraft,
  policy: ClaimPolicy,
): Promise<OrderAnswer | undefined> {
  const now = clock.now();
  const decision = await ledger.preview({
    ...{ intent, owner, policy, now, brokerTime: null },
    // Nothing can be read by now.
    unread: "all",
  });
  if (decision.kind === "proceed") return undefined;
  if (decision.kind === "blocked" && !ABOUT_THE_CLAIM.has(decision.block.code)) return undefined;
  ledger.note(noteOf(intent, decision), now);
  return decidedAnswer(decision);
}
