/**
 * `POST /latch/v1/incidents/{id}/resolve`, `/adopt` and `/flatten`: what a person does about it.
 *
 * 1. Each needs the operator key, which no bot has: a key that may trade may not end a question.
 * 2. A person acts on the version, and on the numbers, that were seen: whatever has changed since
 *    is looked at first, and nothing is done meanwhile. A sidecar that was started anew on another
 *    ledger has other incidents under the same numbers.
 */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, parseDecimal } from "../core/decimal.ts";
import { type ErrorCode, LatchError } from "../core/errors.ts";
import type { Incident } from "../incident/incident.ts";
import type {
  PositionCommand,
  PositionResult,
  WordCommand,
  WordResult,
} from "../operator/operator-actions.ts";
import { SIDECAR_ERRORS } from "./alpaca-error.ts";
import { incidentConflictSchema, incidentSchema, incidentView } from "./native-incident-schema.ts";
import { incidentNotFound, incidentParams } from "./native-incidents.ts";
import type { NativePorts } from "./native-ports.ts";
import { decimalOut, errorSchema, named, noQuery, timeIn, timeText } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const REASON_MAX = 1_000;
const NAME_MAX = 64;

const word = {
  version: z.number().int().min(1).describe("The incident's version that was seen."),
  reason: z.string().trim().min(1, "expected why it is over").max(REASON_MAX),
  by: z.string().trim().min(1).max(NAME_MAX).optional().describe("Who says so."),
  openedAt: timeIn
    .optional()
    .describe("When the incident that was seen was opened: another ledger has other numbers."),
};

const quantity = z
  .string()
  .transform((text, context): DecimalText => {
    const parsed = parseDecimal(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: "expected a number of shares, such as 12 or -6" });
    return z.NEVER;
  })
  .describe("Signed: a short position is negative.");

const resolveBody = named(
  "ResolveRequest",
  z.strictObject({
    ...word,
    endClaimAs: z
      .enum(["absent", "rejected", "already_flat", "done"])
      .optional()
      .describe(
        "How the claim behind it ended: an order as absent, rejected or already_flat; an action " +
          "that is no order as done, rejected or absent. Left out, it is left to the evidence.",
      ),
  }),
);

const positionBody = named(
  "PositionActionRequest",
  z.strictObject({ ...word, brokerQuantity: quantity, bookQuantity: quantity }),
);

const closingSchema = named(
  "FlattenAnswer",
  z.object({
    incident: incidentSchema,
    close: z
      .object({
        status: z.string().describe("BLOCKED: no order was sent."),
        requestId: z.string().nullable(),
        quantity: decimalOut,
        because: z.string().nullable().describe("Why no order was sent, or what is not known yet."),
      })
      .nullable()
      .describe("What became of the close; null where nothing is held."),
  }),
);

const RESPONSES = {
  400: errorSchema,
  403: errorSchema,
  404: errorSchema,
  409: incidentConflictSchema,
  503: errorSchema,
};
const OPERATOR_ONLY = [{ operatorKey: [] }];
const KEY_NEEDED = "Needs the header `TradeLatch-Operator-Key`.";

export function addIncidentActions(scope: NativeScope, ports: NativePorts): void {
  addResolution(scope, ports);
  addAdoption(scope, ports);
  addFlattening(scope, ports);
}

function addResolution(scope: NativeScope, ports: NativePorts): void {
  scope.app.post(
    "/latch/v1/incidents/:id/resolve",
    {
      schema: {
        operationId: "resolveIncident",
        summary: "An operator's word ends an incident, and where it says so the claim behind it.",
        description:
          `${KEY_NEEDED} 409 where the incident has changed since that version, is over, no ` +
          "claim behind it waits for its end, or the broker still holds the shares of an exit " +
          "that is to end already_flat; the answer has the incident as it is now, and nothing " +
          "was changed.",
        security: OPERATOR_ONLY,
        params: incidentParams,
        querystring: noQuery,
        body: resolveBody,
        response: { 200: incidentSchema, ...RESPONSES },
      },
    },
    async ({ params: { id }, body, raw }, reply) => {
      requireOperator(scope, raw);
      const another = await anotherIncident(ports, id, body.openedAt);
      if (another !== undefined) return reply.code(409).send(conflictOf(another, id, body));
      const { version, reason, by = nameOf(scope, raw), endClaimAs = null } = body;
      const command: WordCommand = { version, reason, by, endClaimAs };
      const result = await ports.latch().operator.resolve(id, command);
      if (result.kind === "resolved") return incidentView(result.incident);
      return reply.code(409).send(conflictOf(result, id, { version }));
    },
  );
}

function addAdoption(scope: NativeScope, ports: NativePorts): void {
  scope.app.post(
    "/latch/v1/incidents/:id/adopt",
    {
      schema: {
        operationId: "adoptPosition",
        summary: "The book takes over what the broker holds, and the incident is resolved.",
        description:
          `${KEY_NEEDED} Nothing is traded. 409 where either quantity is not what was confirmed, ` +
          "and where a claim in the symbol has no answer yet.",
        security: OPERATOR_ONLY,
        params: incidentParams,
        querystring: noQuery,
        body: positionBody,
        response: { 200: incidentSchema, ...RESPONSES },
      },
    },
    async ({ params: { id }, body, raw }, reply) => {
      requireOperator(scope, raw);
      const another = await anotherIncident(ports, id, body.openedAt);
      if (another !== undefined) return reply.code(409).send(conflictOf(another, id, body));
      const result = await ports.latch().operator.adopt(id, commandOf(scope, raw, body));
      if (result.kind === "resolved" || result.kind === "closing") {
        return incidentView(result.incident);
      }
      return reply.code(409).send(conflictOf(result, id, body));
    },
  );
}

