/**
 * The shape of standardwebhooks.com, which Svix and those who send by it have too: over
 * `ID.SECONDS.BODY`, with the id and the time in headers of their own. The id is signed, so it is
 * one to claim by: a delivery that somebody recorded is neither fresh nor another event later.
 */
import { LatchError } from "../core/errors.ts";
import { requireFields } from "../guard/guard-input.ts";
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

export interface StandardSignatureOptions {
  /** As the provider shows them: base64, with or without `whsec_` before it. */
  readonly secrets: Secrets;
  /** How far the signed time may be from ours. Default: five minutes. */
  readonly toleranceMs?: number;
  /** What the headers begin with. Default: `webhook`; some providers send `svix`. */
  readonly headers?: string;
}

const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;
const VERSION = "v1,";

/** Throws LatchError `invalid_option` for secrets or a tolerance that are none. */
export function standardSignature(options: StandardSignatureOptions): SignatureScheme {
  requireFields(options, { secrets: true, toleranceMs: true, headers: true }, "invalid_option");
  const { headers = "webhook" } = options;
  const secrets = secretList(options.secrets).map(keyOf);
  const toleranceMs = toleranceOf(options.toleranceMs);
  requireText("headers", headers, "what the headers begin with, such as webhook");
  return {
    check: (delivery, now) => {
      const id = headerOf(delivery, `${headers}-id`);
      const time = headerOf(delivery, `${headers}-timestamp`);
      const text = headerOf(delivery, `${headers}-signature`);
      if (id === undefined || time === undefined || text === undefined) return refused("missing");
      // A point in it would let the three be parted elsewhere.
      if (id.includes(".")) return refused("malformed");
      const signatures = text
        .split(" ")
        .filter((one) => one.startsWith(VERSION))
        .map((one) => one.slice(VERSION.length));
      const digests = checkDigests({
        ...{ algorithm: "sha256", encoding: "base64", secrets, signatures },
        content: [id, ".", time, ".", delivery.rawBody],
      });
      return digests.kind === "valid" ? checkTime(time, now, toleranceMs) : digests;
    },
  };
}

function keyOf(secret: string): Uint8Array {
  const [, key] = SECRET.exec(secret) ?? [];
  if (key !== undefined) return Buffer.from(key, "base64");
  const message = "a secret is not base64: give it as the provider shows it";
  throw new LatchError("invalid_option", message);
}
