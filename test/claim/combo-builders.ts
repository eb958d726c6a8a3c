/** A combo of two contracts, one of each. */
import type { Intent } from "../../src/identity/intent.ts";

export const CALL = "SPY260618C00500000";
export const PUT = "SPY260618P00500000";
export const COMBO: Partial<Intent> = {
  symbol: "MLEG",
  extension: {
    order_class: "mleg",
    legs: [
      { symbol: CALL, ratio_qty: "1", side: "buy" },
      { symbol: PUT, ratio_qty: "1", side: "sell" },
    ],
  },
};
