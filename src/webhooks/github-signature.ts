/**
 * GitHub's shape: `X-Hub-Signature-256: sha256=HEX` over the body. No time is signed: what keeps a
 * recorded delivery from being handled again is its id (`X-GitHub-Delivery`), which is not signed
 * either. Take the id from the body where the body has one.
 */
import { requireFields } from "../guard/guard-input.ts";
import {
  checkDigests,
  headerOf,
  refused,
  type Secrets,
  type SignatureScheme,
  secretList,
} from "./signature.ts";

const PREFIX = "sha256=";

export interface GithubSignatureOptions {
  readonly secrets: Secrets;
  /** Default: `x-hub-signature-256`. */
  readonly header?: string;
}

/** Throws LatchError `invalid_option` for secrets that are none. */
export function githubSignature(options: GithubSignatureOptions): SignatureScheme {
  requireFields(options, { secrets: true, header: true }, "invalid_option");
  const { header = "x-hub-signature-256" } = options;
  const secrets = secretList(options.secrets);
  return {
    check: (delivery) => {
      const text = headerOf(delivery, header);
      if (text === undefined) return refused("missing");
      if (!text.startsWith(PREFIX)) return refused("malformed");
      return checkDigests({
        ...{ algorithm: "sha256", encoding: "hex", secrets },
        signatures: [text.slice(PREFIX.length)],
        content: [delivery.rawBody],
      });
    },
  };
}
