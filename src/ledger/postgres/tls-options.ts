/** What a connection string says of TLS, as libpq means it. */
import { readFileSync } from "node:fs";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from "node:tls";
import { LatchError } from "../../core/errors.ts";

/** The words of a connection string that concern TLS; the driver must not see them. */
export const TLS_WORDS = ["sslmode", "sslrootcert", "sslcert", "sslkey"] as const;

export type TlsOptions = false | "prefer" | ConnectionOptions;

/** Throws LatchError `invalid_option` or `file_unreadable`. */
export function tlsOptions(url: URL): TlsOptions {
  const word = (name: (typeof TLS_WORDS)[number]) => url.searchParams.get(name) ?? undefined;
  const root = word("sslrootcert");
  const mode = word("sslmode") ?? (root === "system" ? "verify-full" : "prefer");
  const files = {
    ...(root === undefined || root === "system" ? {} : { ca: fileOf("sslrootcert", root) }),
    ...certificate("sslcert", "cert", word("sslcert")),
    ...certificate("sslkey", "key", word("sslkey")),
  };
  switch (mode) {
    case "disable":
      return false;
    case "allow":
    case "prefer":
      return "prefer";
    case "require":
      // With a root certificate it is checked, as libpq does.
      return { ...files, rejectUnauthorized: "ca" in files, checkServerIdentity: () => undefined };
    case "verify-ca":
      return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return { ...files, rejectUnauthorized: true, checkServerIdentity: identityOf(url) };
    default: {
      const known = "disable, allow, prefer, require, verify-ca or verify-full";
      throw new LatchError("invalid_option", `store: sslmode is ${mode}: expected ${known}`);
    }
  }
}

/** The driver names no host that is an address; Node would check for `localhost` then. */
function identityOf({ hostname }: URL) {
  const host = hostname.replace(/^\[|\]$/g, "");
  return (_: string, shown: PeerCertificate) => checkServerIdentity(host, shown);
}

function certificate(word: string, option: string, path: string | undefined) {
  return path === undefined ? {} : { [option]: fileOf(word, path) };
}

function fileOf(word: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new LatchError("file_unreadable", `store: ${word} ${path} cannot be read`, {
      cause: error,
    });
  }
}
