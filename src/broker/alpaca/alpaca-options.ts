/**
 * What the adapter is built from, checked before anything is sent. A refusal names the value
 * received, except for credentials: those appear nowhere.
 */
import { trading } from "@alpacahq/alpaca-trade-api/rest";

import type { Clock } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { RateBudget } from "./rate-budget.ts";
import type { FetchApi } from "./whole-body.ts";

export interface AlpacaBrokerOptions {
  readonly keyId: string;
  readonly secret: string;
  /** Default: Alpaca's paper host. A trailing slash or `/v2` is tolerated. */
  readonly baseUrl?: string;
  readonly clock: Clock;
  /** Default: the global fetch. A simulation passes its own. */
  readonly fetchApi?: FetchApi;
  /** How long a POST may take before its outcome counts as unknown (default 6000). */
  readonly submitDeadlineMs?: number;
  /** How long one read may take (default 5000). */
  readonly readDeadlineMs?: number;
  readonly budget: RateBudget;
}

export const DEFAULT_SUBMIT_DEADLINE_MS = 6_000;
export const DEFAULT_READ_DEADLINE_MS = 5_000;

const LOOPBACK = /^(?:(?:[a-z0-9-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
/** What may stand in a header, without spaces. */
const HEADER_WORD = /^[\x21-\x7e]+$/;

const BROKER_ADDRESS = "the broker's address (APCA_API_BASE_URL)";

/**
 * The address that `/v2/...` is appended to; throws `invalid_option` for what is not safe. `what`
 * is what the message calls it.
 */
export function normalizeBaseUrl(value: string | undefined, what = BROKER_ADDRESS): string {
  if (value === undefined) return trading.TRADING_PAPER_HOST;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) {
    throw invalid(
      `${what} is not a URL with https:// before it: ${JSON.stringify(withoutUserInfo(value))}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(`${what} must not hold credentials: ${url.protocol}//${url.host}`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw invalid(`${what} must begin with https: ${JSON.stringify(value)}`);
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    const danger = `plain http would send the key in the clear to ${url.hostname}`;
    throw invalid(`${what}: ${danger}: ${JSON.stringify(value)}`);
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalid(`${what} must not have a query: ${JSON.stringify(value)}`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "").replace(/\/v2$/, "")}`;
}

const CREDENTIAL_VARIABLES = {
  keyId: "APCA_API_KEY_ID",
  secret: "APCA_API_SECRET_KEY",
} as const;

/** Throws `invalid_option` for a credential that no header could carry, without naming it. */
export function requireCredential(name: "keyId" | "secret", value: string): string {
  if (HEADER_WORD.test(value)) return value;
  const fault = value === "" ? "is empty" : "holds a space or a character no header may carry";
  throw invalid(`the broker's ${name} (${CREDENTIAL_VARIABLES[name]}) ${fault}`);
}

/** Throws `invalid_option` unless `value` is a positive number of milliseconds. */
export function requireDeadline(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw invalid(`${name} must be a positive number of milliseconds, not ${value}`);
}

function withoutUserInfo(value: string): string {
  return value.replace(/^.*@/, "");
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_option", message);
}
