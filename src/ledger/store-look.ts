/** What a look at a store finds that opens no ledger, makes none and changes nothing. */
import type { EpochMs } from "../core/clock.ts";

export type StoreLook =
  /** Nothing is there yet; the first start makes a ledger. */
  | { readonly kind: "none" }
  | {
      readonly kind: "ledger";
      /** Of its schema, and the one that this program knows. */
      readonly version: number;
      readonly known: number;
      /** Too large to be looked through for damage. */
      readonly isLarge: boolean;
      /** As a ledger says it; null where there is none, or another schema does not say. */
      readonly lastEventAt: EpochMs | null;
    };
