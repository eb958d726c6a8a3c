/** I10: each account's log is chained by hashes that anyone can compute, and no number is left out. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Outcome } from "../outcome.ts";
import type { Violation } from "./violation.ts";

export function chainedLog({ disk }: Pick<Outcome, "disk">): readonly Violation[] {
  const last = new Map<string, string>();
  for (const [index, stored] of disk.rows.events.entries()) {
    const { hash, ...event } = stored;
    const { previousHash } = event;
    const account = stored.subject === "book" ? stored.account : stored.key.account;
    const previous = last.get(account) ?? "0".repeat(64);
    const expected = createHash("sha256")
      .update(`${canonicalize(event)}`)
      .digest("hex");
    if (stored.sequence !== index + 1 || previousHash !== previous || hash !== expected) {
      return [{ invariant: "I10", what: `the chain breaks at event ${index + 1}` }];
    }
    last.set(account, hash);
  }
  return [];
}
