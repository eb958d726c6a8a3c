/** The market as a soak drives it: over the simulator's own routes. */

import { KEYS } from "./soak-latch.ts";
import type { Market } from "./soak-market.ts";

export function remoteMarket(url: string): Market {
  const headers = { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secret };
  const call = async (method: string, path: string, body?: unknown) => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { method, headers, ...text });
    await answer.arrayBuffer();
  };
  return {
    url,
    setTime: (now) => call("POST", "/sim/clock", { now }),
    addFault: (rule) => call("POST", "/sim/faults", [rule]),
    // An order that has ended meanwhile cannot be canceled, and need not be.
    cancel: (orderId) => call("DELETE", `/v2/orders/${orderId}`),
  };
}
