/**
 * Closes positions by claimed orders. Alpaca's own route makes an order under an id that nobody can
 * claim beforehand, so that a repeat would sell again; here the request becomes a close like any
 * other, identified by what was asked for, and the bot gets the shape that it expects.
 */

import type { Book } from "../book/book.ts";
import type { AssetLookup } from "../broker/broker.ts";
import { type Claim, isAccepted } from "../claim/claim.ts";
import { symbolsInDoubt } from "../claim/orders-in-doubt.ts";
import { isLive } from "../claim/transitions.ts";
import type { Clock } from "../core/clock.ts";
import { compare, type DecimalText, isZero, parseDecimal, signOf } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { inTime } from "../core/in-time.ts";
import type { BlockedAnswer, OrderAnswer } from "../gateway/order-answer.ts";
import { tradedSymbols } from "../identity/combo.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import { plainSymbol } from "../identity/symbol.ts";
import { alpacaError } from "./alpaca-error.ts";
import type { GuardedAnswer, GuardedRequest } from "./guarded-request.ts";
import { ALPACA_CODES } from "./order-reply.ts";
import { faultInParameters, quoted } from "./position-parameters.ts";
import { RETRY_AFTER } from "./retry-after.ts";
import { UUID } from "./route-policy.ts";

/** A route's own words for an answer; undefined leaves it to those of an order. */
export type InOurWords = (answer: OrderAnswer) => GuardedAnswer | undefined;

export interface PlaceOptions {
  readonly inOurWords?: InOurWords;
  /** The request asks for an order in each of several symbols: its key names all of them. */
  readonly isOneOfMany?: boolean;
}

/** Submits an intent of the request's bot and puts the answer into Alpaca's shape. */
export type Place = (input: IntentInput, options?: PlaceOptions) => Promise<GuardedAnswer>;

export interface PositionPorts {
  readonly clock: Clock;
  readonly place: Place;
  /** Whether an earlier try of the request made the claim: its key says so. */
  readonly isOwn: (claim: Claim) => boolean;
  books(): Promise<readonly Book[]>;
  unsettledClaims(): Promise<readonly Claim[]>;
  /** Reads the orders at work and books their fills; false where one could not be read. */
  readOrders(): Promise<boolean>;
  /** What trades under the broker's own id of an asset, a UUID. */
  asset(assetId: string): Promise<AssetLookup>;
  /** Those of our orders that have not ended by then; undefined where that is not known. */
  cancelOrders(withinMs: number): Promise<readonly Claim[] | undefined>;
}

/** Within the ten seconds that clients wait, and leaving time for the closes. */
const CANCELS_WITHIN_MS = 4_000;
/** Of these, for a look that is under way when they are over. */
const LAST_LOOK_MS = 500;
const READS_WITHIN_MS = 2_000;
const MULTI_STATUS = 207;
const NOT_FOUND = 404;
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const PREFIX = "/v2/positions/";
/** What Go's strconv.ParseBool takes, which the broker's servers read by. */
const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];
const WHOLE = "100" as DecimalText;

export async function handlePositions(
  ports: PositionPorts,
  request: GuardedRequest,
): Promise<GuardedAnswer> {
  const isOfAll = !request.path.startsWith(PREFIX);
  const fault = faultInParameters({ ...request, isOfAll });
  if (fault !== undefined) return malformed(fault);
  if (isOfAll) return closeAll(ports, request);
  const named = decodeURIComponent(request.path.slice(PREFIX.length));
  const asked = amountAsked(request.query);
  if (asked === undefined) return malformed("expected at most one of qty and percentage");
  if (!UUID.test(named)) return closeOne(ports, { symbol: plainSymbol(named), ...asked });
  const asset = await ports.asset(named);
  if (asset.kind === "found") return closeOne(ports, { symbol: asset.symbol, ...asked });
  if (asset.kind === "not_found") return notFound(`asset not found for ${named}`);
  const message = `what trades under asset id ${named} could not be read: ${asset.reason}`;
  return alpacaError("order_not_taken", { message, headers: RETRY_AFTER });
}

function amountAsked(query: URLSearchParams): Partial<IntentInput> | undefined {
  const quantity = query.get("qty");
  const percentage = query.get("percentage");
  if (quantity !== null && percentage !== null) return undefined;
  if (quantity !== null) return { effect: "close", quantity };
  return { portion: percentage === null ? "all" : portionOf(percentage) };
}

/** Throws LatchError `invalid_intent`: the intent's own check would name what nobody has sent. */
function portionOf(percentage: string): string {
  const part = parseDecimal(percentage);
  if (part !== undefined && signOf(part) > 0 && compare(part, WHOLE) <= 0) return `${percentage}%`;
  const message = `percentage is ${quoted(percentage)}: expected a number above 0 and up to 100`;
  throw new LatchError("invalid_intent", message);
}

async function closeOne(
  ports: PositionPorts,
  input: Partial<IntentInput> & { readonly symbol: string },
): Promise<GuardedAnswer> {
  const sided = input.portion === undefined ? await withSide(ports, input) : input;
  return ports.place(sided as IntentInput, { inOurWords: flatAnswer });
}

/** Shares by number need a side: the book's own, as of now; the claim checks it again. */
async function withSide(
  ports: PositionPorts,
  input: Partial<IntentInput> & { readonly symbol: string },
): Promise<Partial<IntentInput>> {
  await readInTime(ports);
  const books = await ports.books();
  const book = books.find(({ symbol }) => symbol === input.symbol);
  return { ...input, side: book?.net.startsWith("-") ? "buy" : "sell" };
}

