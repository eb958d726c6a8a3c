/**
 * `/latch/v1/incidents`, `/latch/v1/incidents/{id}` and `/latch/v1/entry-check`: what is wrong, and
 * what led to it. What a person does about it is in native-incident-actions.ts.
 */
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import { symbolSchema as symbol } from "../identity/symbol-schema.ts";
import {
  entryCheckSchema,
  entryCheckView,
  incidentSchema,
  incidentView,
} from "./native-incident-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const LIMIT = 100;
const LIMIT_MAX = 500;

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

export const incidentParams = z.strictObject({ id: number });

export function addIncidentRoutes(scope: NativeScope, ports: NativePorts): void {
  addIncidentPages(scope, ports);
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
      if (incident === undefined) throw incidentNotFound(id);
      return incidentView(incident);
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

export function incidentNotFound(id: number): LatchError {
  return new LatchError("incident_not_found", `there is no incident ${id} in this account`);
}
