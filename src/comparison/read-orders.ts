/** Orders as Alpaca's `GET /v2/orders` shows them, nested legs included, read for a comparison. */
import { ZERO } from "../core/decimal.ts";
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
  const order: RecordedOrder = {
    id: fields.text(["id", "order_id"]),
    clientOrderId: fields.text(["client_order_id", "clientOrderId"]),
    symbol: record.order_class === "mleg" ? COMBO_SYMBOL : fields.text(["symbol"]),
    side: fields.side(["side"]),
    quantity: fields.amount(["qty", "quantity"]),
    notional: fields.amount(["notional"]),
    filled: fields.amount(["filled_qty", "filledQuantity"]) ?? ZERO,
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
  if (order.id === null && order.clientOrderId === null) {
    throw new LatchError("invalid_records", `${where} has neither id nor client_order_id`);
  }
  const legs = Array.isArray(record.legs) ? record.legs : [];
  const name = nameOfOrder(order);
  return [order, ...legs.flatMap((leg, index) => orderAt(leg, `${where}.legs[${index}]`, name))];
}
