/**
 * `claim`, `settle`, `get_claim` and `audit`: any action that must not happen twice, in the shapes
 * that guard clients know. The model does the action itself, between the first two; what it says of
 * it is its own word, and no tool here reopens what nobody knows.
 */
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import type { AuditItem } from "../audit/audit-item.ts";
import { LatchError } from "../core/errors.ts";
import type { RequestId } from "../core/ids.ts";
import { unsafeInteger } from "../core/json-shape.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import { symbolSchema as symbol } from "../identity/symbol-schema.ts";
import { notClaimed } from "../sidecar/guard-identity.ts";
import { claimed, claimView } from "../sidecar/native-guard.ts";
import {
  guardAnswerSchema,
  guardClaimBody,
  guardClaimSchema,
  guardClaimView,
  settleBody,
  settledSchema,
  waitMs,
} from "../sidecar/native-guard-schema.ts";
import { doubted, settledView } from "../sidecar/native-guard-settlement.ts";
import { actionText, ownedText } from "./action-text.ts";
import { onRecord, onRecordSchema, timeText } from "./order-view.ts";
import type { GuardPorts, ToolPorts } from "./tool-ports.ts";
import { toolResult } from "./tool-result.ts";

const message = z.string();
const requestId = z.string().min(1).describe("The id under which it was claimed.");

const settleInput = z.strictObject({
  request_id: requestId,
  settlement_token: z.string().optional().describe("What PROCEED returned: who settles owns it."),
  result: settleBody.shape.result,
  outcome: settleBody.shape.outcome,
});

const getClaimOutput = z.object({
  message,
  action: guardClaimSchema.nullable(),
  order: onRecordSchema.nullable().describe("Where the id is an order's."),
});

const AUDIT_DEFAULT = 20;
const AUDIT_MAX = 100;

const auditInput = z.strictObject({
  action: z.string().optional().describe("Such as payment.send, or buy_to_open of an order."),
  agent: z.string().optional().describe("An agent group, or what a caller called itself."),
  symbol: symbol.optional().describe("Of orders."),
  from: z.iso.datetime({ offset: true }).optional().describe("At or after; RFC 3339."),
  until: z.iso.datetime({ offset: true }).optional().describe("Before; RFC 3339."),
  before: z.number().int().min(1).optional().describe("The `next` of the page before."),
  limit: z.number().int().min(1).max(AUDIT_MAX).default(AUDIT_DEFAULT),
});

const auditItemSchema = z.object({
  sequence: z.number().int(),
  at: z.string(),
  agent: z.string(),
  request_id: z.string().nullable(),
  action: z.string(),
  symbol: z.string().describe("Empty for what is no order."),
  status: z.string().describe("Its claim's state; of what was not done, the answer."),
  outcome: z.string().nullable(),
  cause: z.string(),
});

const auditOutput = z.object({
  message,
  items: z.array(auditItemSchema).describe("Newest first."),
  next: z.number().int().nullable().describe("The next page's `before`; null is the end."),
});

const RECORDS = { readOnlyHint: false, destructiveHint: false, openWorldHint: false } as const;
const READS = { readOnlyHint: true, openWorldHint: false } as const;

export function addGuardTools(server: McpServer, ports: ToolPorts): void {
  addClaim(server, ports, ports.guarded);
  addSettle(server, ports, ports.guarded);
  addGetClaim(server, ports, ports.guarded);
  addAudit(server, ports, ports.guarded);
}

function addClaim(server: McpServer, ports: ToolPorts, guarded: GuardPorts): void {
  const { guard, group, clock } = guarded;
  server.registerTool(
    "claim",
    {
      title: "Claim an action before doing it",
      description:
        "Call it before an action that must not happen twice: a payment, an e-mail, a refund. " +
        "Only PROCEED says that you are to do it, once; then call settle with the token. " +
        "Give the same request_id on every try of one action.",
      inputSchema: guardClaimBody,
      outputSchema: guardAnswerSchema,
      // The first call and a repeat differ: PROCEED is given once.
      annotations: { ...RECORDS, idempotentHint: false },
    },
    (input, { signal }) =>
      toolResult(ports, "outcome_unknown", async () => {
        requireDigits("payload", input.payload);
        const answer = await claimed({ guard: () => guard, clock }, group, input, signal);
        const text = answer.kind === "proceed" ? ownedText(answer) : actionText(answer.claim);
        return { message: text, data: claimView(answer) };
      }),
  );
}

