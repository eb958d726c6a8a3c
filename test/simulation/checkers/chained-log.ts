/** I10: the log is chained by hashes that anyone can compute, without a gap. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Outcome } from "../outcome.ts";
import type { Violation } from "./violation.ts";

export function chainedLog({ disk }: Outcome): readonly Violation[] {
  let previous = "0".repeat(64);
  for (const [index, stored] of disk.rows.events.entries()) {
    const { hash, previousHash, ...event } = stored;
    const text = `${previous}\n${canonicalize(event)}`;
    const expected = createHash("sha256").update(text).digest("hex");
    if (stored.sequence !== index + 1 || previousHash !== previous || hash !== expected) {
      return [{ invariant: "I10", what: `the chain breaks at event ${index + 1}` }];
    }
    previous = hash;
  }
  return [];
}
