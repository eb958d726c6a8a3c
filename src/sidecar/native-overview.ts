/**
 * What the operator page is made of beside claims and incidents: `/latch/v1/status`, `/session` and
 * `/positions`. Every reader gets the same readings, so that a page that is looked at costs the
 * broker no more than one that many look at.
 */
import { z } from "zod";
import type { PositionTable } from "../operator/position-table.ts";
import type { SessionView } from "../operator/session-days.ts";
import { MARK_KINDS, type SessionMark } from "../operator/session-mark.ts";
import { bookSchema, bookView } from "./native-books.ts";
import type { NativePorts } from "./native-ports.ts";
import {
  dateIn,
  decimalOut,
  errorSchema,
  named,
  noQuery,
  timeOut,
  timeText,
  timeTextOrNull,
} from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";
import { statusSchema, statusView } from "./native-status-schema.ts";

const totalsSchema = z.object({
  ordersSent: z.number().int(),
  ordersRefused: z.number().int(),
  duplicatesBlocked: z.number().int().describe("Tries that were answered without a new order."),
  duplicateNotionalUsd: decimalOut,
  duplicatesOfUnknownPrice: z.number().int(),
  intentsBlocked: z.record(z.string(), z.number().int()).describe("Turned away, by code."),
  incidentsOpened: z.number().int(),
  incidentsResolved: z.number().int(),
});

const markSchema = named(
  "SessionMark",
  z.object({
    sequence: z.number().int(),
    at: timeOut,
    symbol: z.string(),
    kind: z.enum(MARK_KINDS),
    agent: z.string().nullable(),
    requestId: z.string().nullable(),
    incident: z.number().int().nullable(),
    side: z.enum(["buy", "sell"]).nullable(),
    quantity: decimalOut.nullable(),
    price: decimalOut.nullable(),
    notionalUsd: decimalOut.nullable(),
    net: decimalOut.nullable().describe("The position behind it; null where nobody knows."),
    text: z.string(),
  }),
);

const sessionSchema = named(
  "Session",
  z.object({
    date: z.string().describe("The day in New York."),
    today: z.string().describe("Today in New York."),
    earlier: z.string().nullable().describe("The day before it on which something happened."),
    later: z.string().nullable().describe("The day behind it on which something happened."),
    totals: totalsSchema,
    marks: z.array(markSchema).describe("Oldest first; at most 2,000."),
    cut: z.boolean().describe("Whether the day had more than is shown."),
    totalsCut: z.boolean().describe("Whether the totals are of the first part of the day alone."),
    sequence: z.number().int().describe("The last event that was looked at."),
  }),
);

const positionsSchema = named(
  "Positions",
  z.object({
    rows: z.array(
      z.object({
        symbol: z.string(),
        book: bookSchema,
        reserved: decimalOut,
        broker: z
          .object({ quantity: decimalOut, available: decimalOut, averagePrice: decimalOut })
          .nullable()
          .describe("Null where it holds none, or was not read."),
        difference: decimalOut
          .nullable()
          .describe(
            "What the broker holds beyond the book; null where it was not read at the last try, " +
              "or not since the book moved.",
          ),
      }),
    ),
    readAt: timeOut.nullable().describe("When the broker was last read."),
    unreadBecause: z.string().nullable().describe("Why the last try failed."),
  }),
);

const sessionQuery = z.strictObject({
  date: dateIn
    .optional()
    .describe(
      "Left out: today, or while it is empty outside market hours, the last day that had any.",
    ),
});

export type MarkView = z.output<typeof markSchema>;
export type SessionJson = z.output<typeof sessionSchema>;
export type PositionsView = z.output<typeof positionsSchema>;

export function addOverviewRoutes(scope: NativeScope, ports: NativePorts): void {
  addStatus(scope, ports);
  const { app } = scope;
  app.get(
    "/latch/v1/session",
    {
      schema: {
        operationId: "getSession",
        summary: "The session of a day: its totals, and what happened as points in time.",
        querystring: sessionQuery,
        response: { 200: sessionSchema, 400: errorSchema },
      },
    },
    async ({ query }) => sessionView(await ports.latch().operator.session(query.date)),
  );
  app.get(
    "/latch/v1/positions",
    {
      schema: {
        operationId: "listPositions",
        summary: "Every book beside what the broker holds, read at most every 10 seconds.",
        querystring: noQuery,
        response: { 200: positionsSchema, 400: errorSchema },
      },
    },
    async () => positionsView(await ports.latch().operator.positions()),
  );
}

function addStatus({ app, access }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/status",
    {
      schema: {
        operationId: "getStatus",
        summary: "Broker, account, market, stream, store and what is unresolved, at a glance.",
        querystring: noQuery,
        response: { 200: statusSchema, 400: errorSchema },
      },
    },
    async ({ raw }) => {
      const shown = access.operatorOf(raw.headers) !== undefined;
      const operator = { configured: access.hasOperator, shown };
      return statusView({ ...(await ports.status()), now: ports.clock.now(), operator });
    },
  );
}

function sessionView({ isCut, areTotalsCut, marks, totals, ...rest }: SessionView) {
  return {
    ...rest,
    totals: { ...totals, intentsBlocked: { ...totals.intentsBlocked } },
    cut: isCut,
    totalsCut: areTotalsCut,
    marks: marks.map((mark: SessionMark) => ({ ...mark, at: timeText(mark.at) })),
  };
}

function positionsView({ rows, readAt, unreadBecause }: PositionTable) {
  return {
    rows: rows.map(({ symbol, book, reserved, broker, difference }) => ({
      ...{ symbol, reserved, difference },
      book: bookView(book),
      broker: broker && {
        quantity: broker.quantity,
        available: broker.availableQuantity,
        averagePrice: broker.averageEntryPrice,
      },
    })),
    ...{ readAt: timeTextOrNull(readAt), unreadBecause },
  };
}
