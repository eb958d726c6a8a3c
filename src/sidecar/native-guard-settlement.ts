/**
 * `POST /settle/{request_id}` and `/release/{request_id}`: what came of an action, in the shapes
 * that guard clients know. An id that cannot stand in a path may come in the body.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import type { SettleAnswer, TokenProblem } from "../guard/guard.ts";
import { idInPath, notClaimed, quoted } from "./guard-identity.ts";
import {
  guardClaimView,
  releaseBody,
  releasedSchema,
  settleBody,
  settledSchema,
} from "./native-guard-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

/** In small letters, as node has it. */
const TOKEN_HEADER = "tradelatch-settlement-token";
const REPLAYED = { "idempotent-replayed": "true" } as const;

const noPath = z.strictObject({});

const REFUSALS = {
  400: errorSchema,
  403: errorSchema,
  404: errorSchema,
  409: errorSchema,
  413: errorSchema,
} as const;

export function addSettlementRoutes(scope: NativeScope, ports: NativePorts): void {
  addSettle(scope, ports);
  addRelease(scope, ports);
}

function addSettle({ app, agentOf }: NativeScope, ports: NativePorts): void {
  const schema = {
    querystring: noQuery,
    body: settleBody,
    response: { 200: settledSchema, ...REFUSALS },
  };
  const settle = async (
    request: FastifyRequest,
    params: { readonly request_id?: string },
    body: z.output<typeof settleBody>,
    reply: FastifyReply,
  ) => {
    const requestId = idOf(params, body);
    const caller = agentOf(request.raw);
    const agent = caller.group;
    const token = tokenIn(request);
    const isTokenRequired = ports.requiresToken(caller);
    const answer =
      body.outcome === "unknown"
        ? await doubted(ports, { requestId, agent, token })
        : await ports.guard().settle({
            ...{ requestId, agent, token, isTokenRequired },
            ...{ outcome: body.outcome, result: body.result },
          });
    if ("isRepeat" in answer && answer.isRepeat) reply.headers(REPLAYED);
    return settledView(requestId, answer);
  };
  const summary = "Puts on record what came of an action; the first word stays.";
  app.post(
    "/settle/:request_id",
    { schema: { ...schema, operationId: "settleAction", summary, params: idInPath } },
    (request, reply) => settle(request, request.params, request.body, reply),
  );
  const inBody = "The same, for an id that cannot stand in a path.";
  app.post(
    "/settle",
    { schema: { ...schema, operationId: "settleActionOf", summary: inBody, params: noPath } },
    (request, reply) => settle(request, {}, request.body, reply),
  );
}

type Doubted = { readonly kind: "doubted" } & Pick<
  Extract<SettleAnswer, { kind: "settled" }>,
  "claim"
>;

/** The owner does not know; whoever else does not know either has nothing to say. */
export async function doubted(
  { guard }: Pick<NativePorts, "guard">,
  input: {
    readonly requestId: string;
    readonly agent: AgentId;
    readonly token?: string | undefined;
  },
): Promise<SettleAnswer | Doubted> {
  const { token } = input;
  if (token === undefined) return { kind: "not_owner", problem: "missing" };
  const reason = "its owner says that it does not know whether it happened";
  const answer = await guard().doubt({ ...input, token, reason });
  if (answer.kind === "unresolved") return { kind: "doubted", claim: answer.claim };
  return answer.kind === "settled" ? { ...answer, isRepeat: true } : answer;
}

/** Throws LatchError where nothing was settled: no such claim, no token, or released before. */
export function settledView(
  requestId: string,
  answer: SettleAnswer | Doubted,
): z.output<typeof settledSchema> {
  switch (answer.kind) {
    case "unknown":
      throw notClaimed(requestId);
    case "not_owner":
      throw notOwner(requestId, answer.problem);
    case "released": {
      const message = `the attempt at ${quoted(requestId)} was released before it was settled`;
      throw new LatchError("guard_claim_released", message);
    }
    case "contradicted": {
      const message = `${quoted(requestId)} is on record as ${answer.claim.outcome}`;
      throw new LatchError("guard_outcome_differs", message);
    }
    case "doubted":
    case "settled": {
      const claim = guardClaimView(answer.claim);
      const isDoubted = answer.kind === "doubted";
      return {
        status: isDoubted ? "unresolved" : "committed",
        ...{ request_id: requestId, repeated: !isDoubted && answer.isRepeat },
        ...{ result: claim.result, outcome: claim.outcome, claim },
      };
    }
  }
}

