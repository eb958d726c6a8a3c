/**
 * Whether the rows of claims that are no orders are what their events come to; fold-check.ts says
 * how. One that is settled and equal to its row is let go, and goes on from there.
 */
import { evolveGuard } from "../claim/evolve-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import { claimName } from "../core/key-names.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";

type GuardEventOf = Extract<StoredEvent, { subject: "guard" }>;

export type GuardFoldLedger = Pick<
  Ledger,
  "countGuardClaims" | "guardClaimsOf" | "unsettledGuardClaims"
>;

const PAGE = 500;

export class GuardFoldCheck {
  readonly #ledger: GuardFoldLedger;
  /** The last event that was there when the check began. */
  readonly #last: number;
  readonly #claims = new Map<string, GuardClaim>();
  /** Claims that were let go and have moved since the check began. */
  readonly #unknown = new Set<string>();
  #begun = 0;

  constructor(ledger: GuardFoldLedger, last: number) {
    this.#ledger = ledger;
    this.#last = last;
  }

  /** Throws InvariantError for an event that cannot follow those before it. */
  async take({ key, body, at, sequence }: GuardEventOf): Promise<void> {
    if (body.type === "guard_answered") return;
    const name = claimName(key);
    const known = this.#claims.get(name);
    const isNew = body.type === "guard_claimed";
    if (isNew) this.#begun += 1;
    if (known === undefined && !isNew && sequence > this.#last) {
      this.#unknown.add(name);
      return;
    }
    const [row] = known === undefined && !isNew ? await this.#ledger.guardClaimsOf([key]) : [];
    this.#claims.set(name, evolveGuard(known ?? row, key, body, at));
  }

  /** Compares what is settled, and lets go of what is equal. */
  async letGo(): Promise<void> {
    const settled = [...this.#claims].filter(([, { status }]) => status === "SETTLED");
    const rows = await this.#rowsOf(settled.map(([, claim]) => claim));
    for (const [index, [name, claim]] of settled.entries()) {
      if (isEqual(claim, rows[index])) this.#claims.delete(name);
    }
  }

  /** What differs, in a sentence; undefined where nothing does. */
  async difference(): Promise<string | undefined> {
    const claims = [...this.#claims].filter(([name]) => !this.#unknown.has(name));
    const rows = await this.#rowsOf(claims.map(([, claim]) => claim));
    const other = claims.find(([, claim], index) => !isEqual(claim, rows[index]));
    if (other !== undefined) {
      const { requestId } = other[1].key;
      return `the row of the action ${requestId} is not what its events come to`;
    }
    const count = await this.#ledger.countGuardClaims();
    if (count !== this.#begun) {
      return `there are ${count} claims of actions, and the events have ${this.#begun}`;
    }
    const atWork = claims.filter(([, { status }]) => status !== "SETTLED").length;
    const listed = await this.#countUnsettled();
    if (listed === atWork || this.#unknown.size > 0) return undefined;
    return `there are ${listed} claims of actions at work, and the events have ${atWork}`;
  }

  /** As a start would find those that nobody has settled. */
  async #countUnsettled(): Promise<number> {
    let count = 0;
    for (let after = 0; ; ) {
      const page = await this.#ledger.unsettledGuardClaims(after, PAGE);
      count += page.length;
      const last = page.at(-1);
      if (last === undefined) return count;
      after = last.id;
    }
  }

  async #rowsOf(claims: readonly GuardClaim[]) {
    return claims.length === 0 ? [] : this.#ledger.guardClaimsOf(claims.map(({ key }) => key));
  }
}

function isEqual(folded: GuardClaim, row: GuardClaim | undefined): boolean {
  return row !== undefined && canonicalJson(folded) === canonicalJson(row);
}
