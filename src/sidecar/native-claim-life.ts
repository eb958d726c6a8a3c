/** `GET /latch/v1/claims/{requestId}/life`: everything on record about one claim. */
import { z } from "zod";
import type { Evidence } from "../audit/claim-history.ts";
import type { Claim } from "../claim/claim.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { LatchError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import type { ClaimLife } from "../operator/operator.ts";
import { claimSchema, claimView } from "./native-claim-schema.ts";
import { claimParams } from "./native-claims.ts";
import { eventSchema, eventView } from "./native-event-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import {
  decimalOut,
  errorSchema,
  named,
  timeOut,
  timeText,
  timeTextOrNull,
} from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const GROUP_MAX = 64;
const SOURCES = [
  "response",
  "read_back",
  "poll",
  "stream",
  "activities",
  "operator",
  "sender",
  "verdict",
] as const satisfies readonly Evidence["source"][];

const claimLifeSchema = named(
  "ClaimLife",
  z.object({
    claim: claimSchema,
    identity: z.object({
      preimage: z
        .record(z.string(), z.unknown())
        .nullable()
        .describe("What the id is the hash of; null for an id that the caller gave."),
      proved: z.boolean().nullable().describe("Whether its hash is the id."),
    }),
    attempts: z.array(
      z.object({
        attempt: z.number().int(),
        at: timeOut,
        clientOrderId: z.string(),
        owner: z.string(),
      }),
    ),
    evidence: z.array(z.object({ at: timeOut, source: z.enum(SOURCES), text: z.string() })),
    fills: z
      .array(
        z.object({
          at: timeOut,
          source: z.enum(SOURCES),
          side: z.enum(["buy", "sell"]),
          quantity: decimalOut,
          price: decimalOut,
        }),
      )
      .describe("As they were booked, each once."),
    order: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("The broker's order as it was last seen."),
    events: z.array(eventSchema).describe("Of very many, the first and the last 200."),
    cut: z.boolean(),
  }),
);

export type ClaimLifeView = z.output<typeof claimLifeSchema>;

export function addClaimLifeRoute({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/claims/:requestId/life",
    {
      schema: {
        operationId: "getClaimLife",
        summary: "One claim with what its id was made of, its attempts, evidence and events.",
        params: claimParams,
        querystring: z.strictObject({ agent: z.string().min(1).max(GROUP_MAX) }),
        response: { 200: claimLifeSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ params: { requestId }, query }) => {
      const claim = await ports.latch().claim(requestId, query.agent as AgentId);
      if (claim === undefined) throw notFound(requestId, query.agent);
      return lifeView(await ports.latch().operator.life(claim));
    },
  );
}

function lifeView(life: ClaimLife): ClaimLifeView {
  const { claim, identity, attempts, evidence, fills, events, isCut } = life;
  return {
    claim: claimView(claim),
    identity: {
      preimage: identity.preimage && { ...identity.preimage },
      proved: identity.isProved,
    },
    attempts: attempts.map((attempt) => ({ ...attempt, at: timeText(attempt.at) })),
    evidence: evidence.map((one) => ({ ...one, at: timeText(one.at) })),
    fills: fills.map((fill) => ({ ...fill, at: timeText(fill.at) })),
    order: lastOrder(claim, events),
    events: events.map(eventView),
    cut: isCut,
  };
}

function lastOrder({ brokerOrderId }: Claim, events: ClaimLife["events"]) {
  if (brokerOrderId === null) return null;
  const seen = events.findLast(({ body }) => "order" in body)?.body;
  return seen !== undefined && "order" in seen ? orderView(seen.order) : null;
}

function orderView(order: BrokerOrder): Record<string, unknown> {
  const legs = order.legs && { legs: order.legs.map(orderView) };
  return { ...order, ...legs, submittedAt: timeTextOrNull(order.submittedAt) };
}

function notFound(requestId: string, agent: string): LatchError {
  const message = `there is no claim ${JSON.stringify(requestId)} of the agent group ${agent}`;
  return new LatchError("claim_not_found", message);
}
