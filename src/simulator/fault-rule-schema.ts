/**
 * What a fault rule may say. An unknown field or fault is refused by name, because a misspelt fault
 * that never happens would look like a test that passed.
 *
 * Faults of requests fall into two families. One request gets at most one of the first and any
 * number of the second, so that an order can land, its answer get lost and its lookup lag at once.
 */
import { z } from "zod";
import { parseDecimal } from "../core/decimal.ts";

const duration = z.int().nonnegative();

/** Faults that decide how a request is answered. */
const answerFaults = [
  /** Nothing happens; the answer has this status and `{code, message, ...extra}`. */
  z.strictObject({
    kind: z.literal("refuse"),
    status: z.int().min(400).max(599),
    code: z.int().optional(),
    message: z.string(),
    extra: z.record(z.string(), z.unknown()).optional(),
  }),
  /** Nothing happens; 429 with Retry-After. */
  z.strictObject({
    kind: z.literal("rate_limited"),
    retryAfterSeconds: z.int().positive().optional(),
  }),
  /** Nothing happens; the connection is cut. */
  z.strictObject({ kind: z.literal("drop") }),
  /** It happens; the connection is cut in the place of an answer. */
  z.strictObject({ kind: z.literal("accept_then_drop") }),
  /** It happens; no answer ever comes. */
  z.strictObject({ kind: z.literal("accept_then_hang") }),
  /** It happens; the answer is a server error in JSON. */
  z.strictObject({
    kind: z.literal("accept_then_error"),
    status: z.union([z.literal(500), z.literal(502), z.literal(503), z.literal(504)]),
    code: z.int().optional(),
    message: z.string().optional(),
  }),
  /** The answer is a gateway's web page, whether it happens (`accept`) or not. */
  z.strictObject({
    kind: z.literal("html"),
    status: z.int().min(200).max(599),
    accept: z.boolean(),
  }),
  /** It happens at once; the answer comes when the clock has advanced by `delayMs`. */
  z.strictObject({ kind: z.literal("slow"), delayMs: duration }),
  /** It happens only when the clock has advanced by `delayMs`, even if the caller has gone. */
  z.strictObject({ kind: z.literal("arrive_late"), delayMs: duration }),
] as const;

/** Faults that change what an otherwise ordinary request does or sees. */
const effectFaults = [
  /** On a POST: its order; on a GET: every order younger than `lagMs` is missing from the list. */
  z.strictObject({ kind: z.literal("list_lag"), lagMs: duration }),
  /** The same for lookups by client_order_id. */
  z.strictObject({ kind: z.literal("client_id_lag"), lagMs: duration }),
  /** On a GET of positions: they are shown as they stood `lagMs` ago. */
  z.strictObject({ kind: z.literal("position_lag"), lagMs: duration }),
  /** On a POST or PATCH: answered with 200, rejected afterwards; the order replaced lives on. */
  z.strictObject({ kind: z.literal("reject_later") }),
  /** On a POST: `quantity` fills first ("0": nothing); the rest at the next price, or by script. */
  z.strictObject({
    kind: z.literal("partial_fill"),
    quantity: z.string().refine((text) => parseDecimal(text) !== undefined, "not a decimal number"),
    rest: z.enum(["full", "script"]).optional(),
  }),
  /** On a DELETE: the order stays in pending_cancel until the next open. */
  z.strictObject({ kind: z.literal("cancel_stuck") }),
  /** On a GET of bars: those that ended less than `lagMs` ago are missing. */
  z.strictObject({ kind: z.literal("bars_lag"), lagMs: duration }),
  /** On a GET of bars: the minute that is not over is shown too. */
  z.strictObject({ kind: z.literal("bars_unfinished") }),
] as const;

/** Faults of the trade-updates stream. */
const streamFaults = [
  z.strictObject({ kind: z.literal("event_lost") }),
  z.strictObject({ kind: z.literal("event_repeated") }),
  /** The event is sent after the one that follows it. */
  z.strictObject({ kind: z.literal("event_reordered") }),
  /** All streams are cut in the place of the event. */
  z.strictObject({ kind: z.literal("stream_cut") }),
] as const;

