/** The state of the sidecar as JSON: what a person has to see at a glance. */
import { z } from "zod";
import { BROKER_KINDS, brokerKind } from "../core/broker-kind.ts";
import { isServerStore, placeOfStore } from "../core/store-place.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import type { LatchState } from "../operator/operator.ts";
import { decimalOut, named, timeOut, timeText, timeTextOrNull } from "./native-schemas.ts";
import type { Readiness } from "./readiness.ts";
import type { StreamHealth } from "./stream-service.ts";

const unresolvedSchema = z.object({
  agent: z.string(),
  requestId: z.string(),
  symbol: z.string(),
  side: z.enum(["buy", "sell"]),
  quantity: decimalOut.nullable(),
  what: z.string().describe("What it is to trade, in words; of a multi-leg order each contract."),
  openedAt: timeOut,
  because: z.string().nullable().describe("Why nobody knows what became of it."),
});

const latchSchema = z.object({
  account: z.string(),
  market: z
    .object({ open: z.boolean(), opensAt: timeOut.nullable(), closesAt: timeOut.nullable() })
    .nullable()
    .describe("Null where the broker's calendar cannot be read."),
  live: z.number().int().describe("Claims that are not over."),
  oldestUnresolved: unresolvedSchema.nullable(),
  openIncidents: z.number().int(),
  rateBudget: z.object({ remaining: z.number().int(), capacity: z.number().int() }),
  positionsUnread: z
    .object({ since: timeOut, because: z.string() })
    .nullable()
    .describe("Since when, and why, positions cannot be compared in full; null where they can."),
  polledAt: timeOut.nullable().describe("When the last look at what is at work ended."),
  nextDueAt: timeOut.nullable().describe("When something is looked at next."),
  sequence: z.number().int().describe("Of the last event."),
});

export const statusSchema = named(
  "Status",
  z.object({
    now: timeOut.describe("By the sidecar's clock."),
    ready: z.boolean(),
    recovery: z.enum(["done", "under way"]),
    broker: z.object({
      url: z.string(),
      kind: z
        .enum(BROKER_KINDS)
        .describe("`live` is real money; `other` may be; `none`: actions alone are guarded."),
      health: z.string().describe('"ok", or what is wrong.'),
    }),
    store: z.object({
      kind: z.enum(["sqlite", "postgres"]),
      place: z.string(),
      health: z.string().describe('"ok", or what is wrong.'),
    }),
    stream: z.object({
      connected: z.boolean(),
      state: z.string(),
      since: timeOut,
      lastEventAt: timeOut.nullable(),
      behindSince: timeOut.nullable(),
    }),
    operator: z.object({
      configured: z.boolean().describe("Whether there is an operator key."),
      shown: z.boolean().describe("Whether this request showed it."),
    }),
    latch: latchSchema.nullable().describe("Null until the start is over."),
  }),
);

export type StatusView = z.output<typeof statusSchema>;

export interface StatusParts {
  readonly now: number;
  readonly readiness: Readiness;
  readonly brokerUrl: string;
  readonly store: string;
  readonly stream: Pick<
    StreamHealth,
    "connected" | "state" | "since" | "lastEventAt" | "behindSince"
  >;
  readonly operator: StatusView["operator"];
  readonly latch: ({ readonly account: string } & LatchState) | undefined;
}

export function statusView(parts: StatusParts): StatusView {
  const { now, readiness, brokerUrl, store, stream, operator, latch } = parts;
  const { isReady, recovery } = readiness;
  return {
    ...{ now: timeText(now), ready: isReady, recovery, operator },
    broker: { url: brokerUrl, kind: brokerKind(brokerUrl), health: readiness.broker },
    store: {
      kind: isServerStore(store) ? "postgres" : "sqlite",
      place: placeOfStore(store),
      health: readiness.store,
    },
    stream: {
      ...{ connected: stream.connected, state: stream.state, since: timeText(stream.since) },
      lastEventAt: timeTextOrNull(stream.lastEventAt ?? null),
      behindSince: timeTextOrNull(stream.behindSince ?? null),
    },
    latch: latch === undefined ? null : latchView(latch),
  };
}

function latchView(state: NonNullable<StatusParts["latch"]>): z.output<typeof latchSchema> {
  const { account, market, live, oldestUnresolved: oldest, openIncidents, rateBudget } = state;
  const { positionsUnread: unread } = state;
  return {
    ...{ account, live, openIncidents, sequence: state.sequence },
    market: market && {
      open: market.isOpen,
      opensAt: timeTextOrNull(market.opensAt),
      closesAt: timeTextOrNull(market.closesAt),
    },
    oldestUnresolved: oldest && {
      ...{ agent: oldest.key.agent, requestId: oldest.key.requestId },
      ...{ symbol: oldest.intent.symbol, side: oldest.intent.side },
      quantity: oldest.intent.quantity,
      what: orderInWords(oldest.intent),
      openedAt: timeText(oldest.openedAt),
      because: oldest.unknownBecause ?? oldest.refusal?.message ?? null,
    },
    rateBudget: { remaining: rateBudget.remaining, capacity: rateBudget.capacity },
    positionsUnread: unread && { since: timeText(unread.since), because: unread.because },
    polledAt: timeTextOrNull(state.polledAt),
    nextDueAt: timeTextOrNull(state.nextDueAt),
  };
}
