/**
 * What a failed pass through proves, and how it is told. Only failures to connect prove that
 * nothing was sent; everything else may have reached the broker.
 */

const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The request itself could not be put into HTTP. */
const UNSENDABLE_CODES: ReadonlySet<string> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
]);

/** Short words for what happens often; the rest is told by its code. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at its address",
  ECONNRESET: "it cut the connection",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  UND_ERR_CONNECT_TIMEOUT: "connecting took too long",
  UND_ERR_HEADERS_TIMEOUT: "it did not begin to answer in time",
  UND_ERR_SOCKET: "it cut the connection",
};

/** Whether the request certainly never left this machine. */
export function neverSent(error: unknown): boolean {
  if (error instanceof AggregateError) {
    return error.errors.length > 0 && error.errors.every(neverSent);
  }
  const code = codeOf(error);
  return code !== undefined && (CONNECT_CODES.has(code) || UNSENDABLE_CODES.has(code));
}

/** Whether the fault is the client's: a header or path that no request can hold. */
export function isUnsendable(error: unknown): boolean {
  return UNSENDABLE_CODES.has(codeOf(error) ?? "");
}

/** The failure without anything that was in the request. */
export function failureInWords(error: unknown): string {
  const code = codeOf(error);
  return code === undefined
    ? "it failed without a code"
    : (IN_WORDS[code] ?? `it failed (${code})`);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : undefined;
}
