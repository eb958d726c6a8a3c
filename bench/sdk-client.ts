/** An order through Alpaca's own SDK, as a bot makes it that has no latch. */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import { orderAt } from "./bench-orders.ts";
import { KEYS } from "./broker-keys.ts";

export type SendOrder = (name: string, index: number) => Promise<unknown>;

export function sdkClient(brokerUrl: string): SendOrder {
  const orders = new trading.OrdersApi(
    new trading.Configuration({ ...KEYS, basePath: brokerUrl, timeoutMs: 0 }),
  );
  return (name, index) => {
    const {
      time_in_force: timeInForce,
      client_order_id: clientOrderId,
      ...order
    } = orderAt(name, index);
    return orders.postOrder({ postOrderRequest: { ...order, timeInForce, clientOrderId } });
  };
}