/** Faults of the stream of stock data, each in the place of a bar. */
const barFaults = [
  z.strictObject({ kind: z.literal("bar_lost") }),
  z.strictObject({ kind: z.literal("bar_repeated") }),
  /** The bar is sent when the clock has advanced by `delayMs`. */
  z.strictObject({ kind: z.literal("bar_late"), delayMs: duration }),
  /** Nothing is sent for `durationMs` on connections that stay up. */
  z.strictObject({ kind: z.literal("data_stream_silent"), durationMs: duration }),
  /** All connections are cut; for `heldMs` (default 0) the broker takes them to be there still. */
  z.strictObject({ kind: z.literal("data_stream_cut"), heldMs: duration.optional() }),
] as const;

const answerFault = z.discriminatedUnion("kind", answerFaults);
const effectFault = z.discriminatedUnion("kind", effectFaults);
const streamFault = z.discriminatedUnion("kind", streamFaults);
const barFault = z.discriminatedUnion("kind", barFaults);

const requestMatch = {
  method: z.enum(["GET", "POST", "PATCH", "PUT", "DELETE"]).optional(),
  /** Exact, or with `*` for any characters. */
  path: z.string().startsWith("/").optional(),
};

const streamMatch = {
  event: z.string().min(1).optional(),
};

const ruleSchema = z
  .strictObject({
    match: z.strictObject({
      ...requestMatch,
      ...streamMatch,
      side: z.enum(["buy", "sell"]).optional(),
      symbol: z.string().min(1).optional(),
      /** Start with the n-th match, counted from 1. */
      nth: z.int().positive().optional(),
    }),
    fault: z.discriminatedUnion("kind", [
      ...answerFaults,
      ...effectFaults,
      ...streamFaults,
      ...barFaults,
    ]),
    /** How often the fault happens; default 1. */
    times: z.int().positive().optional(),
    /** Chance (0 to 1) for each match, drawn from the simulator's seed; default 1. */
    chance: z.number().min(0).max(1).optional(),
  })
  .superRefine(({ match, fault }, context) => {
    for (const field of strangersTo(fault)) {
      if (match[field] === undefined) continue;
      const message = `${field} does not go with the fault ${fault.kind}`;
      context.addIssue({ code: "custom", path: ["match", field], message });
    }
  });

export const faultRulesSchema = z.strictObject({ rules: z.array(ruleSchema) });

/** The fields of a match that nothing which the fault strikes has. */
function strangersTo(fault: Fault): readonly ("method" | "path" | "event" | "side")[] {
  if (isBarFault(fault)) return ["method", "path", "event", "side"];
  return isStreamFault(fault) ? ["method", "path"] : ["event"];
}

export type FaultRule = Readonly<z.input<typeof ruleSchema>>;
export type Fault =
  | z.infer<typeof answerFault>
  | z.infer<typeof effectFault>
  | z.infer<typeof streamFault>
  | z.infer<typeof barFault>;
export type AnswerFault = z.infer<typeof answerFault>;
export type EffectFault = z.infer<typeof effectFault>;
export type StreamFault = z.infer<typeof streamFault>;
export type BarFault = z.infer<typeof barFault>;

/** The faults of market data, of its stream and of its endpoints; they touch no order. */
export const DATA_FAULTS = [
  ...barFaults.map((schema) => schema.shape.kind.value),
  "bars_lag",
  "bars_unfinished",
] as const;
export type DataFault = BarFault | Extract<EffectFault, { kind: "bars_lag" | "bars_unfinished" }>;

export function isAnswerFault(fault: Fault): fault is AnswerFault {
  return answerFaults.some((schema) => schema.shape.kind.value === fault.kind);
}

export function isEffectFault(fault: Fault): fault is EffectFault {
  return effectFaults.some((schema) => schema.shape.kind.value === fault.kind);
}

export function isStreamFault(fault: Fault): fault is StreamFault {
  return streamFaults.some((schema) => schema.shape.kind.value === fault.kind);
}

export function isBarFault(fault: Fault): fault is BarFault {
  return barFaults.some((schema) => schema.shape.kind.value === fault.kind);
}
