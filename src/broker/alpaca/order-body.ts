/** Our order in the SDK's words. Amounts stay strings, and a term that is absent is left out. */
import type { trading } from "@alpacahq/alpaca-trade-api/rest";

import { isCombo } from "../../identity/combo.ts";
import type { OrderRequest } from "../broker.ts";

/** Terms that a combo has in its legs alone. */
const OF_THE_LEGS = ["symbol", "side"] as const;

export function orderBody(request: OrderRequest): trading.PostOrderRequest {
  return {
    symbol: request.symbol,
    side: request.side,
    type: request.type,
    timeInForce: request.timeInForce,
    clientOrderId: request.clientOrderId,
    ...(request.quantity === null ? {} : { qty: request.quantity }),
    ...(request.notional === null ? {} : { notional: request.notional }),
    ...(request.limitPrice === null ? {} : { limitPrice: request.limitPrice }),
    ...(request.stopPrice === null ? {} : { stopPrice: request.stopPrice }),
    ...(request.trailPrice === null ? {} : { trailPrice: request.trailPrice }),
    ...(request.trailPercent === null ? {} : { trailPercent: request.trailPercent }),
    ...(request.extendedHours ? { extendedHours: true } : {}),
    ...(request.positionIntent === null ? {} : { positionIntent: request.positionIntent }),
  };
}

/** In place of the body that the SDK has made: its model knows only some of the terms. */
export function withWholeBody(init: RequestInit, terms: Readonly<Record<string, unknown>>) {
  const body = { ...terms } as unknown as NonNullable<RequestInit["body"]>;
  return async () => ({ ...init, body });
}

/**
 * Adds the terms that only the broker reads to the body that the SDK has made: its own model knows
 * some of them, writes those as undefined where it was not given them, and leaves out the others. A
 * term of ours is never overwritten.
 */
export function withExtension(init: RequestInit, request: OrderRequest) {
  const { extension } = request;
  if (extension === null) return init;
  const left: readonly string[] = isCombo(request) ? OF_THE_LEGS : [];
  return async ({ init: made }: { readonly init: { readonly body?: unknown } }) => {
    const terms = Object.entries(made.body as object).filter(
      ([name, value]) => value !== undefined && !left.includes(name),
    );
    const body = { ...extension, ...Object.fromEntries(terms) };
    return { ...init, body: body as unknown as NonNullable<RequestInit["body"]> };
  };
}
