/**
 * Reads the shape of a session file, field by field.
 *
 * 1. No field is guessed: a missing or unknown one is refused, an absent optional one is null.
 * 2. Amounts are text and become canonical decimals; a JSON number is refused.
 * 3. Each message says what is expected; `session.ts` adds the path and the value received.
 */
import { z } from "zod";
import {
  type DecimalText,
  decimalPlaces,
  parseDecimal,
  QUANTITY_DECIMALS,
  signOf,
} from "../core/decimal.ts";
import { SYMBOL } from "../identity/symbol.ts";
import { faultRulesSchema } from "../simulator/fault-rule-schema.ts";
import type { Session } from "./session-rows.ts";
import { isCalendarDay, isTimeOfDay, isTimezone } from "./session-time.ts";

const TEXT_MAX = 1_000;
const EVENTS_MAX = 10_000;
const CENTS_DECIMALS = 2;

const text = textThat(() => true, `text of 1 to ${TEXT_MAX} characters`);
const time = textThat(isTimeOfDay, "a time of day such as 09:42:00");
const bar = textThat((value) => isTimeOfDay(`${value}:00`), "a bar's time such as 09:42");
const symbol = textThat((value) => SYMBOL.test(value), "a symbol such as TQQQ or BRK.B");
const quantity = amount(QUANTITY_DECIMALS);
const price = amount(QUANTITY_DECIMALS);
const notionalUsd = amount(CENTS_DECIMALS);
const note = text.optional().transform((value) => value ?? null);
const mark = z.enum(["stated", "inferred"], '"stated" or "inferred"');
const instance = z.enum(["a", "b"], '"a" or "b"');
const side = z.enum(["buy", "sell"], '"buy" or "sell"');

const orderFields = {
  kind: z.literal("order"),
  id: text,
  time,
  mark,
  instance,
  symbol,
  side,
  quantity,
  notionalUsd,
  reason: text,
  note,
  duplicateOf: text.optional().transform((value) => value ?? null),
  recorded: z.boolean("true or false").default(false),
};

const order = z.discriminatedUnion(
  "effect",
  [
    z.strictObject({ ...orderFields, effect: z.literal("open"), bar, stage: text }),
    z.strictObject({ ...orderFields, effect: z.literal("close"), leg: text }),
  ],
  '"open" or "close"',
);

const brokerFault = z.strictObject({
  kind: z.literal("broker_fault"),
  time,
  mark,
  /** The simulated broker's own schema: a fault that it would not take is refused up front. */
  rules: faultRulesSchema.shape.rules.min(1, "at least one rule"),
  note,
});

const entriesWanted = z.strictObject({
  kind: z.literal("entries_wanted"),
  from: time,
  until: time,
  everyMinutes: positiveInteger(),
  instance,
  symbol,
  mark,
  note,
});

const storeFault = z.strictObject({
  kind: z.literal("store_fault"),
  from: time,
  until: time,
  mark,
  note,
});

const KINDS = '"order", "broker_fault", "entries_wanted" or "store_fault"';

const event = z.discriminatedUnion("kind", [order, brokerFault, entriesWanted, storeFault], {
  error: ({ code }: { readonly code?: string }) => (code === "invalid_type" ? "an object" : KINDS),
});

/** Reads the parsed JSON of a session file; what no single field shows is checked elsewhere. */
export const sessionSchema: z.ZodType<Session> = z.strictObject(
  {
    session: textThat(isCalendarDay, "a day of the calendar such as 2026-05-21"),
    dayMark: mark.default("stated"),
    title: text.optional().transform((value) => value ?? null),
    oldGuard: z.boolean("true or false").default(false),
    timezone: textThat(isTimezone, "a time zone such as America/New_York"),
    opensAt: time,
    closesAt: time,
    about: text,
    openingPositions: z.array(
      z.strictObject({ symbol, quantity, averagePrice: price, mark, note }, "an object"),
      "a list, which may be empty",
    ),
    events: z
      .array(event, "a list of rows")
      .min(1, "at least one row")
      .max(EVENTS_MAX, `at most ${EVENTS_MAX} rows`),
  },
  "an object with session, timezone, opensAt, closesAt, about, openingPositions and events",
);

function textThat(holds: (value: string) => boolean, expectation: string) {
  return z
    .string(expectation)
    .refine((value) => value !== "" && value.length <= TEXT_MAX && holds(value), expectation);
}

function positiveInteger() {
  const expectation = "a whole number above zero";
  return z.number(expectation).int(expectation).positive(expectation);
}

/** A positive amount as text, never a JSON number: those lose digits before anyone can look. */
function amount(decimals: number) {
  const expectation = `decimal text above zero with at most ${decimals} digits behind the point`;
  return z.string(expectation).transform((value, context): DecimalText => {
    const parsed = value.length <= TEXT_MAX ? parseDecimal(value) : undefined;
    if (parsed !== undefined && signOf(parsed) > 0 && decimalPlaces(parsed) <= decimals) {
      return parsed;
    }
    context.addIssue({ code: "custom", message: expectation });
    return z.NEVER;
  });
}
