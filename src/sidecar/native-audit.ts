/**
 * `GET /latch/v1/audit` and `/latch/v1/audit/key`: what was decided and why, and the public key of
 * its checkpoints. `GET /audit` at the root is the same trail for clients of other guards, which
 * page by offset.
 */
import { z } from "zod";
import { AUDIT_STATUSES, type AuditStatus } from "../audit/audit-item.ts";
import { AUDIT_LIMIT_MAX, type AuditFilters } from "../audit/audit-trail.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import { LatchError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import { GUARD_NAME_MAX } from "../guard/guard-input.ts";
import { symbolSchema as symbol } from "../identity/symbol-schema.ts";
import { KEYLESS_ID } from "./access.ts";
import {
  auditItemSchema,
  auditItemView,
  guardItemSchema,
  guardItemView,
} from "./native-audit-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named, noQuery, timeIn } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const LIMIT = 100;
const GROUP_MAX = 64;
const OFFSET_MAX = 1_000_000;

const agent = z.string().min(1).max(GROUP_MAX).describe("An agent group.");
const caller = z
  .string()
  .min(1)
  .max(GUARD_NAME_MAX)
  .describe("An agent group, or what a caller calls itself.");
const action = z
  .string()
  .min(1)
  .max(GUARD_NAME_MAX)
  .describe("Such as buy_to_open or sell_to_close; replace; cancel.");
const limit = z.coerce.number().int().min(1).max(AUDIT_LIMIT_MAX).default(LIMIT);
const status = z.enum(AUDIT_STATUSES);
const statusError = `expected ${AUDIT_STATUSES.join(", ")}; give the field again for several`;

const auditQuery = z.strictObject({
  agent: agent.optional(),
  action: action.optional(),
  status: z.union([status, z.array(status)], statusError).optional(),
  symbol: symbol.optional(),
  from: timeIn.optional().describe("At this time or after."),
  until: timeIn.optional().describe("Before this time."),
  before: z.coerce.number().int().min(1).optional().describe("The `next` of the page before."),
  limit,
});

const auditPage = named(
  "AuditPage",
  z.object({
    items: z.array(auditItemSchema).describe("May be fewer than the limit, also none."),
    next: z.number().int().nullable().describe("The next page's `before`; only null is the end."),
  }),
);

const auditKey = named(
  "AuditKey",
  z.object({
    algorithm: z.literal("Ed25519"),
    publicKey: z.string().describe("Its 32 bytes in hex; docs/AUDIT.md says what it signs."),
  }),
);

/** What guard clients ask for by the words that they know. */
const GUARD_STATUSES: Readonly<Record<string, Pick<AuditFilters, "statuses" | "isCommitted">>> = {
  PENDING: { statuses: CLAIM_STATUSES, isCommitted: false },
  COMMITTED: { statuses: CLAIM_STATUSES, isCommitted: true },
};
const guardStatus = z.enum(["PENDING", "COMMITTED", "SKIP", "BLOCKED", ...CLAIM_STATUSES]);

/** RFC 3339, or seconds or milliseconds since 1970. */
const MILLISECONDS_FROM = 100_000_000_000;
const numberIn = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,9})?$/)
  .transform((text) => {
    const number = Number(text);
    return Math.floor(number < MILLISECONDS_FROM ? number * 1_000 : number);
  });
const guardTime = z
  .union([numberIn, timeIn], "expected RFC 3339, or seconds or milliseconds since 1970")
  .describe("RFC 3339, or seconds or milliseconds since 1970.");

/** Those clients send every filter that they know, and leave empty what they do not filter by. */
const orEmpty = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema);

const guardQuery = z.strictObject({
  agent_id: orEmpty(caller.optional()),
  action: orEmpty(action.optional()),
  status: orEmpty(guardStatus.optional()),
  symbol: orEmpty(symbol.optional()),
  from_ts: orEmpty(guardTime.optional()),
  to_ts: orEmpty(guardTime.optional()),
  limit: orEmpty(limit),
  offset: orEmpty(z.coerce.number().int().min(0).max(OFFSET_MAX).default(0)),
});

function standing(status: z.output<typeof guardStatus> | undefined) {
  if (status === undefined) return { statuses: CLAIM_STATUSES };
  return GUARD_STATUSES[status] ?? { statuses: [status as AuditStatus] };
}

const guardPage = named(
  "GuardAuditPage",
  z.object({
    items: z.array(guardItemSchema),
    total: z.number().int().describe("How many there are, as far as `total_is_exact` says."),
    total_is_exact: z.boolean().describe("False: there are at least so many."),
    limit: z.number().int(),
    offset: z.number().int(),
  }),
);

/** Who shows no key sees what needs none: actions, and no orders. */
export const OF_ACTIONS = ["guard_claimed", "guard_reopened", "guard_answered"] as const;

export function addAuditRoutes(scope: NativeScope, ports: NativePorts): void {
  addTrail(scope, ports);
  addKey(scope, ports);
  addGuardTrail(scope, ports);
}

function addTrail({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/audit",
    {
      schema: {
        operationId: "listAudit",
        summary: "Every claim, every SKIP and every block, newest first, in pages.",
        querystring: auditQuery,
        response: { 200: auditPage, 400: errorSchema },
      },
    },
    async ({ query: { status, agent, ...filters } }) => {
      const statuses = typeof status === "string" ? [status] : status;
      const page = await ports
        .latch()
        .audit.page({ ...filters, statuses, agent: agent as AgentId | undefined });
      return { items: page.items.map(auditItemView), next: page.next };
    },
  );
}

function addKey({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/audit/key",
    {
      schema: {
        operationId: "getAuditKey",
        summary: "The public key of the checkpoints that this sidecar's ledger signs.",
        querystring: noQuery,
        response: { 200: auditKey, 400: errorSchema, 503: errorSchema },
      },
    },
    async () => {
      const publicKey = ports.latch().audit.publicKey;
      if (publicKey !== undefined) return { algorithm: "Ed25519" as const, publicKey };
      throw new LatchError("audit_key_unusable", "this ledger was opened without an audit key");
    },
  );
}

function addGuardTrail({ app, agentOf }: NativeScope, ports: NativePorts): void {
  app.get(
    "/audit",
    {
      schema: {
        operationId: "listGuardAudit",
        summary: "The same by offset, with a total, for clients of other guards.",
        description:
          "Claims, as those clients know them: PENDING or COMMITTED. `status` asks for one of " +
          "these, for one of the five states, or for the answers SKIP and BLOCKED.",
        querystring: guardQuery,
        response: { 200: guardPage, 400: errorSchema },
      },
    },
    async ({ query, raw }) => {
      const types = agentOf(raw).id === KEYLESS_ID ? OF_ACTIONS : undefined;
      const { agent_id, action, status, symbol, from_ts, to_ts, limit, offset } = query;
      const filters = { agentName: agent_id, action, ...standing(status), symbol, types };
      const span = { from: from_ts, until: to_ts };
      const page = await ports.latch().audit.pageFrom(offset, limit, { ...filters, ...span });
      const { items, total, isTotalExact } = page;
      return {
        items: items.map(guardItemView),
        ...{ total, total_is_exact: isTotalExact, limit, offset },
      };
    },
  );
}