function addSettle(server: McpServer, ports: ToolPorts, guarded: GuardPorts): void {
  const { guard, group, isTokenRequired } = guarded;
  server.registerTool(
    "settle",
    {
      title: "Put on record what came of an action",
      description:
        "Call it after the action that PROCEED allowed, with its result: every later claim gets " +
        "that in place of doing it again. The first word stays. If you do not know whether it " +
        "happened, say outcome unknown, and do not try again.",
      inputSchema: settleInput,
      outputSchema: settledSchema.extend({ message }),
      annotations: { ...RECORDS, idempotentHint: true },
    },
    ({ request_id, settlement_token: token, outcome, result }) =>
      toolResult(ports, "outcome_unknown", async () => {
        requireDigits("result", result);
        const named = { requestId: request_id, agent: group, token };
        const answer =
          outcome === "unknown"
            ? await doubted({ guard: () => guard }, named)
            : await guard.settle({ ...named, isTokenRequired, outcome, result });
        const view = settledView(request_id, answer);
        const before = view.repeated ? "It was settled before, and that stays. " : "On record. ";
        const stands = "claim" in answer ? actionText(answer.claim) : "";
        return { message: before + stands, data: view };
      }),
  );
}

function addGetClaim(server: McpServer, ports: ToolPorts, { guard, group }: GuardPorts): void {
  server.registerTool(
    "get_claim",
    {
      title: "How an action stands",
      description: "What is on record of an action, or of an order, under its request_id.",
      inputSchema: z.strictObject({
        request_id: requestId,
        wait_ms: waitMs.optional().describe("How long to wait while its owner is at it."),
      }),
      outputSchema: getClaimOutput,
      annotations: READS,
    },
    ({ request_id, wait_ms }) =>
      toolResult(ports, "nothing_changed", async () => {
        const wait = { agent: group, waitMs: wait_ms ?? 0 };
        const claim = await guard.wait(request_id, wait);
        if (claim !== undefined) {
          const data = { action: guardClaimView(claim), order: null };
          return { message: actionText(claim), data };
        }
        const placed = await ports.broker?.claim(request_id as RequestId);
        if (placed === undefined) throw notClaimed(request_id);
        const order = onRecord(placed);
        const ended = order.outcome ?? `not over: ${order.broker_status ?? order.state}`;
        const text = `An order of ${order.claimed_at}: ${orderInWords(placed.intent)}, ${ended}.`;
        return { message: text, data: { action: null, order } };
      }),
  );
}

function addAudit(server: McpServer, ports: ToolPorts, { audit }: GuardPorts): void {
  server.registerTool(
    "audit",
    {
      title: "What is on record",
      description: "Actions and orders, repeats and refusals, newest first, each with its cause.",
      inputSchema: auditInput,
      outputSchema: auditOutput,
      annotations: READS,
    },
    ({ agent, from, until, ...rest }) =>
      toolResult(ports, "nothing_changed", async () => {
        const times = { from: instantOf(from), until: instantOf(until) };
        const page = await audit({ ...rest, ...times, agentName: agent });
        const items = page.items.map(itemOf);
        const more = page.next === null ? "" : `, more before ${page.next}`;
        return { message: `${items.length} on record${more}.`, data: { items, next: page.next } };
      }),
  );
}

/** The protocol's own reader has rounded it: two amounts would count as one. */
function requireDigits(field: string, value: unknown): void {
  const lost = unsafeInteger(value);
  if (lost === undefined) return;
  const message = `${field} holds the number ${lost}, which may have lost digits: give it as text`;
  throw new LatchError("invalid_guard_call", message);
}

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function itemOf(item: AuditItem): z.output<typeof auditItemSchema> {
  const { sequence, at, agent, requestId, action, symbol, status, outcome, cause } = item;
  const common = { sequence, agent, action, symbol, status, outcome, cause };
  return { ...common, at: timeText(at), request_id: requestId };
}
