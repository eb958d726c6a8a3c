/**
 * `/latch/v1/incidents`, `/latch/v1/incidents/{id}` with its `/resolve`, and
 * `/latch/v1/entry-check`: what is wrong, what led to it, and an operator's word that ends it.
 *
 * An operator resolves the version that was seen: whatever came since is looked at first. Who may
 * resolve is not decided here; every key that the front door lets in may.
 */
import { z } from "zod";
import { type ErrorCode, LatchError } from "../core/errors.ts";
import { SYMBOL } from "../identity/symbol.ts";
import type { Incident } from "../incident/incident.ts";
import type { OperatorCommand } from "../ledger/ledger.ts";
import type { Agent } from "./access.ts";
import { SIDECAR_ERRORS } from "./alpaca-error.ts";
import {
  entryCheckSchema,
  entryCheckView,
  incidentConflictSchema,
  incidentSchema,
  incidentView,
} from "./native-incident-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const LIMIT = 100;
const LIMIT_MAX = 500;
const REASON_MAX = 1_000;
const NAME_MAX = 64;

const symbol = z.string().regex(SYMBOL, "expected a symbol such as TQQQ or BTC/USD");
const number = z.coerce.number("expected an incident's number").int().min(1);

const incidentsQuery = z.strictObject({
  status: z.enum(["open", "resolved"]).optional(),
  symbol: symbol.optional(),
  before: number.optional().describe("The `next` of the page before."),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT),
});

const incidentsPage = named(
  "IncidentsPage",
  z.object({
    incidents: z.array(incidentSchema),
    next: z.number().int().nullable().describe("The next page's `before`; null is the end."),
  }),
);

const incidentParams = z.strictObject({ id: number });

const resolveBody = named(
  "ResolveRequest",
  z.strictObject({
    version: z.number().int().min(1).describe("The incident's version that was seen."),
    reason: z.string().trim().min(1, "expected why it is over").max(REASON_MAX),
    by: z.string().trim().min(1).max(NAME_MAX).optional().describe("Default: the key's id."),
    endClaimAs: z
      .enum(["absent", "rejected", "already_flat"])
      .optional()
      .describe("How the claim behind it ended; left out, that is left to the evidence."),
  }),
);

export function addIncidentRoutes(scope: NativeScope, ports: NativePorts): void {
  addIncidentPages(scope, ports);
  addResolution(scope, ports);
  addEntryCheck(scope, ports);
}

function addIncidentPages({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/incidents",
    {
      schema: {
        operationId: "listIncidents",
        summary: "Incidents, newest first, in pages.",
        querystring: incidentsQuery,
        response: { 200: incidentsPage, 400: errorSchema },
      },
    },
    async ({ query: { status, limit, ...filters } }) => {
      const isOpen = status === undefined ? undefined : status === "open";
      const found = await ports.latch().incidents({ ...filters, isOpen, limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { incidents: page.map(incidentView), next };
    },
  );
  app.get(
    "/latch/v1/incidents/:id",
    {
      schema: {
        operationId: "getIncident",
        summary: "One incident, with its causes and its evidence.",
        params: incidentParams,
        querystring: noQuery,
        response: { 200: incidentSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async ({ params: { id } }) => {
      const incident = await ports.latch().incident(id);
      if (incident === undefined) throw notFound(id);
      return incidentView(incident);
    },
  );
}

function addResolution({ app, agentOf }: NativeScope, ports: NativePorts): void {
  app.post(
    "/latch/v1/incidents/:id/resolve",
    {
      schema: {
        operationId: "resolveIncident",
        summary: "An operator's word ends an incident, and where it says so the claim behind it.",
        description:
          "409 where the incident has changed since that version, is over, or no claim behind it " +
          "waits for its end; the answer has the incident as it is now, and nothing was changed.",
        params: incidentParams,
        querystring: noQuery,
        body: resolveBody,
        response: {
          200: incidentSchema,
          400: errorSchema,
          404: errorSchema,
          409: incidentConflictSchema,
        },
      },
    },
    async ({ params: { id }, body, raw }, reply) => {
      const { version, reason, by = nameOf(agentOf(raw), ports), endClaimAs = null } = body;
      const command: Omit<OperatorCommand, "now"> = { version, reason, by, endClaimAs };
      const result = await ports.latch().resolveIncident(id, command);
      switch (result.kind) {
        case "resolved":
          return incidentView(result.incident);
        case "unknown":
          throw notFound(id);
        case "stale":
          return reply.code(409).send(conflict("incident_changed", result.incident, command));
        case "over":
          return reply.code(409).send(conflict("incident_over", result.incident, command));
        case "no_claim":
          return reply.code(409).send(conflict("incident_without_claim", result.incident, command));
        case "claim_waits":
          return reply.code(409).send(conflict("incident_claim_waits", result.incident, command));
      }
    },
  );
}

function addEntryCheck({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/entry-check",
    {
      schema: {
        operationId: "checkEntry",
        summary: "Whether an entry in a symbol is free, and if not the claims that led to it.",
        querystring: z.strictObject({ symbol }),
        response: { 200: entryCheckSchema, 400: errorSchema },
      },
    },
    async ({ query }) => entryCheckView(await ports.latch().entryCheck(query.symbol)),
  );
}

/** The key's id; where the broker's own key was shown, the group: that id is on no record. */
function nameOf({ id, group }: Agent, ports: NativePorts): string {
  const isAgentKey = ports.config().agents.some((agent) => agent.id === id);
  return isAgentKey ? id : group;
}

type ConflictCode = Extract<
  ErrorCode,
  `incident_${"changed" | "over" | "without_claim" | "claim_waits"}`
>;

function conflict(
  error: ConflictCode,
  incident: Incident,
  { version }: Pick<OperatorCommand, "version">,
): z.output<typeof incidentConflictSchema> {
  const messages: Readonly<Record<ConflictCode, string>> = {
    incident_changed: `incident ${incident.id} is at version ${incident.version}, not ${version}`,
    incident_over: `incident ${incident.id} was resolved before: ${incident.resolution?.verdict}`,
    incident_claim_waits: `the claim behind incident ${incident.id} still waits for its end`,
    incident_without_claim: `no claim behind incident ${incident.id} waits for its end`,
  };
  const { code } = SIDECAR_ERRORS.incident_conflict;
  const message = messages[error];
  const { hint } = new LatchError(error, message);
  return { code, message, tradelatch: { error, hint, incident: incidentView(incident) } };
}

function notFound(id: number): LatchError {
  return new LatchError("incident_not_found", `there is no incident ${id} in this account`);
}
