/** The look-ups of {@link Rows} over claims that are in memory already. */
import { type Claim, wasFilled } from "../claim/claim.ts";
import { isLive } from "../claim/transitions.ts";
import { EQUALS_MAX } from "./rows.ts";

/** Of `equals` (the latest first), those that a decision in `episode` looks at. */
export function equalsIn(equals: readonly Claim[], episode: number): Claim[] {
  const here = equals.filter((claim) => claim.episode === episode);
  const wanted = new Set([
    ...equals.filter(({ status }) => isLive(status)).slice(0, EQUALS_MAX),
    ...here.filter(wasFilled).slice(0, EQUALS_MAX),
    ...here.slice(0, 1),
  ]);
  return equals.filter((claim) => wanted.has(claim));
}

/**
 * Whether another agent's claim of `unsettled` has the id that the broker knows this one by, which
 * its bot gave it: whose the order is may turn out when the other one's answer is written.
 */
export function isNamedTwice(claim: Claim, unsettled: Iterable<Claim>): boolean {
  if (claim.intent.clientOrderId === null) return false;
  for (const { key, clientOrderId } of unsettled) {
    if (clientOrderId !== claim.clientOrderId || key.account !== claim.key.account) continue;
    if (key.agent !== claim.key.agent) return true;
  }
  return false;
}

/** Whether the claim may be behind an incident of `episode`: it came to something, or may yet. */
export function isCause(claim: Claim, symbol: string, episode: number): boolean {
  if (claim.intent.symbol !== symbol || claim.episode !== episode) return false;
  return wasFilled(claim) || claim.status !== "SETTLED";
}
