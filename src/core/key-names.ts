/**
 * Keys of several parts as one text, for maps and sets: the same text for the same parts only, also
 * where keys of different kinds stand in one set. For memory alone, never for what is kept.
 */
import type { AccountId, ClaimKey } from "./ids.ts";

export function claimName({ account, agent, requestId }: ClaimKey): string {
  return namedBy([account, agent, requestId]);
}

export function bookName(account: AccountId, symbol: string): string {
  return namedBy([account, symbol]);
}

/** Each part with its length in front, so that none can be taken for a piece of another. */
export function namedBy(parts: readonly (string | number)[]): string {
  let name = "";
  for (const part of parts) {
    name += typeof part === "number" ? `${part};` : `${part.length}:${part}`;
  }
  return name;
}
