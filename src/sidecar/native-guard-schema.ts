/**
 * What guard clients send and get: the shapes that they know, and our states beside them. The
 * schemas check requests, shape answers and describe both.
 */
import { z } from "zod";
import { isCommitted } from "../audit/audit-item.ts";
import { isQuestionedByLateWord } from "../claim/decide-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import { GUARD_NAME_MAX, GUARD_WAIT_MAX_MS, NOT_BLANK } from "../guard/guard-input.ts";
import { anyJson } from "../identity/intent-schema.ts";
import { named, timeOut, timeText, timeTextOrNull } from "./native-schemas.ts";

const name = z
  .string()
  .min(1)
  .max(GUARD_NAME_MAX)
  .regex(NOT_BLANK, "expected more than white space");
const requestId = name.describe("The same on every try of one action.");
/** As every other implementation of an action_ref writes a time: nothing else has its hash. */
const timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, "expected 2026-06-08T20:00:00.000Z")
  .describe("Names one action at one time; without it the id is the same for ever.");

export const waitMs = z.coerce.number().int().min(0).max(GUARD_WAIT_MAX_MS);

export const guardClaimBody = named(
  "GuardClaimRequest",
  z
    .strictObject({
      request_id: requestId.optional(),
      action: name.optional().describe("Such as payment.send."),
      agent_id: name.optional().describe("What the caller calls itself."),
      action_type: name.optional().describe("The action, for an id that is derived."),
      scope: name.optional(),
      timestamp: timestamp.optional(),
      payload: anyJson.optional().describe("Only hashes of its fields are kept."),
      wait_ms: waitMs.optional().describe("How long to wait for a live owner's result."),
    })
    .describe(
      "request_id and action; or agent_id, action_type and scope, of which the id is derived: " +
        "SHA-256 over their canonical JSON (RFC 8785).",
    ),
);

export type GuardClaimBody = z.output<typeof guardClaimBody>;

export const settleBody = named(
  "SettleRequest",
  z.strictObject({
    request_id: requestId.optional().describe("Where it cannot stand in a path."),
    result: anyJson.optional().describe("At most 256 KiB; given back on every repeat."),
    outcome: z
      .enum(["done", "rejected", "unknown"])
      .default("done")
      .describe(
        "rejected: it certainly did not happen, and is not to be tried under this id. unknown: " +
          "nobody knows; that takes the settlement token.",
      ),
  }),
);

export const releaseBody = named(
  "ReleaseRequest",
  z.strictObject({
    request_id: requestId.optional().describe("Where it cannot stand in a path."),
    evidence: z
      .string()
      .min(1)
      .regex(NOT_BLANK, "expected more than white space")
      .describe("What shows that it did not happen, in a sentence."),
    attempt: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe(
        "The `attempt` of the claim for which that was found out: another one is not released by " +
          "it. Without it the attempt that stands is meant.",
      ),
    late_word: z
      .boolean()
      .default(false)
      .describe(
        "The `late_word` of that claim: where it is true by now, only what was found out behind " +
          "it releases the claim.",
      ),
  }),
);

const status = z.enum(["PENDING", "COMMITTED"]);
const state = z.enum(CLAIM_STATUSES);
const outcome = z.enum(["done", "rejected", "absent"]).nullable();

export const guardClaimSchema = named(
  "GuardClaim",
  z.object({
    request_id: z.string(),
    agent_id: z.string().describe("What its first caller called itself, or its agent group."),
    group: z.string().describe("The agent group that the id belongs to."),
    action: z.string(),
    scope: z.string().nullable(),
    status: status.describe("As guard clients know it; `state` and `outcome` say more."),
    state,
    unresolved: z.boolean().describe("Nobody knows whether it happened."),
    outcome,
    provenance: z.enum(["owner", "caller", "verifier", "operator"]).nullable(),
    evidence: z.string().nullable().describe("What the outcome rests on, or why it is unknown."),
    result: anyJson.nullable(),
    result_problem: z.string().nullable().describe("Why what came of it could not be kept."),
    attempt: z.number().int(),
    late_word: z
      .boolean()
      .describe("Whoever held a released attempt has spoken since: it may have happened."),
    claimed_at: timeOut,
    lease_until: timeOut.describe("When its owner counts as vanished."),
    settled_at: timeOut.nullable(),
  }),
);

export const guardAnswerSchema = named(
  "GuardClaimAnswer",
  z.object({
    status: z.enum(["PROCEED", "PENDING", "SKIP"]),
    request_id: z.string(),
    settlement_token: z
      .string()
      .optional()
      .describe("Shown once: TradeLatch-Settlement-Token of whoever settles."),
    lease_until: timeOut.optional().describe("Of the owner: from then on it has vanished."),
    reopened: z.boolean().optional().describe("It was released before: look at the provider."),
    unresolved: z.boolean().optional().describe("Nobody knows whether it happened."),
    incident: z.number().int().nullable().optional(),
    existing: guardClaimSchema.optional(),
    message: z.string().describe("What this answer proves, and what it does not."),
  }),
);

export const settledSchema = named(
  "SettleAnswer",
  z.object({
    status: z.enum(["committed", "unresolved"]),
    request_id: z.string(),
    repeated: z.boolean().describe("It was settled before: this is the first result."),
    result: anyJson.nullable(),
    outcome,
    claim: guardClaimSchema,
  }),
);

export const releasedSchema = named(
  "ReleaseAnswer",
  z.object({
    status: z.literal("released"),
    request_id: z.string(),
    repeated: z.boolean(),
    claim: guardClaimSchema,
  }),
);

export function guardClaimView(claim: GuardClaim): z.output<typeof guardClaimSchema> {
  const { key, action, scope, outcome, provenance, result, resultProblem, fencing } = claim;
  return {
    ...{ request_id: key.requestId, agent_id: claim.agentId ?? key.agent, group: key.agent },
    ...{ action, scope, outcome, provenance, attempt: fencing },
    late_word: isQuestionedByLateWord(claim),
    status: isCommitted({ status: claim.status, guard: claim }) ? "COMMITTED" : "PENDING",
    state: claim.status,
    unresolved: claim.status === "IN_RECONCILIATION",
    evidence: claim.evidence ?? claim.unknownBecause,
    result: result as z.output<typeof anyJson>,
    result_problem: resultProblem,
    claimed_at: timeText(claim.claimedAt),
    lease_until: timeText(claim.leaseUntil),
    settled_at: timeTextOrNull(claim.settledAt),
  };
}
