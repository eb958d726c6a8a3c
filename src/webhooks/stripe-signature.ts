/**
 * Stripe's shape: `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX…]` over `SECONDS.BODY`. The time is
 * part of what is signed, so a delivery that somebody recorded is refused later.
 */
import { requireFields } from "../guard/guard-input.ts";
import {
  checkDigests,
  checkTime,
  headerOf,
  refused,
  type Secrets,
  type SignatureScheme,
  secretList,
  toleranceOf,
} from "./signature.ts";

export interface StripeSignatureOptions {
  readonly secrets: Secrets;
  /** How far the signed time may be from ours. Default: five minutes. */
  readonly toleranceMs?: number;
  /** Default: `stripe-signature`. */
  readonly header?: string;
}

/** Throws LatchError `invalid_option` for secrets or a tolerance that are none. */
export function stripeSignature(options: StripeSignatureOptions): SignatureScheme {
  requireFields(options, { secrets: true, toleranceMs: true, header: true }, "invalid_option");
  const { header = "stripe-signature" } = options;
  const secrets = secretList(options.secrets);
  const toleranceMs = toleranceOf(options.toleranceMs);
  return {
    check: (delivery, now) => {
      const text = headerOf(delivery, header);
      if (text === undefined) return refused("missing");
      const fields = text.split(",").map((field) => field.trim());
      const valuesOf = (name: string) =>
        fields.filter((field) => field.startsWith(name)).map((field) => field.slice(name.length));
      const [time, second] = valuesOf("t=");
      const signatures = valuesOf("v1=");
      // Of two times one would be checked and the other signed.
      if (time === undefined || second !== undefined) return refused("malformed");
      const digests = checkDigests({
        ...{ algorithm: "sha256", encoding: "hex", secrets, signatures },
        content: [time, ".", delivery.rawBody],
      });
      return digests.kind === "valid" ? checkTime(time, now, toleranceMs) : digests;
    },
  };
}
