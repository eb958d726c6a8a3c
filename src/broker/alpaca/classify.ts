/**
 * What an answer proves. Pure: (status, headers, raw body) in, an outcome of the port out.
 *
 * 1. Only a 200 whose body is the order that was asked for means accepted or found.
 * 2. Only a row of the error table means refused, taken, limited, not found or flat.
 * 3. All else proves nothing, above all a body that is not JSON: a gateway's page says the same
 *    whether or not the order went through.
 */
import type {
  BrokerOrder,
  OrderLookup,
  Refusal,
  RefusalReason,
  SubmitOutcome,
} from "../../claim/evidence.ts";
import type { EpochMs } from "../../core/clock.ts";
import { type DecimalText, parseDecimal } from "../../core/decimal.ts";
import { InvariantError } from "../../core/errors.ts";
import type { BrokerOrderId, ClientOrderId } from "../../core/ids.ts";
import { asJsonObject, parseJsonText } from "../../core/json-text.ts";
import type { Side } from "../../identity/intent.ts";
import { plainSymbol } from "../../identity/symbol.ts";
import type {
  AccountReading,
  AssetLookup,
  BrokerAccount,
  BrokerPosition,
  PositionLookup,
  PositionsReading,
  Reading,
} from "../broker.ts";
import { type ErrorBody, type ErrorMeaning, fittingRows } from "./error-table.ts";
import { describeAnswer, type Endpoint, type HttpAnswer } from "./http-answer.ts";
import { retryAfterMs } from "./retry-after.ts";
import { readAssetBody } from "./wire-asset.ts";
import { readOrderBody } from "./wire-order.ts";
import { readPositionBody, readPositionsBody } from "./wire-position.ts";

export interface SubmitContext {
  readonly endpoint: "submit" | "replace";
  readonly side: Side;
  /** The id that was sent: an answer about another order is not an answer. */
  readonly clientOrderId: ClientOrderId;
  readonly now: EpochMs;
}

/** What the answer to `POST /v2/orders` proves. */
export function classifySubmit(answer: HttpAnswer, context: SubmitContext): SubmitOutcome {
  if (answer.httpStatus === 200) return acceptedIfItIsOurs(answer, context.clientOrderId);
  const known = knownError(answer, context.endpoint, context.side);
  if (known === undefined) return { kind: "ambiguous", reason: describeUnclassified(answer) };
  const { error, meaning } = known;
  switch (meaning.kind) {
    case "refused":
      return { kind: "refused", refusal: refusalOf(answer, error, meaning.reason) };
    case "id_taken":
      return { kind: "id_taken", message: error.message };
    case "rate_limited": {
      const pauseMs = retryAfterMs(answer.headers, context.now);
      return { kind: "rate_limited", retryAfterMs: pauseMs, message: error.message };
    }
    case "not_found":
    case "flat":
      throw new InvariantError(`the error table gives "${meaning.kind}" for an order`);
  }
}

/** What the answer to a look-up of one order proves; `isTheOne` compares it with what was asked. */
export function classifyOrderLookup(
  answer: HttpAnswer,
  isTheOne: (order: BrokerOrder) => boolean,
): OrderLookup {
  if (answer.httpStatus === 200) {
    const order = readOrderBody(answer.body);
    if (order === undefined) return { kind: "unknown", reason: describeUnreadable(answer) };
    if (isTheOne(order)) return { kind: "found", order, wire: answer.body };
    return { kind: "unknown", reason: `${describeAnswer(answer)}: the answer is another order` };
  }
  if (knownError(answer, "order", null)?.meaning.kind === "not_found") return { kind: "not_found" };
  return { kind: "unknown", reason: describeUnclassified(answer) };
}

/** What the answer to `GET /v2/positions/{symbol}` proves. */
export function classifyPositionLookup(answer: HttpAnswer, symbol: string): PositionLookup {
  if (answer.httpStatus === 200) {
    const position = readPositionBody(answer.body);
    if (position === undefined) return { kind: "unknown", reason: describeUnreadable(answer) };
    if (isSameSymbol(position, symbol)) return { kind: "found", position };
    return { kind: "unknown", reason: `${describeAnswer(answer)}: a position in another symbol` };
  }
  if (knownError(answer, "position", null)?.meaning.kind === "flat") return { kind: "flat" };
  return { kind: "unknown", reason: describeUnclassified(answer) };
}

/** What the answer to `GET /v2/positions` proves: all of them only where each can be read. */
export function classifyPositions(answer: HttpAnswer): PositionsReading {
  const reading = classifyRead(answer, readPositionsBody);
  if (reading.kind === "unknown") return reading;
  const { positions, unread } = reading.value;
  if (unread.length === 0) return { kind: "read", value: positions };
  const reason = `${describeAnswer(answer)}: no position that can be read: ${unread.join(", ")}`;
  return { kind: "unknown", reason, readable: positions };
}

/** What the answer to `GET /v2/assets/{asset_id}` proves. */
export function classifyAssetLookup(answer: HttpAnswer, assetId: string): AssetLookup {
  if (answer.httpStatus === 200) {
    const asset = readAssetBody(answer.body);
    if (asset === undefined) return { kind: "unknown", reason: describeUnreadable(answer) };
    if (asset.id === assetId.toLowerCase()) return { kind: "found", symbol: asset.symbol };
    return { kind: "unknown", reason: `${describeAnswer(answer)}: the answer is another asset` };
  }
  const refusal = classifyRefusal(answer, "asset", null);
  if (refusal?.reason === "asset_not_found") return { kind: "not_found" };
  return { kind: "unknown", reason: describeUnclassified(answer) };
}

