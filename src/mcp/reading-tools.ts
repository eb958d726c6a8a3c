/** `positions`, `entry_check` and `incidents`: what a model should know before it acts. */
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { symbolSchema as symbol } from "../identity/symbol-schema.ts";
import type { Incident } from "../incident/incident.ts";
import { allIncidents } from "../ledger/all-incidents.ts";
import type { PositionRow, PositionTable } from "../operator/position-table.ts";
import { timeText } from "./order-view.ts";
import type { BrokerPorts, ToolPorts } from "./tool-ports.ts";
import { toolResult } from "./tool-result.ts";

const decimal = z.string().describe("A decimal number as text; short positions are negative.");

const positionSchema = z.object({
  symbol: z.string(),
  quantity: decimal.describe("By the latch's own book, which every order of its is booked in."),
  average_price: decimal,
  closable: decimal.describe("What a further close may sell: exits at work hold the rest."),
  broker_quantity: decimal
    .nullable()
    .describe("Null where the broker was not read, or holds none."),
  difference: decimal
    .nullable()
    .describe("What the broker holds beyond the book; null where it was not read since."),
});

const positionsOutput = z.object({
  message: z.string(),
  positions: z.array(positionSchema),
  broker_read_at: z.string().nullable(),
});

const incidentSchema = z.object({
  id: z.number().int(),
  symbol: z.string(),
  kind: z.string(),
  is_open: z.boolean(),
  opened_at: z.string(),
  summary: z.string(),
  next: z.string().describe("What happens next, or what a person is to do."),
  caused_by: z.array(z.string()).describe("Request ids, the first cause first."),
  resolution: z.string().nullable(),
});

const entryCheckOutput = z.object({
  message: z.string(),
  symbol: z.string(),
  is_free: z.boolean(),
  incidents: z.array(incidentSchema),
});

const incidentsOutput = z.object({
  message: z.string(),
  open: z.number().int().describe("How many are open, also where fewer are listed."),
  incidents: z.array(incidentSchema),
});

const READS = { readOnlyHint: true, openWorldHint: false } as const;
/** It asks the broker. */
const READS_OUTSIDE = { readOnlyHint: true, openWorldHint: true } as const;

const INCIDENTS_DEFAULT = 20;
const INCIDENTS_MAX = 100;

export function addReadingTools(server: McpServer, ports: ToolPorts, broker: BrokerPorts): void {
  addPositions(server, ports, broker);
  addEntryCheck(server, ports, broker);
  addIncidents(server, ports, broker);
}

function addPositions(server: McpServer, ports: ToolPorts, broker: BrokerPorts): void {
  server.registerTool(
    "positions",
    {
      title: "Positions",
      description: "What is held: the latch's book of each symbol beside what the broker says.",
      inputSchema: z.strictObject({}),
      outputSchema: positionsOutput,
      annotations: READS_OUTSIDE,
    },
    () =>
      toolResult(ports, "nothing_changed", async () => {
        const { operator } = await broker.latch();
        const table = await operator.positions();
        const positions = table.rows.map(positionOf);
        const broker_read_at = table.readAt === null ? null : timeText(table.readAt);
        return { message: positionsText(table, positions), data: { positions, broker_read_at } };
      }),
  );
}

function addEntryCheck(server: McpServer, ports: ToolPorts, broker: BrokerPorts): void {
  server.registerTool(
    "entry_check",
    {
      title: "May a symbol be entered",
      description: "Whether a new entry in a symbol is free, and if not what led to it.",
      inputSchema: z.strictObject({ symbol }),
      outputSchema: entryCheckOutput,
      annotations: READS,
    },
    ({ symbol }) =>
      toolResult(ports, "nothing_changed", async () => {
        const latch = await broker.latch();
        const { isFree, because, incidents } = await latch.entryCheck(symbol);
        const message = `An entry in ${symbol} is ${isFree ? "free" : "not free"}: ${because}.`;
        return {
          message,
          data: { symbol, is_free: isFree, incidents: incidents.map(incidentOf) },
        };
      }),
  );
}

function addIncidents(server: McpServer, ports: ToolPorts, broker: BrokerPorts): void {
  server.registerTool(
    "incidents",
    {
      title: "Incidents",
      description:
        "What is, or was, in question: stuck exits, positions that differ, unknown outcomes. " +
        "Only evidence or a person ends one.",
      inputSchema: z.strictObject({
        symbol: symbol.optional(),
        only_open: z.boolean().default(true),
        limit: z.number().int().min(1).max(INCIDENTS_MAX).default(INCIDENTS_DEFAULT),
      }),
      outputSchema: incidentsOutput,
      annotations: READS,
    },
    ({ symbol, only_open, limit }) =>
      toolResult(ports, "nothing_changed", async () => {
        const latch = await broker.latch();
        const open = await allIncidents(latch, { symbol, isOpen: true });
        const found = only_open ? open.slice(0, limit) : await latch.incidents({ symbol, limit });
        const incidents = found.map(incidentOf);
        const all = only_open ? open.length : undefined;
        return { message: incidentsText(incidents, all), data: { open: open.length, incidents } };
      }),
  );
}

function positionOf({ symbol, book, closable, broker, difference }: PositionRow) {
  return {
    ...{ symbol, quantity: book.net, average_price: book.averagePrice, closable, difference },
    broker_quantity: broker?.quantity ?? null,
  };
}

function positionsText(
  { unreadBecause }: PositionTable,
  positions: readonly z.output<typeof positionSchema>[],
): string {
  const held = positions.filter(({ quantity }) => quantity !== "0");
  const told = held.map(({ symbol, quantity, closable }) => {
    const part = closable === quantity ? "" : ` (${closable} closable)`;
    return `${quantity} ${symbol}${part}`;
  });
  const books = `Held by the book: ${told.join(", ") || "nothing"}.`;
  return unreadBecause === null
    ? books
    : `${books} The broker's positions could not be read: ${unreadBecause}.`;
}

/** `open`: how many are open, where only those are told. */
function incidentsText(
  incidents: readonly z.output<typeof incidentSchema>[],
  open: number | undefined,
): string {
  if (incidents.length === 0) return `No ${open === undefined ? "incident" : "open incident"}.`;
  const told = incidents.map(
    ({ id, summary, next }) => `${id}: ${summary} (${next.replace(/\.$/, "")})`,
  );
  const more = open !== undefined && open > told.length ? `, the latest ${told.length} here` : "";
  const count = open === undefined ? `${told.length} of the latest` : `${open} open${more}`;
  return `${count}. ${told.join("; ")}.`;
}

function incidentOf(incident: Incident): z.output<typeof incidentSchema> {
  const { id, symbol, kind, openedAt, summary, next, causes, resolution } = incident;
  return {
    ...{ id, symbol, kind, summary, next, is_open: resolution === null },
    opened_at: timeText(openedAt),
    caused_by: causes.map(({ requestId }) => requestId),
    resolution: resolution === null ? null : `${resolution.verdict}: ${resolution.reason}`,
  };
}
