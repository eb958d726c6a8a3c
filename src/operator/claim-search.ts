/**
 * Claims that have certain words, for a person who looks for one: no index knows words, so claims
 * are read along time, so many for a look and no more. Every word has to occur, in whatever order,
 * in what the claim is called, wanted, was told or came to; capitals do not matter.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Claim } from "../claim/claim.ts";
import { isCombo } from "../identity/combo.ts";
import { legsInWords, symbolInWords } from "../identity/order-in-words.ts";
import { type ClaimFilters, type ClaimsPage, limitOf } from "../ledger/claims-query.ts";

type ListClaims = (filters: ClaimFilters) => Promise<ClaimsPage>;

/** So many claims are read for one look: some tens of milliseconds, in parts. */
export const SEARCHED_MAX = 5_000;
const PAGE = 500;
/** What is shorter occurs in the id of every other claim. */
const ID_PART_MIN = 4;

/** A page as the ledger's are: it may be short, or empty, and only `next: null` is the end. */
export async function searchClaims(
  list: ListClaims,
  filters: ClaimFilters,
  text: string,
): Promise<ClaimsPage> {
  const words = wordsIn(text);
  const limit = limitOf(filters);
  if (words.length === 0) return list(filters);
  const found: Claim[] = [];
  let cursor = filters.cursor;
  for (let read = 0; read < SEARCHED_MAX; read += PAGE) {
    const page = await fitting(list, { ...filters, cursor }, words, limit - found.length);
    found.push(...page.claims);
    if (page.next === null || found.length === limit) return { claims: found, next: page.next };
    cursor = page.next;
    await turnOfTheLoop();
  }
  return { claims: found, next: cursor ?? null };
}

/** The next `limit` that fit, or fewer where a page has fewer; its `next` is behind the last. */
async function fitting(
  list: ListClaims,
  filters: ClaimFilters,
  words: readonly string[],
  limit: number,
): Promise<ClaimsPage> {
  const page = await list({ ...filters, limit: PAGE });
  const fits = (claim: Claim) => hasWords(claim, words);
  const places = page.claims.flatMap((claim, at) => (fits(claim) ? [at] : []));
  const last = places[limit - 1];
  if (last === undefined) return { ...page, claims: page.claims.filter(fits) };
  // A page that ends with the last one that is given: where it goes on the store alone can say.
  const cut = await list({ ...filters, limit: last + 1 });
  return { ...cut, claims: cut.claims.filter(fits) };
}

function wordsIn(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** A word is the beginning of one that was said, or an id, or a part of one. */
function hasWords(claim: Claim, words: readonly string[]): boolean {
  const [ids, said] = [idsOf(claim), plain(saidOf(claim))];
  return words.every((word) => {
    if (ids.some((id) => id === word || (word.length >= ID_PART_MIN && id.includes(word))))
      return true;
    const parts = plain(word).trim();
    return parts !== "" && parts.split(" ").every((part) => said.includes(` ${part}`));
  });
}

/** Words alone, each behind a space: `partially_filled` is two. */
function plain(text: string): string {
  return ` ${text.toLowerCase().replaceAll(/[^\p{L}\p{N}.$]+/gu, " ")}`;
}

function idsOf({ key, clientOrderId, brokerOrderId, intent }: Claim): readonly string[] {
  const ids = [key.requestId, clientOrderId, brokerOrderId, intent.decisionId];
  return ids.flatMap((id) => (id === null ? [] : [id.toLowerCase()]));
}

function saidOf(claim: Claim): string {
  const { key, intent, refusal, unknownBecause } = claim;
  const { side, quantity, notional, portion, symbol, effect, reason } = intent;
  const amount = quantity ?? (notional === null ? portion : `$${notional}`);
  const what = isCombo(intent)
    ? [symbolInWords(intent), ...legsInWords(intent)]
    : [side, amount, symbol];
  const wanted = [key.agent, ...what, effect === "open" ? "entry" : "exit", reason];
  const became = [claim.status, claim.outcome, claim.provenance, claim.orderStatus, unknownBecause];
  const refused = refusal === null ? [] : [String(refusal.httpStatus), refusal.message];
  return [...wanted, ...became, ...refused].filter(Boolean).join("\n");
}
