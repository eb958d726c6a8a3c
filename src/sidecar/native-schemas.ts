/**
 * Schemas that the pages under `/latch/v1` share. They check requests, shape responses and make the
 * OpenAPI document, so none of the three can differ from the others.
 */
import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { anyJson } from "../identity/intent-schema.ts";

/** The schemas that have a name in the OpenAPI document. */
export const NAMED_SCHEMAS = z.registry<{ readonly id: string }>();

export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  NAMED_SCHEMAS.add(schema, { id });
  return schema;
}

named("Json", anyJson);

/** Times are RFC 3339 text on the wire, in UTC with milliseconds. */
export const timeOut = z.iso.datetime({ precision: 3 });

export function timeText(at: EpochMs): string {
  return new Date(at).toISOString();
}

export function timeTextOrNull(at: EpochMs | null): string | null {
  return at === null ? null : timeText(at);
}

/** A time in a query: RFC 3339 with an offset; finer than milliseconds is cut off. */
export const timeIn = z.iso
  .datetime({
    offset: true,
    error: "expected a time such as 2026-05-21T09:42:00-04:00; a + is written %2B in a query",
  })
  .transform((text): EpochMs => Date.parse(text));

/** A day in a query. */
export const dateIn = z.iso.date("expected a day such as 2026-05-21");

export const decimalOut = z.string().describe("A decimal number as text, such as 6 or 0.125.");

export const noQuery = z.strictObject({});

export const errorSchema = named(
  "Error",
  z.object({
    code: z.number().int().optional().describe("As Alpaca builds its own, status first."),
    message: z.string(),
    tradelatch: z
      .looseObject({ error: z.string(), hint: z.string() })
      .describe("`error` names the cause; docs/ERRORS.md lists every name."),
  }),
);
