/**
 * One claim as a guard's records have it: our own claims (of the ledger, of `/latch/v1/claims`),
 * and items of other guards (`request_id`, `agent_id`, `action_type`, `status`, `result`, `scope`,
 * `timestamp`). Any known name of a field will do, unknown fields are ignored; a record that nobody
 * could find again, for want of any id, is refused.
 */
import { type DecimalText, signOf } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { COMBO_SYMBOL } from "../identity/combo.ts";
import { saidIn } from "./read-words.ts";
import { type Fields, fieldsOf, isFields, RecordFields } from "./record-fields.ts";
import type { RecordedClaim } from "./recorded.ts";

/** Objects inside a record that hold what was wanted, and those that hold what came of it. */
const WANTED = ["intent", "scope", "payload", "params", "parameters", "action", "request"] as const;
const RESULTS = ["result", "receipt", "order", "response"] as const;

const REQUEST_ID = ["requestId", "request_id", "idempotency_key", "idempotencyKey", "claim_id"];
const CLIENT_ORDER_ID = ["clientOrderId", "client_order_id"];
const BROKER_ORDER_ID = ["brokerOrderId", "broker_order_id", "orderId", "order_id"];
const TIME = ["claimedAt", "claimed_at", "timestamp", "created_at", "createdAt", "at", "time"];
const QUANTITY = ["quantity", "qty", "size", "shares"];
const FILLED = ["bookedQuantity", "filledQuantity", "filled_qty", "filled_quantity"];
const ORDER_CLASS = ["orderClass", "order_class"];
const PRICE = ["averagePrice", "filled_avg_price", "average_price"];
/** What an id looks like in running text. */
const ID_WORD = /[A-Za-z0-9][\w-]{7,127}/g;

/** Throws LatchError `invalid_records` naming `where`. */
export function readClaim(value: unknown, where: string): RecordedClaim {
  const record = fieldsOf(value);
  if (record === undefined) throw new LatchError("invalid_records", `${where} is no object`);
  const wanted = objectsIn(record, WANTED);
  const results = objectsIn(record, RESULTS);
  const own = new RecordFields(where, [record, ...wanted]);
  const all = new RecordFields(where, [record, ...results, ...wanted]);
  const ids = idsOf(record, results, all);
  if (ids.requestId === null && ids.clientOrderId === null && ids.brokerOrderId === null) {
    const expected = "expected request_id, client_order_id or order_id";
    throw new LatchError("invalid_records", `${where} has no id: ${expected}`);
  }
  const filled = all.amount(FILLED);
  const hasFill = filled !== null && signOf(filled) > 0;
  // A combo's net price may be below zero, and is compared with nothing.
  const isCombo = own.text(["symbol"]) === COMBO_SYMBOL || all.text(ORDER_CLASS) === "mleg";
  return {
    ...ids,
    account: own.text(["account", "account_id"]),
    agent: own.text(["agent", "agent_id", "agentId"]),
    mentioned: mentionedIn(record.result),
    ...termsOf(own, all),
    filled,
    averagePrice: hasFill && !isCombo ? all.amount(PRICE) : null,
    at: own.time(TIME),
    ...saidIn(record, results, { hasFill, hasOrder: ids.brokerOrderId !== null }),
    records: 1,
  };
}

function idsOf(record: Fields, results: readonly Fields[], all: RecordFields) {
  // An object with a client_order_id of its own is an order, and its id is the broker's.
  const order = results.find((result) => CLIENT_ORDER_ID.some((name) => name in result));
  const orderId = order === undefined ? null : new RecordFields("", [order]).text(["id"]);
  const own = new RecordFields("", [record]);
  return {
    requestId: all.text(REQUEST_ID) ?? own.text(["key", "id"]),
    clientOrderId: all.text(CLIENT_ORDER_ID),
    brokerOrderId: all.text(BROKER_ORDER_ID) ?? orderId,
  };
}

/** What was wanted; what came of it only where the former is not told. */
function termsOf(own: RecordFields, all: RecordFields) {
  const family = fieldsOf(own.value(["family"]));
  const quantityAtEnd: DecimalText | null =
    family === undefined ? null : new RecordFields("family", [family]).amount(["quantity"]);
  return {
    symbol: all.text(["symbol"]),
    side: all.side(["side"]) ?? all.side(["action_type", "action"]),
    quantity: own.amount(QUANTITY) ?? all.amount(QUANTITY),
    notional: all.amount(["notional"]),
    quantityAtEnd,
  };
}

function objectsIn(record: Fields, names: readonly string[]): readonly Fields[] {
  return names.map((name) => fieldsOf(record[name])).filter(isFields);
}

function mentionedIn(result: unknown): readonly string[] {
  return typeof result === "string" ? [...new Set(result.match(ID_WORD) ?? [])].sort() : [];
}
