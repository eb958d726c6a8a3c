/** A symbol as a request gives it, beside an intent's own. */
import { z } from "zod";
import { SYMBOL } from "./symbol.ts";

export const symbolSchema = z.string().regex(SYMBOL, "expected a symbol such as TQQQ or BTC/USD");
