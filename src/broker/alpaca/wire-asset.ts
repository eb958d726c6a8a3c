/** An asset as Alpaca writes it, as far as it is read. */
import { z } from "zod";
import { parseJsonText } from "../../core/json-text.ts";
import { wireSymbol } from "./wire-fields.ts";

const wireAsset = z.object({ id: z.uuid().toLowerCase(), symbol: wireSymbol });

/** Undefined where it is unreadable. `id` is in small letters. */
export function readAssetBody(body: string): z.infer<typeof wireAsset> | undefined {
  return wireAsset.safeParse(parseJsonText(body)).data;
}
