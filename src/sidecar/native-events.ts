/**
 * `GET /latch/v1/events`: the event log as server-sent events, or one page of it as JSON where the
 * client accepts only that. A stream that names no place begins at the present; a page, at the
 * first event.
 */
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import { EventReaders } from "./native-event-readers.ts";
import { eventSchema, eventView } from "./native-event-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, named } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const PAGE_MAX = 500;

const eventsQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe("Only events with a higher sequence. `Last-Event-ID` wins over it."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(100)
    .describe("Of a page of JSON; a stream has no end."),
});

const eventsPage = named(
  "EventsPage",
  z.object({
    events: z.array(eventSchema),
    next: z.number().int().describe("The `after` of the next page, also where this one is empty."),
  }),
);

const EVENTS_SCHEMA = {
  operationId: "readEvents",
  summary: "The event log as server-sent events, or as pages of JSON.",
  description:
    "Streams unless the client accepts only application/json. Each frame's id is the event's " +
    "sequence; Last-Event-ID, or after, resumes without a gap or a repeat. A stream with neither " +
    "begins at the present, a page at the first event. Comments come as heartbeats.",
  querystring: eventsQuery,
  response: {
    200: {
      description: "Events, oldest first.",
      content: {
        "application/json": { schema: eventsPage },
        "text/event-stream": { schema: z.string() },
      },
    },
    400: errorSchema,
    503: errorSchema,
  },
};

export function addEventsRoute(scope: NativeScope, ports: NativePorts): void {
  const { app, closing } = scope;
  const readers = new EventReaders({
    clock: ports.clock,
    closing,
    events: (query) => ports.latch().events(query),
    onFailure: (error) => ports.onFailure(error),
  });
  app.get("/latch/v1/events", { schema: EVENTS_SCHEMA }, async (request, reply) => {
    const { query, headers } = request;
    const asked = placeOf(headers["last-event-id"]) ?? query.after;
    if (wantsJson(headers.accept)) return pageOf(ports, asked, query.limit);
    readers.assertRoom();
    const after = await placeIn(ports, asked);
    readers.assertRoom();
    reply.hijack();
    await readers.serve(reply.raw, after);
    return reply;
  });
}

async function pageOf(ports: NativePorts, asked: number | undefined, limit: number) {
  const after = asked === undefined ? 0 : await placeIn(ports, asked);
  const events = await ports.latch().events({ after, limit });
  return { events: events.map(eventView), next: events.at(-1)?.sequence ?? after };
}

/**
 * The place that was asked for, or the present. One beyond the log is of another ledger: its reader
 * would miss what comes before it.
 */
async function placeIn(ports: NativePorts, asked: number | undefined): Promise<number> {
  const last = await ports.latch().lastSequence();
  if (asked === undefined || asked <= last) return asked ?? last;
  const message = `after is ${asked}: the last event is ${last}; another ledger has that place`;
  throw new LatchError("invalid_query", message);
}

function placeOf(lastEventId: string | string[] | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === "") return undefined;
  if (typeof lastEventId === "string" && /^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  const shown = JSON.stringify(lastEventId);
  throw new LatchError("invalid_query", `Last-Event-ID is ${shown}: expected an event's sequence`);
}

function wantsJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const types = accept.split(",").map((type) => type.split(";", 1).join().trim().toLowerCase());
  return types.includes("application/json") && !types.includes("text/event-stream");
}
