/**
 * What an event's hash covers: the rule that docs/AUDIT.md gives to strangers, as it stands there.
 * The ledger puts the same text together in a quicker way, so whatever is verified here is verified
 * against that too.
 */
import { canonicalHash } from "../identity/canonical-json.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

/** SHA-256 over the canonical JSON of the event without its hash. */
export function hashOf({ hash: _, ...covered }: StoredEvent): string {
  return canonicalHash(covered);
}
