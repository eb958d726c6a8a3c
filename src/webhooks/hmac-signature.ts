/**
 * An HMAC in a header, for every provider whose shape is none of the others: over the body alone,
 * or over `SECONDS.BODY` where a header has the time that was signed with it.
 */
import { LatchError } from "../core/errors.ts";
import { kindOf, requireFields } from "../guard/guard-input.ts";
import {
  checkDigests,
  checkTime,
  headerOf,
  refused,
  requireText,
  type Secrets,
  type SignatureScheme,
  secretList,
  toleranceOf,
} from "./signature.ts";

export interface HmacSignatureOptions {
  readonly secrets: Secrets;
  /** The header with the signature, such as `x-signature`. */
  readonly header: string;
  /** Default: sha256. */
  readonly algorithm?: "sha256" | "sha512";
  /** Default: hex. */
  readonly encoding?: "hex" | "base64";
  /** What stands before the digest, such as `sha256=`. Default: nothing. */
  readonly prefix?: string;
  /** The header with the time in seconds; with it, `SECONDS.BODY` is what was signed. */
  readonly timeHeader?: string;
  /** How far that time may be from ours. Default: five minutes. */
  readonly toleranceMs?: number;
}

const OPTIONS = {
  ...{ secrets: true, header: true, algorithm: true, encoding: true, prefix: true },
  ...{ timeHeader: true, toleranceMs: true },
};

/** Throws LatchError `invalid_option` for what no signature could ever fit. */
export function hmacSignature(options: HmacSignatureOptions): SignatureScheme {
  requireFields(options, OPTIONS, "invalid_option");
  const { header, timeHeader, prefix = "" } = options;
  const { algorithm = "sha256", encoding = "hex" } = options;
  const secrets = secretList(options.secrets);
  requireText("header", header, "the name of the signature's header");
  if (timeHeader !== undefined)
    requireText("timeHeader", timeHeader, "the name of the time's header");
  requireOneOf("algorithm", algorithm, ["sha256", "sha512"]);
  requireOneOf("encoding", encoding, ["hex", "base64"]);
  if (typeof prefix !== "string") {
    throw new LatchError("invalid_option", `prefix is ${kindOf(prefix)}: expected a text`);
  }
  const toleranceMs = toleranceOf(options.toleranceMs);
  return {
    check: (delivery, now) => {
      const text = headerOf(delivery, header);
      const time = timeHeader === undefined ? undefined : headerOf(delivery, timeHeader);
      if (text === undefined || (timeHeader !== undefined && time === undefined)) {
        return refused("missing");
      }
      if (!text.startsWith(prefix)) return refused("malformed");
      const { rawBody } = delivery;
      const digests = checkDigests({
        ...{ algorithm, encoding, secrets, signatures: [text.slice(prefix.length)] },
        content: time === undefined ? [rawBody] : [time, ".", rawBody],
      });
      if (digests.kind === "refused" || time === undefined) return digests;
      return checkTime(time, now, toleranceMs);
    },
  };
}

function requireOneOf(field: string, word: string, known: readonly string[]): void {
  if (known.includes(word)) return;
  const message = `${field} is ${JSON.stringify(word)}: expected ${known.join(" or ")}`;
  throw new LatchError("invalid_option", message);
}
