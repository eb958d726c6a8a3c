/** `GET /latch/v1/claims` and `/latch/v1/claims/{requestId}`: what is on record, newest first. */
import { z } from "zod";
import { CLAIM_STATUSES, type ClaimStatus } from "../claim/transitions.ts";
import { LatchError } from "../core/errors.ts";
import type { AgentId, RequestId } from "../core/ids.ts";
import { symbolSchema as symbol } from "../identity/symbol-schema.ts";
import { CLAIMS_LIMIT_MAX } from "../ledger/claims-query.ts";
import { searchClaims } from "../operator/claim-search.ts";
import { claimSchema, claimView } from "./native-claim-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named, timeIn } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const GROUP_MAX = 64;
const REQUEST_ID_MAX = 256;
const CURSOR_MAX = 100;
const TEXT_MAX = 200;

const status = z.enum(CLAIM_STATUSES);
const statusError = `expected ${CLAIM_STATUSES.join(", ")}; give the field again for several`;
const agent = z.string().min(1).max(GROUP_MAX).describe("An agent group.");

const requestId = z.string().min(1).max(REQUEST_ID_MAX);

const claimsQuery = z.strictObject({
  requestId: requestId
    .optional()
    .describe("Finds also an id that no path may hold; several agents may have it."),
  status: z.union([status, z.array(status)], statusError).optional(),
  symbol: symbol.optional(),
  agent: agent.optional(),
  text: z
    .string()
    .max(TEXT_MAX)
    .optional()
    .describe("Words that all occur in its ids, its order, its reason, its state or its outcome."),
  from: timeIn.optional().describe("Claimed at this time or after."),
  until: timeIn.optional().describe("Claimed before this time."),
  cursor: z.string().max(CURSOR_MAX).optional().describe("The `next` of the page before."),
  limit: z.coerce.number().int().min(1).max(CLAIMS_LIMIT_MAX).default(100),
});

const claimsPage = named(
  "ClaimsPage",
  z.object({
    claims: z.array(claimSchema).describe("May be fewer than the limit, also none."),
    next: z.string().nullable().describe("The next page's cursor; only null is the end."),
  }),
);

export const claimParams = z.strictObject({ requestId });

export function addClaimRoutes({ app, agentOf }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/claims",
    {
      schema: {
        operationId: "listClaims",
        summary: "Claims, newest first, in pages.",
        querystring: claimsQuery,
        response: { 200: claimsPage, 400: errorSchema },
      },
    },
    async ({ query }) => {
      const { status: statuses, agent, requestId, text = "", ...others } = query;
      const filters = {
        ...others,
        agent: agent as AgentId | undefined,
        requestId: requestId as RequestId | undefined,
        statuses: statuses === undefined ? undefined : listOf(statuses),
      };
      const latch = ports.latch();
      const page = await searchClaims((part) => latch.claims(part), filters, text);
      return { claims: page.claims.map(claimView), next: page.next };
    },
  );
  app.get(
    "/latch/v1/claims/:requestId",
    {
      schema: {
        operationId: "getClaim",
        summary: "One claim; without an agent the caller's own, or else any group's that has it.",
        params: claimParams,
        querystring: z.strictObject({ agent: agent.optional() }),
        response: { 200: claimSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ params: { requestId }, query, raw }) => {
      const latch = ports.latch();
      const asked = query.agent as AgentId | undefined;
      const first = await latch.claim(requestId, asked ?? agentOf(raw).group);
      const claim = first ?? (asked === undefined ? await latch.claim(requestId) : undefined);
      if (claim === undefined) throw notFound(requestId, asked);
      return claimView(claim);
    },
  );
}

function listOf(statuses: ClaimStatus | readonly ClaimStatus[]): readonly ClaimStatus[] {
  return typeof statuses === "string" ? [statuses] : statuses;
}

function notFound(requestId: string, agent: AgentId | undefined): LatchError {
  const whose = agent === undefined ? "" : ` of the agent group ${JSON.stringify(agent)}`;
  const message = `there is no claim ${JSON.stringify(requestId)}${whose}`;
  return new LatchError("claim_not_found", message);
}
