/**
 * An event as JSON. With `at` as milliseconds again it is, to the letter, what its hash covers, so
 * that a reader can check the chain without us.
 */
import { z } from "zod";
import type { StoredEvent } from "../ledger/ledger.ts";
import { named, timeOut, timeText } from "./native-schemas.ts";

const stored = {
  sequence: z.number().int().positive(),
  at: timeOut,
  symbol: z.string(),
  body: z.looseObject({ type: z.string() }).describe("As it is hashed: times are milliseconds."),
  previousHash: z.string(),
  hash: z.string(),
};

const key = z.object({ account: z.string(), agent: z.string(), requestId: z.string() });
const claimEventSchema = z.object({ subject: z.literal("claim"), key, ...stored });
const guardEventSchema = z
  .object({ subject: z.literal("guard"), key, ...stored })
  .describe("Of an action that is no order: its symbol is empty.");
const bookEventSchema = z.object({ subject: z.literal("book"), account: z.string(), ...stored });

export const eventSchema = named(
  "Event",
  z.discriminatedUnion("subject", [claimEventSchema, bookEventSchema, guardEventSchema]),
);

export type EventView = z.output<typeof eventSchema>;

export function eventView(event: StoredEvent): EventView {
  return { ...event, at: timeText(event.at), body: { ...event.body } };
}
