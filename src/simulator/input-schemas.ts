/**
 * What the simulator takes as input from its user: options and control requests. A field that is
 * unknown or does not fit is refused by name.
 */
import { z } from "zod";
import { compare, decimal, parseDecimal, ZERO } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { plainExpectation } from "../core/plain-expectation.ts";
import { SYMBOL } from "./asset-registry.ts";
import { MINUTE_MS } from "./market-tape.ts";
import { isOptionSymbol } from "./option-contract.ts";
import { epochMs, parseTimestamp } from "./timestamp.ts";

const amount = z
  .string("expected an amount, such as 75.33")
  .refine((text) => parseDecimal(text) !== undefined, "not a decimal number");
const positive = amount.refine((text) => isPositive(text), "must be greater than zero");
const WHOLE_NUMBER = /^-?\d{1,15}$/;
/** A JSON body arrives with its numbers as text. */
const integer = z.union(
  [z.int(), z.string().regex(WHOLE_NUMBER).transform(Number)],
  "expected a whole number",
);
const symbol = z
  .string("expected a stock's symbol, such as TQQQ")
  .refine((text) => SYMBOL.test(text) || isOptionSymbol(text), "not a stock's symbol");
const pointInTime = z.union(
  [
    integer,
    z
      .string()
      .refine((text) => parseTimestamp(text) !== undefined, "not a time")
      .transform((text) => epochMs(parseTimestamp(text) ?? raise(text))),
  ],
  "expected a time, such as 2026-05-21T13:30:00Z, or milliseconds since 1970",
);
const fraction = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d(\.\d+)?$/)
        .transform(Number),
    ],
    "expected a number from 0 to 1",
  )
  .pipe(z.number().min(0).max(1));

export const positionSchema = z.strictObject({
  symbol,
  quantity: amount,
  averagePrice: positive,
});

const hours = z.strictObject({
  open: z.string().regex(/^\d{2}:\d{2}$/),
  close: z.string().regex(/^\d{2}:\d{2}$/),
});

const bar = z
  .strictObject({
    time: pointInTime.refine((at) => at % MINUTE_MS === 0, "not the begin of a minute"),
    open: positive,
    high: positive,
    low: positive,
    close: positive,
    volume: amount.refine((text) => isPositive(text) || isNothing(text), "must not be negative"),
  })
  .refine(isPossible, "low and high do not enclose open and close");

export const pricesSchema = z.record(symbol, positive);
export const barsSchema = z.record(symbol, z.array(bar));

const world = {
  seed: integer.optional(),
  startAt: pointInTime.optional(),
  cash: amount.optional(),
  allowShorting: z.boolean().optional(),
  prices: pricesSchema.optional(),
  positions: z.array(positionSchema).optional(),
  bars: barsSchema.optional(),
  calendar: z.record(z.iso.date(), z.union([hours, z.null()])).optional(),
  accountId: z.uuid().optional(),
  partialFillChance: fraction.optional(),
  pairFee: amount.refine((text) => isPart(text), "must be at least 0 and below 1").optional(),
  scriptedFills: z.boolean().optional(),
};

export const optionsSchema = z
  .strictObject({
    ...world,
    port: z.int().min(0).max(65_535).optional(),
    host: z.string().min(1).optional(),
    keyId: z.string().min(1).optional(),
    secret: z.string().min(1).optional(),
    rateLimitPerMinute: z.int().positive().optional(),
    streamFrames: z.enum(["binary", "text"]).optional(),
    dataPlan: z.enum(["basic", "plus"]).optional(),
    dataConnections: z.int().positive().optional(),
  })
  .refine(
    ({ keyId, secret }) => (keyId === undefined) === (secret === undefined),
    "keyId and secret go together",
  );

/** `now` is another name for `startAt`. */
export const resetSchema = z
  .strictObject({ ...world, now: pointInTime.optional() })
  .transform(({ now, ...options }) => (now === undefined ? options : { ...options, startAt: now }));

export const clockSchema = z.union(
  [
    z.strictObject({ now: pointInTime, force: z.boolean().optional() }),
    z.strictObject({ advanceMs: integer.pipe(z.int().nonnegative()) }),
  ],
  'expected {"now", "force"?} or {"advanceMs"}',
);

export const positionsSchema = z.array(positionSchema);

export const fillSchema = z
  .strictObject({
    orderId: z.string().optional(),
    clientOrderId: z.string().optional(),
    quantity: positive,
    price: positive.optional(),
    late: z.boolean().optional(),
  })
  .refine(
    ({ orderId, clientOrderId }) => (orderId === undefined) !== (clientOrderId === undefined),
    "exactly one of orderId and clientOrderId is needed",
  );

export const assetSchema = z.strictObject({
  symbol,
  fractionable: z.boolean().optional(),
  shortable: z.boolean().optional(),
  tradable: z.boolean().optional(),
});

/** `value` as the schema reads it; LatchError `invalid_option` naming each field otherwise. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => complaint(issue, value));
  throw new LatchError("invalid_option", complaints.join("; "), { cause: result.error });
}

function complaint(issue: z.core.$ZodIssue, value: unknown): string {
  const { path } = issue;
  // Of a key that does not fit zod says what is wrong one level below.
  const [inner] = issue.code === "invalid_key" ? issue.issues : [];
  const { message } = inner ?? issue;
  const place = path.map(String).join(".") || "input";
  const received = path.reduce<unknown>(
    (whole, key) => (whole as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  const given = JSON.stringify(received) ?? "nothing";
  return `${place}: ${plainExpectation(message)} (received ${given})`;
}

function isNothing(text: string): boolean {
  return parseDecimal(text) === ZERO;
}

function isPossible(prices: Readonly<Record<"open" | "high" | "low" | "close", string>>): boolean {
  const [open, high, low, close] = [prices.open, prices.high, prices.low, prices.close];
  if (![open, high, low, close].every((text) => parseDecimal(text) !== undefined)) return true;
  return [open, close].every(
    (price) =>
      compare(decimal(low), decimal(price)) <= 0 && compare(decimal(price), decimal(high)) <= 0,
  );
}

function isPart(text: string): boolean {
  const part = parseDecimal(text);
  return part === undefined || (compare(part, ZERO) >= 0 && compare(part, decimal("1")) < 0);
}

function isPositive(text: string): boolean {
  return parseDecimal(text) === undefined || compare(decimal(text), ZERO) > 0;
}

function raise(text: string): never {
  throw new RangeError(`not a time: ${text}`);
}
