/** Whether an entry in a symbol is free, and if it is not, the chain of causes. */

import { type BlockingPolicy, blocksEntries } from "../claim/entry-block.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";

export interface EntryCheck {
  readonly symbol: string;
  readonly isFree: boolean;
  /** In a sentence. */
  readonly because: string;
  /** The claims that led to it, the first one first. */
  readonly causes: readonly ClaimKey[];
  /** Open incidents in the symbol; they block nothing unless a policy says so. */
  readonly incidents: readonly Incident[];
}

/** `open` are the open incidents in `symbol`. */
export function checkEntry(
  symbol: string,
  open: readonly Incident[],
  policy: BlockingPolicy,
): EntryCheck {
  const blocking = open.find((incident) => blocksEntries(incident, policy));
  const incidents = { symbol, incidents: open };
  if (blocking !== undefined) {
    const because = `incident ${blocking.id} blocks entries: ${blocking.summary}`;
    return { ...incidents, isFree: false, because, causes: blocking.causes };
  }
  const [suspect] = open;
  if (suspect === undefined) {
    return { ...incidents, isFree: true, because: "nothing is in question", causes: [] };
  }
  const because = `incident ${suspect.id} is open and blocks nothing: ${suspect.summary}`;
  return { ...incidents, isFree: true, because, causes: suspect.causes };
}