/** Whether the books hold what our orders have filled up to now. */
async function readInTime({ clock, readOrders }: PositionPorts): Promise<boolean> {
  return (await inTime(clock, clock.now() + READS_WITHIN_MS, readOrders())) ?? false;
}

async function notEnded(ports: PositionPorts): Promise<ReadonlyMap<string, Claim> | undefined> {
  const own = (await ports.unsettledClaims()).filter(
    (claim) => isLive(claim.status) && ports.isOwn(claim),
  );
  return own.length === 0 ? uncanceled(ports) : leftAtWork(ports, own);
}

/**
 * The orders that have not ended although they were to be canceled, by the symbols that they trade;
 * undefined where that is not known in time.
 */
async function uncanceled({
  clock,
  cancelOrders,
}: PositionPorts): Promise<ReadonlyMap<string, Claim> | undefined> {
  const until = clock.now() + CANCELS_WITHIN_MS;
  const left = await inTime(clock, until, cancelOrders(CANCELS_WITHIN_MS - LAST_LOOK_MS));
  return left && bySymbol(left);
}

/**
 * The same where the request has come before, and `own` closes of its are at work: the broker
 * cancels all or none, and what it would cancel of these nobody would make again.
 */
async function leftAtWork(
  ports: PositionPorts,
  own: readonly Claim[],
): Promise<ReadonlyMap<string, Claim>> {
  await readInTime(ports);
  const atWork = (await ports.unsettledClaims()).filter(
    (claim) => isAccepted(claim) && isLive(claim.status) && !ports.isOwn(claim),
  );
  const left = bySymbol(atWork);
  for (const { intent } of own) left.delete(intent.symbol);
  return left;
}

function bySymbol(claims: readonly Claim[]): Map<string, Claim> {
  return new Map(
    claims.flatMap((claim) =>
      tradedSymbols(claim.intent).map((symbol) => [symbol, claim] as const),
    ),
  );
}

/** Its shares may be held by the order, or be sold by it a moment later. */
function notCanceled(symbol: string, { clientOrderId }: Claim): GuardedAnswer {
  const order = `the order ${clientOrderId} in ${symbol} that was to be canceled first`;
  return alpacaError("order_not_taken", {
    message: `${order} has not ended; nothing was sold`,
    headers: RETRY_AFTER,
  });
}

/** A position that is flat, in Alpaca's words. */
function flatAnswer(answer: OrderAnswer): GuardedAnswer | undefined {
  if (answer.status !== "BLOCKED" || answer.code !== "close_while_flat") return undefined;
  const { cause, hint, code }: BlockedAnswer = answer;
  const tradelatch = { status: answer.status, error: code, hint, cause };
  return notFound("position does not exist", { tradelatch });
}

function malformed(message: string): GuardedAnswer {
  return alpacaError("order_malformed", { message });
}

/** In Alpaca's words. */
function notFound(message: string, rest: Readonly<Record<string, unknown>> = {}): GuardedAnswer {
  const body = JSON.stringify({ code: ALPACA_CODES.not_found, message, ...rest });
  return { status: NOT_FOUND, headers: JSON_TYPE, body };
}

async function closeAll(ports: PositionPorts, request: GuardedRequest): Promise<GuardedAnswer> {
  const said = request.query.get("cancel_orders") ?? "false";
  const cancels = TRUE.includes(said);
  if (!cancels && !FALSE.includes(said)) {
    return malformed(`cancel_orders is ${quoted(said)}: expected true or false`);
  }
  const stuck = cancels ? await notEnded(ports) : new Map<string, Claim>();
  if (stuck === undefined) {
    const message =
      "what became of the orders that were to be canceled first is not known; nothing was sold";
    return alpacaError("order_not_taken", { message, headers: RETRY_AFTER });
  }
  // As before the reads: what is answered while they last, each close reads again.
  const unsettled = await ports.unsettledClaims();
  // A fill that nobody has told of yet may have made a position.
  const isRead = await readInTime(ports);
  const inDoubt = symbolsInDoubt(unsettled, isRead ? [] : "all");
  const books = (await ports.books()).filter(({ net }) => !isZero(net));
  const held = new Set(books.map(({ symbol }) => symbol));
  if (!isRead && held.size === 0) {
    const message = "the orders at work could not be read, so what is held is not known";
    return alpacaError("order_not_taken", { message, headers: RETRY_AFTER });
  }
  const close = (symbol: string) =>
    ports.place({ symbol, portion: "all" }, { inOurWords: flatAnswer, isOneOfMany: true });
  const symbols = [...new Set([...held, ...inDoubt, ...stuck.keys()])];
  const [first] = stuck;
  // Whoever looks at the status alone is not to take it for closed.
  if (first !== undefined && symbols.every((symbol) => stuck.has(symbol))) {
    return notCanceled(...first);
  }
  const closed = await Promise.all(
    symbols.map(async (symbol) => {
      const order = stuck.get(symbol);
      const answer = order === undefined ? await close(symbol) : notCanceled(symbol, order);
      return { symbol, status: answer.status, body: JSON.parse(answer.body) as unknown };
    }),
  );
  // Where an open in doubt came to nothing, there was no position.
  const told = closed.filter(({ symbol, status }) => held.has(symbol) || status !== NOT_FOUND);
  return { status: MULTI_STATUS, headers: JSON_TYPE, body: JSON.stringify(told) };
}
