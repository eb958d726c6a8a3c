/** An item of the audit trail as JSON, on the native surface and as guard clients know it. */
import { z } from "zod";
import { AUDIT_STATUSES, AUDIT_TYPES, type AuditItem, isCommitted } from "../audit/audit-item.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import { OUTCOMES } from "./native-claim-schema.ts";
import { named, timeOut, timeText } from "./native-schemas.ts";

/** An order's, and those of an action that is none. */
const EVERY_OUTCOME = [...OUTCOMES, "done"] as const;
const OF_ORDERS = ["venue", "inferred", "operator"] as const;
const EVERY_PROVENANCE = [...OF_ORDERS, "owner", "caller", "verifier"] as const;

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
    symbol: z.string().describe("Empty for an action that is no order."),
    action: z
      .string()
      .describe("Such as buy_to_open or sell_to_close; replace; cancel; or the action's own."),
    status: z
      .enum(AUDIT_STATUSES)
      .describe("Its claim's state as it is now; of what was not sent, the answer."),
    outcome: z.enum(EVERY_OUTCOME).nullable(),
    provenance: z.enum(EVERY_PROVENANCE).nullable(),
    code: z.string().nullable().describe("Of a refusal; docs/ERRORS.md lists them."),
    cause: z.string().describe("Why, in a sentence."),
    causedBy: claimRef.nullable().describe("The claim behind a SKIP, a PENDING or a refusal."),
    decisionId: z.string().nullable(),
    hash: z.string().describe("Of its event."),
  }),
);

export type AuditItemView = z.output<typeof auditItemSchema>;

export function auditItemView({ guard: _, ...item }: AuditItem): AuditItemView {
  return { ...item, at: timeText(item.at), causedBy: item.causedBy && { ...item.causedBy } };
}

export const guardItemSchema = named(
  "GuardAuditItem",
  z.object({
    request_id: z.string().nullable(),
    claim_id: z.string().nullable().describe("The same."),
    agent_id: z.string().describe("What the caller called itself, or its agent group."),
    action: z.string(),
    scope: z.string().nullable(),
    symbol: z.string(),
    status: z
      .enum(["PENDING", "COMMITTED", "SKIP", "BLOCKED"])
      .describe("COMMITTED: it is over, `outcome` says how. What was released is PENDING again."),
    state: z.enum(CLAIM_STATUSES).nullable().describe("Of its claim; null for an answer."),
    outcome: z.enum(EVERY_OUTCOME).nullable(),
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
  const { agentId = null, scope = null } = item.guard ?? {};
  const state = CLAIM_STATUSES.find((one) => one === status) ?? null;
  return {
    ...{ request_id: requestId, claim_id: requestId, agent_id: agentId ?? agent },
    ...{ action, scope, symbol, state, outcome, code, cause },
    status: guardStatusOf(item),
    ...{ timestamp: timeText(at), ts: at, sequence, hash: item.hash },
  };
}

function guardStatusOf(item: AuditItem) {
  const { status } = item;
  if (status === "SKIP" || status === "BLOCKED") return status;
  return isCommitted(item) ? "COMMITTED" : "PENDING";
}