function addRelease({ app, agentOf }: NativeScope, ports: NativePorts): void {
  const schema = {
    querystring: noQuery,
    body: releaseBody,
    response: { 200: releasedSchema, ...REFUSALS },
  };
  const release = async (
    request: FastifyRequest,
    params: { readonly request_id?: string },
    body: z.output<typeof releaseBody>,
  ): Promise<z.output<typeof releasedSchema>> => {
    const requestId = idOf(params, body);
    const caller = agentOf(request.raw);
    const { evidence, attempt: fencing, late_word: isOfLateWord } = body;
    const shown = { token: tokenIn(request), isTokenRequired: ports.requiresToken(caller) };
    const found = { evidence, fencing, isOfLateWord };
    const input = { requestId, agent: caller.group, ...found, ...shown };
    const answer = await ports.guard().release(input);
    switch (answer.kind) {
      case "unknown":
        throw notClaimed(requestId);
      case "not_owner":
        throw notOwner(requestId, answer.problem);
      case "live": {
        const until = new Date(answer.claim.leaseUntil).toISOString();
        const message = `the owner of ${quoted(requestId)} may be at it until ${until}`;
        throw new LatchError("guard_claim_live", message);
      }
      case "other_attempt": {
        const { fencing: standing } = answer.claim;
        const message = `${quoted(requestId)} is at attempt ${standing}, not ${fencing}`;
        throw new LatchError("guard_other_attempt", message);
      }
      case "unresolved": {
        const message = `whoever held an attempt at ${quoted(requestId)} has spoken since`;
        throw new LatchError("guard_late_word", message);
      }
      case "settled": {
        const message = `${quoted(requestId)} is settled as ${answer.claim.outcome}`;
        throw new LatchError("guard_claim_settled", message);
      }
      case "released": {
        const claim = guardClaimView(answer.claim);
        return { status: "released", request_id: requestId, repeated: answer.isRepeat, claim };
      }
    }
  };
  const summary = "Puts on record that an action did not happen: the next claim proceeds.";
  app.post(
    "/release/:request_id",
    { schema: { ...schema, operationId: "releaseAction", summary, params: idInPath } },
    (request) => release(request, request.params, request.body),
  );
  const inBody = "The same, for an id that cannot stand in a path.";
  app.post(
    "/release",
    { schema: { ...schema, operationId: "releaseActionOf", summary: inBody, params: noPath } },
    (request) => release(request, {}, request.body),
  );
}

/** Throws LatchError `invalid_guard_call` where there is none, or two that differ. */
function idOf(
  { request_id: inPath }: { readonly request_id?: string },
  { request_id: inBody }: { readonly request_id?: string | undefined },
): string {
  const id = inPath ?? inBody;
  if (id === undefined) throw new LatchError("invalid_guard_call", "request_id is missing");
  if (inBody === undefined || inBody === id) return id;
  const message = `request_id is ${quoted(inBody)} in the body, ${quoted(id)} in the path`;
  throw new LatchError("invalid_guard_call", message);
}

function tokenIn({ headers }: FastifyRequest): string | undefined {
  const token = headers[TOKEN_HEADER];
  return Array.isArray(token) ? token.join(",") : token;
}

function notOwner(requestId: string, problem: TokenProblem): LatchError {
  const code = problem === "wrong" ? "settlement_token_wrong" : "settlement_token_missing";
  return new LatchError(code, `the settlement token for ${quoted(requestId)} is ${problem}`);
}