/** The value that `readBody` makes of a 200; `unknown` for every other answer. */
export function classifyRead<Value>(
  answer: HttpAnswer,
  readBody: (body: string) => Value | undefined,
): Reading<Value> {
  if (answer.httpStatus !== 200) return { kind: "unknown", reason: describeUnclassified(answer) };
  const value = readBody(answer.body);
  if (value === undefined) return { kind: "unknown", reason: describeUnreadable(answer) };
  return { kind: "read", value };
}

/** What the answer to `GET /v2/account` proves; only known words mean that the keys are bad. */
export function classifyAccount(
  answer: HttpAnswer,
  readBody: (body: string) => BrokerAccount | undefined,
): AccountReading {
  if (classifyRefusal(answer, "account", null) !== undefined) {
    return { kind: "refused", reason: describeUnclassified(answer) };
  }
  const reading = classifyRead(answer, readBody);
  const isRateLimited = reading.kind === "unknown" && answer.httpStatus === 429;
  return isRateLimited ? { ...reading, isRateLimited } : reading;
}

/** One answer for each order, in the body. */
const MULTI_STATUS = 207;
const NO_CONTENT = 204;

/**
 * Whether the answer to `DELETE /v2/orders` proves that all cancels were asked for by then. What it
 * is where no order was open is told nowhere; a plain success is one where its body is a list.
 */
export function classifyCancels({ httpStatus, body }: HttpAnswer): Reading<null> {
  const isList = httpStatus === 200 && Array.isArray(parseJsonText(body));
  const isTaken = isList || httpStatus === MULTI_STATUS || httpStatus === NO_CONTENT;
  if (isTaken) return { kind: "read", value: null };
  return { kind: "unknown", reason: `the cancels were answered with ${httpStatus}` };
}

/** The certain refusal that an answer to any write is, or undefined when it is none. */
export function classifyRefusal(
  answer: HttpAnswer,
  endpoint: Endpoint,
  side: Side | null,
): Refusal | undefined {
  const known = knownError(answer, endpoint, side);
  if (known?.meaning.kind !== "refused") return undefined;
  return refusalOf(answer, known.error, known.meaning.reason);
}

/** A JSON object with a `message`, and a `code` that is absent or a whole number. */
export function readErrorBody(body: string): ErrorBody | undefined {
  const fields = asJsonObject(parseJsonText(body));
  if (fields === undefined || typeof fields.message !== "string") return undefined;
  const code = fields.code ?? null;
  if (code === null) return { code, message: fields.message, fields };
  if (typeof code !== "string" || !/^\d{1,9}$/.test(code)) return undefined;
  return { code: Number(code), message: fields.message, fields };
}

interface KnownError {
  readonly error: ErrorBody;
  readonly meaning: ErrorMeaning;
}

/** An error body with the row of the table that it fits, or undefined. */
function knownError(
  answer: HttpAnswer,
  endpoint: Endpoint,
  side: Side | null,
): KnownError | undefined {
  const error = readErrorBody(answer.body);
  if (error === undefined) return undefined;
  const [row, another] = fittingRows(answer.httpStatus, error, endpoint, side);
  if (another !== undefined) {
    throw new InvariantError(`two rows of the error table fit ${error.message}`);
  }
  return row && { error, meaning: row.meaning };
}

function acceptedIfItIsOurs(answer: HttpAnswer, clientOrderId: ClientOrderId): SubmitOutcome {
  const order = readOrderBody(answer.body);
  if (order === undefined) return { kind: "ambiguous", reason: describeUnreadable(answer) };
  if (order.clientOrderId === clientOrderId) return { kind: "accepted", order, wire: answer.body };
  const reason = `${describeAnswer(answer)}: the answer is order ${order.clientOrderId}`;
  return { kind: "ambiguous", reason };
}

function refusalOf(answer: HttpAnswer, error: ErrorBody, reason: RefusalReason): Refusal {
  return {
    reason,
    httpStatus: answer.httpStatus,
    brokerCode: error.code,
    message: error.message,
    relatedOrders: orderIds(error.fields.related_orders),
    existingOrderId: orderIds([error.fields.existing_order_id])[0] ?? null,
    availableQuantity: quantityOf(error.fields.available),
  };
}

function orderIds(value: unknown): readonly BrokerOrderId[] {
  if (!Array.isArray(value)) return [];
  return value.filter((id): id is BrokerOrderId => typeof id === "string" && id !== "");
}

function quantityOf(value: unknown): DecimalText | null {
  return typeof value === "string" ? (parseDecimal(value) ?? null) : null;
}

function isSameSymbol(position: BrokerPosition, symbol: string): boolean {
  return position.symbol === plainSymbol(symbol.toUpperCase());
}

function describeUnreadable(answer: HttpAnswer): string {
  return `${describeAnswer(answer)}: the body is not what was asked for: ${shownBody(answer)}`;
}

function describeUnclassified(answer: HttpAnswer): string {
  const head = describeAnswer(answer);
  const error = readErrorBody(answer.body);
  if (error === undefined) return `${head}: not a known error body: ${shownBody(answer)}`;
  return `${head}: code ${error.code ?? "none"}, ${error.message}`;
}

/** In full: it is shortened only after the secret was taken out, which a cut could hide. */
function shownBody(answer: HttpAnswer): string {
  return answer.body.trim() === "" ? "(empty)" : answer.body;
}
