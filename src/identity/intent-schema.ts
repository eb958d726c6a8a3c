/**
 * Reads an intent from outside: every field is checked, amounts become canonical decimals, and the
 * first thing that is wrong is named with the value received. Nothing is rounded or guessed.
 */
import { z } from "zod";
import {
  type DecimalText,
  decimalPlaces,
  parseDecimal,
  QUANTITY_DECIMALS,
  signOf,
} from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId, AgentId, ClientOrderId, RequestId } from "../core/ids.ts";
import { type Intent, ORDER_TYPES, type OrderTerms, TIMES_IN_FORCE } from "./intent.ts";

/** Alpaca's bound for a client_order_id in older documents; the newer one is 128. */
const CLIENT_ORDER_ID_MAX = 48;
const TEXT_MAX = 256;
/** US stocks and funds, with a share class or a crypto pair behind a point or a slash. */
const SYMBOL = /^[A-Z]{1,6}([./][A-Z]{1,4})?$/;

const amount = z.union([z.string(), z.number()]).transform((value, context): DecimalText => {
  const parsed = parseDecimal(String(value));
  if (parsed === undefined) return refuse(context, "expected a finite decimal number");
  if (signOf(parsed) <= 0) return refuse(context, "expected a number above zero");
  if (decimalPlaces(parsed) > QUANTITY_DECIMALS) {
    return refuse(context, `expected at most ${QUANTITY_DECIMALS} digits behind the point`);
  }
  return parsed;
});

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

const text = z.string().min(1).max(TEXT_MAX);

const anchorSchema = z.union([
  z.strictObject({ bar: text, stage: text }),
  z.strictObject({ episode: z.number().int().nonnegative(), leg: text }),
]);

const intentSchema = z.strictObject({
  symbol: z.string().regex(SYMBOL, "expected a symbol such as TQQQ or BRK.B"),
  side: z.enum(["buy", "sell"]),
  effect: z.enum(["open", "close"]),
  quantity: amount.optional(),
  notional: amount.optional(),
  type: z.enum(ORDER_TYPES).default("market"),
  timeInForce: z.enum(TIMES_IN_FORCE).default("day"),
  limitPrice: amount.optional(),
  stopPrice: amount.optional(),
  trailPrice: amount.optional(),
  trailPercent: amount.optional(),
  extendedHours: z.boolean().default(false),
  requestId: text.optional(),
  clientOrderId: z.string().min(1).max(CLIENT_ORDER_ID_MAX).optional(),
  anchor: anchorSchema.optional(),
  decisionId: text.optional(),
  reason: text.optional(),
});

/** What a caller passes: amounts as decimal text, or as numbers that are exact as written. */
export type IntentInput = z.input<typeof intentSchema>;

/** Throws LatchError `invalid_intent`, naming the field and the value. */
export function parseIntent(input: unknown, account: AccountId, agent: AgentId): Intent {
  const parsed = intentSchema.safeParse(input);
  if (!parsed.success) throw invalid(describeIssue(input, parsed.error));
  const fields = parsed.data;
  const intent: Intent = {
    account,
    agent,
    symbol: fields.symbol,
    side: fields.side,
    effect: fields.effect,
    quantity: fields.quantity ?? null,
    notional: fields.notional ?? null,
    type: fields.type,
    timeInForce: fields.timeInForce,
    limitPrice: fields.limitPrice ?? null,
    stopPrice: fields.stopPrice ?? null,
    trailPrice: fields.trailPrice ?? null,
    trailPercent: fields.trailPercent ?? null,
    extendedHours: fields.extendedHours,
    requestId: (fields.requestId as RequestId | undefined) ?? null,
    clientOrderId: (fields.clientOrderId as ClientOrderId | undefined) ?? null,
    anchor: fields.anchor ?? null,
    decisionId: fields.decisionId ?? null,
    reason: fields.reason ?? null,
  };
  const wrong = inconsistency(intent);
  if (wrong !== undefined) throw invalid(wrong);
  return intent;
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_intent", message);
}

function describeIssue(input: unknown, error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "the intent is not valid";
  if (issue.code === "unrecognized_keys") {
    return `unknown field ${issue.keys.map((key) => `"${key}"`).join(", ")} in the intent`;
  }
  const path = issue.path.map(String);
  const received = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    input,
  );
  const where = path.length === 0 ? "the intent" : path.join(".");
  return `${where} is ${describe(received)}: ${issue.message}`;
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "number") return String(value);
  return JSON.stringify(value)?.slice(0, TEXT_MAX) ?? typeof value;
}

/** What no single field shows, in the words of the message; undefined when all is well. */
function inconsistency(intent: Intent): string | undefined {
  if ((intent.quantity === null) === (intent.notional === null)) {
    return "exactly one of quantity and notional must be given";
  }
  if (intent.anchor !== null && "bar" in intent.anchor !== (intent.effect === "open")) {
    return `an ${intent.effect} takes the anchor ${
      intent.effect === "open" ? "{bar, stage}" : "{episode, leg}"
    }`;
  }
  return priceInconsistency(intent);
}

function priceInconsistency(terms: OrderTerms): string | undefined {
  const { type } = terms;
  const wantsLimit = type === "limit" || type === "stop_limit";
  const wantsStop = type === "stop" || type === "stop_limit";
  if (wantsLimit !== (terms.limitPrice !== null)) {
    return `limitPrice is ${wantsLimit ? "required" : "not accepted"} for a ${type} order`;
  }
  if (wantsStop !== (terms.stopPrice !== null)) {
    return `stopPrice is ${wantsStop ? "required" : "not accepted"} for a ${type} order`;
  }
  const trails = [terms.trailPrice, terms.trailPercent].filter((trail) => trail !== null).length;
  if (trails !== (type === "trailing_stop" ? 1 : 0)) {
    return type === "trailing_stop"
      ? "a trailing_stop order takes exactly one of trailPrice and trailPercent"
      : `trailPrice and trailPercent are not accepted for a ${type} order`;
  }
  return undefined;
}
