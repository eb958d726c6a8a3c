/** An item of the audit trail as JSON, on the native surface and as guard clients know it. */
import { z } from "zod";
import { AUDIT_STATUSES, AUDIT_TYPES, type AuditItem } from "../audit/audit-item.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import { OUTCOMES } from "./native-claim-schema.ts";
import { named, timeOut, timeText } from "./native-schemas.ts";

const claimRef = z.object({ agent: z.string(), requestId: z.string() });

export const auditItemSchema = named(
  "AuditItem",
  z.object({
    sequence: z.number().int().describe("The number of its event."),
    at: timeOut,
    type: z.enum(AUDIT_TYPES).describe("The type of its event."),
    account: z.string(),
    agent: z.string().describe("The agent group."),
    requestId: z.string().nullable().describe("Null for an intent that became no claim."),
    symbol: z.string(),
    action: z.string().describe("Such as buy_to_open or sell_to_close; replace; cancel."),
    status: z
      .enum(AUDIT_STATUSES)
      .describe("Its claim's state as it is now; of what was not sent, the answer."),
    outcome: z.enum(OUTCOMES).nullable(),
    provenance: z.enum(["venue", "inferred", "operator"]).nullable(),
    code: z.string().nullable().describe("Of a refusal; docs/ERRORS.md lists them."),
    cause: z.string().describe("Why, in a sentence."),
    causedBy: claimRef.nullable().describe("The claim behind a SKIP, a PENDING or a refusal."),
    decisionId: z.string().nullable(),
    hash: z.string().describe("Of its event."),
  }),
);

export type AuditItemView = z.output<typeof auditItemSchema>;

export function auditItemView(item: AuditItem): AuditItemView {
  return { ...item, at: timeText(item.at), causedBy: item.causedBy && { ...item.causedBy } };
}

export const guardItemSchema = named(
  "GuardAuditItem",
  z.object({
    claim_id: z.string().nullable(),
    agent_id: z.string(),
    action: z.string(),
    symbol: z.string(),
    status: z
      .enum(["PENDING", "COMMITTED", "SKIP", "BLOCKED"])
      .describe("COMMITTED: the claim is settled; `outcome` says how it ended."),
    state: z.enum(CLAIM_STATUSES).nullable().describe("Of its claim; null for an answer."),
    outcome: z.enum(OUTCOMES).nullable(),
    code: z.string().nullable(),
    cause: z.string(),
    timestamp: timeOut,
    ts: z.number().int().describe("Milliseconds since 1970."),
    sequence: z.number().int(),
    hash: z.string(),
  }),
);

export function guardItemView(item: AuditItem): z.output<typeof guardItemSchema> {
  const { requestId, agent, action, symbol, status, outcome, code, cause, at, sequence } = item;
  const state = CLAIM_STATUSES.find((one) => one === status) ?? null;
  return {
    ...{ claim_id: requestId, agent_id: agent, action, symbol, state, outcome, code, cause },
    status: guardStatusOf(status),
    ...{ timestamp: timeText(at), ts: at, sequence, hash: item.hash },
  };
}

function guardStatusOf(status: AuditItem["status"]) {
  if (status === "SKIP" || status === "BLOCKED") return status;
  return status === "SETTLED" ? "COMMITTED" : "PENDING";
}
