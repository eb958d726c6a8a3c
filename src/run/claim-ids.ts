/** Every client_order_id that a claim's attempts had, by which its orders are known again. Pure. */
import { deriveClientOrderId } from "../identity/request-id.ts";
import type { Claim } from "../index.ts";

export function clientOrderIdsOf({ key, attempt, clientOrderId }: Claim): ReadonlySet<string> {
  const attempts = Array.from({ length: attempt }, (_, index) =>
    deriveClientOrderId(key.account, key.agent, key.requestId, index + 1),
  );
  return new Set([clientOrderId, ...attempts]);
}
