/** What PostgreSQL's failures mean for a caller: a row per kind that has its own remedy. */
import postgres from "postgres";
import { type ErrorCode, LatchError } from "../../core/errors.ts";

/** SQLSTATE by its beginning, the longest first. */
const CODES: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ["55P03", "store_busy"], // lock_not_available
  ["57014", "store_busy"], // query_canceled: statement_timeout
  ["25P03", "store_busy"], // idle_in_transaction_session_timeout
  ["40", "store_busy"], // transaction rollback: deadlock, serialization
  ["53100", "store_full"], // disk_full
  ["53", "store_busy"], // insufficient resources: too many connections
  ["57P0", "store_unreachable"], // shut down, or starting up
  ["08", "store_unreachable"],
  ["28", "store_refused"], // wrong user or password
  ["3D000", "store_refused"], // no such database
  ["42501", "store_refused"], // insufficient privilege
  ["42P01", "store_moved"], // a table of ours is not there: another server, or another database
  ["42704", "store_refused"], // a word of the connection string that is no setting
  ["55P02", "store_refused"], // one that is, and that a connection may not change
  ["25006", "store_unwritable"], // read only: a standby
  ["0A000", "store_unwritable"], // so too, of a transaction that is to write
  ["XX001", "store_corrupt"],
  ["XX002", "store_corrupt"],
];

/** What speaks of one row, and not of the store: data, and constraints. */
const ROW_CODES = ["22", "23", "P0001"];

/** The driver's and the system's words for a connection that could not be made, or broke. */
const CONNECTION_CODES =
  /^(CONNECTION_|CONNECT_TIMEOUT|E(CONN|HOST|NET|PIPE|TIMEDOUT|NOTFOUND|AI_))/;

/** Node's words for a certificate that is not to be trusted, or a TLS connection that fails. */
const CERTIFICATE_CODES =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA)/;
/** PgBouncer's for a word that is no setting of its own; all else it says with the same code. */
const POOLER_SETTING = /unsupported startup parameter/i;
/** A server that has no TLS ends the connection at the first word of it; so does a broken net. */
const BEFORE_TLS = /before secure TLS connection/;

/** `error` as a LatchError; one that is not the store's stays. `place` names no password. */
export function storeError(error: unknown, place: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const { message } = error as Error;
  const said = BEFORE_TLS.test(message) ? `${message}; does the server have TLS?` : message;
  return new LatchError(code, `the ledger at ${place} failed: ${said}`, { cause: error });
}

/** Whether the store itself failed, so that whatever was tried with it would have failed too. */
export function isStoreFailure(error: unknown): boolean {
  if (error instanceof LatchError) return error.code.startsWith("store_");
  if (!(error instanceof postgres.PostgresError)) return codeOf(error) !== undefined;
  return !ROW_CODES.some((row) => error.code.startsWith(row));
}

/** Whether no answer came because there is no connection to the server any more. */
export function isConnectionLost(error: unknown): boolean {
  const code = error instanceof LatchError ? error.code : codeOf(error);
  return code === "store_unreachable";
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof postgres.PostgresError) {
    if (POOLER_SETTING.test(error.message)) return "store_refused";
    return CODES.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? "store_failed";
  }
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== "string" || error instanceof LatchError) return undefined;
  if (!(error instanceof Error)) return undefined;
  if (CERTIFICATE_CODES.test(code)) return "store_refused";
  return CONNECTION_CODES.test(code) ? "store_unreachable" : undefined;
}
