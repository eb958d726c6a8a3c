/**
 * `POST /claim` and `GET /claims/{id}`: the guard for any action, in the shapes that guard clients
 * know. An id that cannot stand in a path may come in the query.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import type { GoneSignal } from "../gateway/caller.ts";
import type { GuardClaimAnswer } from "../guard/guard.ts";
import { untilWritten } from "../guard/until-written.ts";
import { goneSignal } from "./gone-signal.ts";
import { idInPath, namedAction, notClaimed, quoted } from "./guard-identity.ts";
import {
  type GuardClaimBody,
  guardAnswerSchema,
  guardClaimBody,
  guardClaimSchema,
  guardClaimView,
  waitMs,
} from "./native-guard-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

/** One reads what has come, the next one closes what has ended, and tells of it. */
const TURNS = 3;
const REPLAYED = { "idempotent-replayed": "true" } as const;

export function addGuardRoutes(scope: NativeScope, ports: NativePorts): void {
  addClaim(scope, ports);
  addClaimPages(scope, ports);
}

function addClaim({ app, agentOf }: NativeScope, ports: NativePorts): void {
  app.post(
    "/claim",
    {
      config: { comparesDigits: true },
      schema: {
        operationId: "claimAction",
        summary: "Claims an action before it is done: one caller is told to PROCEED.",
        description:
          "PROCEED: the caller owns it. PENDING: somebody is at it, or `unresolved`: nobody " +
          "knows whether it happened. SKIP: it is over, with its result. 422 where the same id " +
          "came before with another action or payload.",
        querystring: noQuery,
        body: guardClaimBody,
        response: { 200: guardAnswerSchema, 400: errorSchema, 413: errorSchema, 422: errorSchema },
      },
    },
    async (request, reply) => {
      const agent = agentOf(request.raw).group;
      const answer = await claimed(ports, agent, request.body, goneSignal(reply.raw));
      if (answer.kind === "settled") reply.headers(REPLAYED);
      return claimView(answer);
    },
  );
}

const UNHEARD = "its caller had gone before it was answered, and nobody was told to proceed";

/**
 * `gone` says that the answer reaches nobody. Throws LatchError `guard_terms_differ`, or
 * `invalid_guard_call` where it names no action.
 */
export async function claimed(
  { guard, clock }: Pick<NativePorts, "guard" | "clock">,
  agent: AgentId,
  body: GuardClaimBody,
  gone: Pick<GoneSignal, "aborted">,
): Promise<Exclude<GuardClaimAnswer, { kind: "mismatch" }>> {
  const { agent_id: agentId, scope, payload, wait_ms: wait = 0 } = body;
  const input = { ...namedAction(body), agent, agentId, scope, payload };
  let answer = await guard().claim(input);
  if (answer.kind === "pending" && wait > 0) {
    const claim = await guard().wait(input.requestId, { agent, waitMs: wait });
    // What was released meanwhile is to be claimed by whoever wants it, with its eyes open.
    if (claim?.status === "SETTLED" && claim.outcome !== "absent") {
      answer = { kind: "settled", claim };
    } else if (claim?.status === "IN_RECONCILIATION") {
      // As any other call is told of it, with its incident.
      answer = await guard().claim(input);
    } else if (claim !== undefined) answer = { kind: "pending", claim };
  }
  // Its token is lost: the attempt would keep everybody away until a person ends it.
  if (answer.kind === "proceed" && (await hasHungUp(gone))) {
    const { token } = answer;
    const unheard = { requestId: input.requestId, agent, token, evidence: UNHEARD };
    await untilWritten(clock, () => guard().release(unheard));
  }
  if (answer.kind !== "mismatch") return answer;
  const { field, first, second } = answer.difference;
  const values = first === null ? "" : `: first ${quoted(first)}, now ${quoted(second)}`;
  const message = `the request came before with another ${field}${values}`;
  throw new LatchError("guard_terms_differ", message, { cause: { field } });
}

/** A commit keeps the event loop from hearing what has come meanwhile, as that nobody waits. */
async function hasHungUp(gone: Pick<GoneSignal, "aborted">): Promise<boolean> {
  for (let turn = 0; turn < TURNS && !gone.aborted; turn += 1) await turnOfTheLoop();
  return gone.aborted;
}

const SAID = {
  owned:
    "You own it: do it once, before lease_until, with request_id as the provider's idempotency " +
    "key, then settle. This proves our record; the outcome is proved by the provider.",
  pending: "Its owner is at it. Do not do it; ask again, or wait.",
  released: "It did not happen: its claim was released. Claim it again to do it.",
  unresolved:
    "Unresolved: nobody knows whether it happened. Do not do it; look at the provider, then " +
    "settle it or release it by what you find.",
  settled: "It is over, and this is what was recorded of it. Do not do it again.",
} as const;

/** The answer in the shape that guard clients know. */
export function claimView(
  answer: Exclude<GuardClaimAnswer, { kind: "mismatch" }>,
): z.output<typeof guardAnswerSchema> {
  const { claim } = answer;
  const common = { request_id: claim.key.requestId };
  const existing = guardClaimView(claim);
  if (answer.kind === "proceed") {
    const { token, isReopened } = answer;
    const owned = { settlement_token: token, lease_until: existing.lease_until };
    return {
      ...{ status: "PROCEED", ...common, ...owned },
      ...{ reopened: isReopened, message: SAID.owned },
    };
  }
  if (answer.kind === "settled") {
    return { status: "SKIP", ...common, existing, message: SAID.settled };
  }
  if (existing.unresolved) {
    const incident = answer.kind === "unresolved" ? answer.incident : null;
    const told = { unresolved: true, incident, existing, message: SAID.unresolved };
    return { status: "PENDING", ...common, ...told };
  }
  const message = claim.outcome === "absent" ? SAID.released : SAID.pending;
  return { status: "PENDING", ...common, existing, message };
}

function addClaimPages({ app, agentOf }: NativeScope, { guard }: NativePorts): void {
  const response = { 200: guardClaimSchema, 400: errorSchema, 404: errorSchema };
  const read = async (request: FastifyRequest, requestId: string, wait: number | undefined) => {
    const agent = agentOf(request.raw).group;
    const claim =
      wait === undefined
        ? await guard().get(requestId, agent)
        : await guard().wait(requestId, { agent, waitMs: wait });
    if (claim === undefined) throw notClaimed(requestId);
    return guardClaimView(claim);
  };
  const waiting = waitMs
    .optional()
    .describe("How long to wait while a live owner is at it: its result, or what is known then.");
  app.get(
    "/claims/:request_id",
    {
      schema: {
        ...{ operationId: "getAction", summary: "The claim of an action, as it stands." },
        ...{ params: idInPath, querystring: z.strictObject({ wait_ms: waiting }), response },
      },
    },
    (request) => read(request, request.params.request_id, request.query.wait_ms),
  );
  app.get(
    "/claims",
    {
      schema: {
        operationId: "getActionOf",
        summary: "The same, for an id that cannot stand in a path.",
        querystring: z.strictObject({ request_id: z.string(), wait_ms: waiting }),
        response,
      },
    },
    (request) => read(request, request.query.request_id, request.query.wait_ms),
  );
}