function addFlattening(scope: NativeScope, ports: NativePorts): void {
  scope.app.post(
    "/latch/v1/incidents/:id/flatten",
    {
      schema: {
        operationId: "flattenPosition",
        summary: "The book takes over what the broker holds, and all of it is closed.",
        description:
          `${KEY_NEEDED} The close is a claim like any other, under the id \`flatten-{id}\`, so ` +
          "that it is sent once; where one ends and something is left, the next has the id " +
          "`flatten-{id}-2`. The incident ends when both hold nothing any more.",
        security: OPERATOR_ONLY,
        params: incidentParams,
        querystring: noQuery,
        body: positionBody,
        response: { 200: closingSchema, ...RESPONSES },
      },
    },
    async ({ params: { id }, body, raw }, reply) => {
      requireOperator(scope, raw);
      const another = await anotherIncident(ports, id, body.openedAt);
      if (another !== undefined) return reply.code(409).send(conflictOf(another, id, body));
      const result = await ports.latch().operator.flatten(id, commandOf(scope, raw, body));
      if (result.kind === "resolved")
        return { incident: incidentView(result.incident), close: null };
      if (result.kind !== "closing") {
        return reply.code(409).send(conflictOf(result, id, body));
      }
      const { incident, answer } = result;
      const close = answer && { ...answer, quantity: body.brokerQuantity };
      return { incident: incidentView(incident), close };
    },
  );
}

function commandOf(
  scope: NativeScope,
  raw: IncomingMessage,
  body: z.output<typeof positionBody>,
): PositionCommand {
  const { version, reason, by = nameOf(scope, raw), brokerQuantity, bookQuantity } = body;
  return { version, reason, by, brokerNet: brokerQuantity, bookNet: bookQuantity };
}

/** Throws LatchError: which of the two is wanting, a key or the right one. */
function requireOperator({ access }: NativeScope, { headers }: IncomingMessage): void {
  if (!access.hasOperator) {
    throw new LatchError("operator_key_unset", "no operator key is set: nobody may act over HTTP");
  }
  if (access.operatorOf(headers) === undefined) {
    throw new LatchError("operator_key_refused", "the operator key is missing, or another one");
  }
}

/** Who showed the key; the broker's own id is on no record. */
function nameOf({ access }: NativeScope, { headers }: IncomingMessage): string {
  return access.operatorOf(headers)?.id ?? "operator";
}

/** One that was opened at another time than the one that was seen; its ledger is another. */
interface Another {
  readonly kind: "another";
  readonly incident: Incident;
}

async function anotherIncident(
  ports: NativePorts,
  id: number,
  openedAt: EpochMs | undefined,
): Promise<Another | undefined> {
  if (openedAt === undefined) return undefined;
  const incident = await ports.latch().incident(id);
  const isSeen = incident === undefined || incident.openedAt === openedAt;
  return isSeen ? undefined : { kind: "another", incident };
}

type Refused =
  | Exclude<WordResult | PositionResult, { readonly kind: "resolved" | "closing" }>
  | Another;

const CODES = {
  another: "incident_changed",
  stale: "incident_changed",
  over: "incident_over",
  no_claim: "incident_without_claim",
  claim_waits: "incident_claim_waits",
  other_end: "incident_other_end",
  exit_still_held: "exit_still_held",
  not_a_position: "incident_not_a_position",
  position_moved: "position_moved",
  broker_moved: "position_moved",
} as const satisfies Partial<Record<Refused["kind"], ErrorCode>>;

type Conflict = Extract<Refused, { readonly kind: keyof typeof CODES }>;

function messageOf(conflict: Conflict, confirmed: Confirmed) {
  const { id, symbol, openedAt, ...incident } = conflict.incident;
  const { version, brokerQuantity } = confirmed;
  const net = "net" in conflict ? conflict.net : "";
  const messages: Readonly<Record<Conflict["kind"], string>> = {
    another: `incident ${id} is another one than was seen: it was opened ${timeText(openedAt)}`,
    stale: `incident ${id} is at version ${incident.version}, not ${version}`,
    over: `incident ${id} was resolved before: ${incident.resolution?.verdict}`,
    claim_waits: `the claim behind incident ${id} still waits for its end`,
    no_claim: `no claim behind incident ${id} waits for its end`,
    other_end: `what is behind incident ${id} does not end like that`,
    exit_still_held: `the broker holds ${net} ${symbol} now: the exit's shares are not gone`,
    not_a_position: `incident ${id} is about ${incident.subject}, which is no position`,
    position_moved: `the book of ${symbol} holds another quantity than was confirmed`,
    broker_moved: `the broker holds ${net} ${symbol} now, and ${brokerQuantity} was confirmed`,
  };
  return messages[conflict.kind];
}

/** What the person saw. */
interface Confirmed {
  readonly version: number;
  readonly brokerQuantity?: string;
}

/** Throws LatchError where there is no incident to show. */
function conflictOf(
  result: Refused,
  id: number,
  confirmed: Confirmed,
): z.output<typeof incidentConflictSchema> {
  switch (result.kind) {
    case "unknown":
      throw incidentNotFound(id);
    case "unreadable":
      throw new LatchError("position_unreadable", result.reason);
    default: {
      const { code } = SIDECAR_ERRORS.incident_conflict;
      const error = CODES[result.kind];
      const message = messageOf(result, confirmed);
      const { hint } = new LatchError(error, message);
      const incident = incidentView(result.incident);
      return { code, message, tradelatch: { error, hint, incident } };
    }
  }
}
