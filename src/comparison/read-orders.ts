/** Orders as Alpaca's `GET /v2/orders` shows them, nested legs included, read for a comparison. */
import type { DecimalText } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import { COMBO_SYMBOL } from "../identity/combo.ts";
import { fieldsOf, RecordFields } from "./record-fields.ts";
import { nameOfOrder, type RecordedOrder } from "./recorded.ts";

/** The order and each of its legs. Throws LatchError `invalid_records` naming `where`. */
export function readOrder(value: unknown, where: string): readonly RecordedOrder[] {
  return orderAt(value, where, null);
}

function orderAt(value: unknown, where: string, parent: string | null): readonly RecordedOrder[] {
  const record = fieldsOf(value);
  if (record === undefined) throw new LatchError("invalid_records", `${where} is no object`);
  const fields = new RecordFields(where, [record]);
  const id = fields.text(["id", "order_id"]);
  const clientOrderId = fields.text(["client_order_id", "clientOrderId"]);
  if (id === null && clientOrderId === null) {
    throw new LatchError("invalid_records", `${where} has neither id nor client_order_id`);
  }
  const order: RecordedOrder = {
    id,
    clientOrderId,
    symbol: record.order_class === "mleg" ? COMBO_SYMBOL : fields.text(["symbol"]),
    side: fields.side(["side"]),
    quantity: fields.amount(["qty", "quantity"]),
    notional: fields.amount(["notional"]),
    filled: filledOf(fields, where),
    // A combo's net price may be below zero, and is compared with nothing.
    averagePrice:
      record.order_class === "mleg" ? null : fields.amount(["filled_avg_price", "averagePrice"]),
    status: fields.text(["status"])?.toLowerCase() ?? null,
    at: fields.time(["submitted_at", "created_at", "submittedAt", "createdAt"]),
    updatedAt: fields.time(["updated_at", "updatedAt"]),
    replaces: fields.text(["replaces"]),
    replacedBy: fields.text(["replaced_by", "replacedBy"]),
    parent,
    records: 1,
  };
  const legs = Array.isArray(record.legs) ? record.legs : [];
  const name = nameOfOrder(order);
  return [order, ...legs.flatMap((leg, index) => orderAt(leg, `${where}.legs[${index}]`, name))];
}

/** Alpaca says it of every order. An export that leaves it out does not say that nothing filled. */
function filledOf(fields: RecordFields, where: string): DecimalText {
  const filled = fields.amount(["filled_qty", "filledQuantity"]);
  if (filled !== null) return filled;
  const wanted = "what it has filled has to be there, also where it is 0";
  throw new LatchError("invalid_records", `${where} has no filled_qty: ${wanted}`);
}
