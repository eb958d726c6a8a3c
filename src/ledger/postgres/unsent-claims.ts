/**
 * Claims that were granted by a commit whose answer was lost, and of which the server could not be
 * asked either: their callers were told that nothing was sent, and nobody may send them. If they
 * are on record they keep everybody away, until somebody who does not know that proves each absent.
 *
 * So the next transaction of this process says of each that it was not sent, in front of all that
 * comes with it. By then the lost one is over, since it held the same lock; and no later try of
 * this process has an attempt of the same owner and number yet.
 */
import type { ClaimDecision } from "../../claim/answer.ts";
import type { Claim } from "../../claim/claim.ts";
import type { EpochMs } from "../../core/clock.ts";
import { runRecord } from "../transaction.ts";
import type { Ended, Job } from "./batch.ts";

const REASON = "the ledger's answer to the claim was lost, and nobody was told to send";

/** Those that `jobs` were granted, by what became of them. */
export function grantedBy(jobs: readonly Job[], ended: readonly Ended[]): readonly Claim[] {
  return jobs.flatMap(({ subject }, index) => {
    const end = ended[index];
    if (subject.kind !== "claim" || end === undefined || "error" in end) return [];
    const decision = end.value as ClaimDecision;
    return decision.kind === "proceed" ? [decision.claim] : [];
  });
}

/** Says that the attempt was not sent, where it is on record. */
export function sayUnsent({ key, owner, fencing }: Claim, now: EpochMs): Job {
  return {
    durable: false,
    subject: { kind: "one_claim", key },
    run: (rows) => {
      if (rows.claim(key)?.owner !== owner) return;
      runRecord(rows, key, { type: "not_sent", fencing, reason: REASON, now });
    },
  };
}
