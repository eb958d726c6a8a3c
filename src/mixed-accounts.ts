/**
 * What is said of real money and where orders go have to agree. Paper is the default, so whoever
 * says live and gives no address would trade paper and take it for money.
 */
import { brokerKind, LIVE_HOST, PAPER_HOST } from "./core/broker-kind.ts";
import { LatchError } from "./core/errors.ts";

/** Throws LatchError `invalid_option`; `variables` are the two settings' names outside. */
export function refuseMixedAccounts(
  baseUrl: string | undefined,
  live: boolean,
  variables: { readonly live?: string; readonly baseUrl?: string },
): void {
  const kind = baseUrl === undefined ? "paper" : brokerKind(baseUrl);
  if (!live && kind === "live") {
    const remedy = `say --live as well (${variables.live}=true, in a program live: true)`;
    throw new LatchError("invalid_option", `${LIVE_HOST} trades real money: ${remedy}`);
  }
  if (!live || kind !== "paper") return;
  const address = baseUrl === undefined ? "is missing" : `names ${PAPER_HOST}`;
  const fault = `live (${variables.live}) is true, and ${variables.baseUrl} ${address}: paper`;
  const remedy = `expected no --live, or the address https://${LIVE_HOST}`;
  throw new LatchError("invalid_option", `${fault}; ${remedy}`);
}
