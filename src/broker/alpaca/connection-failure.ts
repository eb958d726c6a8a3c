/**
 * What a failed request proves: whether it certainly never left this machine.
 *
 * 1. Certain are only failures to connect: refused, no such host, no route, no file descriptor left
 *    for a socket, a connect timeout, a certificate that was not accepted. The HTTP client writes
 *    nothing before it is connected.
 * 2. Every error in the chain of causes that carries a code must be one of these, and every branch
 *    of an aggregate (several addresses of one host). Anything unrecognized may have been sent.
 */
/** Codes that can only come from looking up a host or connecting to it. */
const CONNECT_CODES: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Codes that other calls have too: certain only where the failed call was `connect`. */
const CONNECT_CALL_CODES: ReadonlySet<unknown> = new Set([
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ETIMEDOUT",
]);

/** The handshake ends with these before the first byte of a request. */
const CERTIFICATE_CODES: ReadonlySet<unknown> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Deeper than any real chain; a longer one (or a circle) proves nothing. */
const MAX_DEPTH = 10;

/** Whether the request behind `error` certainly never left this machine. */
export function neverLeft(error: unknown): boolean {
  return verdictOf(error, MAX_DEPTH) === "connecting";
}

type Verdict = "connecting" | "silent" | "unrecognized";

/** `silent`: neither this error nor anything beneath it says where it came from. */
function verdictOf(error: unknown, depth: number): Verdict {
  if (depth === 0) return "unrecognized";
  if (!(error instanceof Error)) return error === undefined ? "silent" : "unrecognized";
  const branches = error instanceof AggregateError ? error.errors : [];
  const verdicts = [
    codeVerdict(error),
    verdictOf(error.cause, depth - 1),
    ...branches.map((branch) => certainOnly(verdictOf(branch, depth - 1))),
  ];
  if (verdicts.includes("unrecognized")) return "unrecognized";
  return verdicts.includes("connecting") ? "connecting" : "silent";
}

/** Every branch of an aggregate has to name its own cause. */
function certainOnly(verdict: Verdict): Verdict {
  return verdict === "connecting" ? "connecting" : "unrecognized";
}

function codeVerdict(error: Error): Verdict {
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  if (code === undefined) return "silent";
  if (CONNECT_CODES.has(code) || CERTIFICATE_CODES.has(code)) return "connecting";
  // An aggregate repeats the code of its first branch but not the call; its branches decide.
  if (error instanceof AggregateError && CONNECT_CALL_CODES.has(code)) return "silent";
  return CONNECT_CALL_CODES.has(code) && syscall === "connect" ? "connecting" : "unrecognized";
}

/** The innermost error in words: what went wrong, without the wrapping of the layers above. */
export function describeFailure(error: unknown): string {
  let innermost = error;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const next = beneath(innermost);
    if (next === undefined) break;
    innermost = next;
  }
  if (!(innermost instanceof Error)) return String(innermost);
  const { code } = innermost as { readonly code?: unknown };
  const message = innermost.message || innermost.name;
  return typeof code !== "string" || message.includes(code) ? message : `${code}: ${message}`;
}

function beneath(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
}
