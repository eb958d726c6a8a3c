/**
 * What is said of real money and where orders go have to agree. Paper is the default, so whoever
 * says live and gives no address would trade paper and take it for money.
 */
import { LatchError } from "./core/errors.ts";

const LIVE_HOST = "api.alpaca.markets";
const PAPER_HOST = `paper-${LIVE_HOST}`;

/** Throws LatchError `invalid_option`; `variables` are the two settings' names outside. */
export function refuseMixedAccounts(
  baseUrl: string | undefined,
  live: boolean,
  variables: { readonly live?: string; readonly baseUrl?: string },
): void {
  const host = hostOf(baseUrl);
  if (!live && host === LIVE_HOST) {
    const remedy = `say --live as well (${variables.live}=true, in a program live: true)`;
    throw new LatchError("invalid_option", `${LIVE_HOST} trades real money: ${remedy}`);
  }
  if (!live || host !== PAPER_HOST) return;
  const address = baseUrl === undefined ? "is missing" : `names ${PAPER_HOST}`;
  const fault = `live (${variables.live}) is true, and ${variables.baseUrl} ${address}: paper`;
  const remedy = `expected no --live, or the address https://${LIVE_HOST}`;
  throw new LatchError("invalid_option", `${fault}; ${remedy}`);
}

/** A name that ends in a point is the same host; undefined for an address that is none. */
function hostOf(baseUrl: string | undefined): string | undefined {
  if (baseUrl === undefined) return PAPER_HOST;
  return URL.canParse(baseUrl) ? new URL(baseUrl).hostname.replace(/\.$/, "") : undefined;
}
