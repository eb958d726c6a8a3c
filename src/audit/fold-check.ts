/**
 * Whether the rows of a ledger are what its events come to, event after event. Memory does not grow
 * with the log: a claim that is settled is compared with its row and, where the two agree, let go.
 * A claim that is let go and moves again goes on from its row, which was just that.
 *
 * The ledger may be in use: what moved after the check began is compared once the ledger stands
 * still for a moment.
 */
import { type Book, emptyBook } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import { evolveBook, evolveBookByClaim, evolveClaim } from "../claim/evolve.ts";
import { CLAIM_STATUSES } from "../claim/transitions.ts";
import type { AccountId } from "../core/ids.ts";
import { bookName, claimName } from "../core/key-names.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import { LEAVES_ROWS, type Ledger, type StoredEvent } from "../ledger/ledger.ts";
import { GuardFoldCheck, type GuardFoldLedger } from "./guard-fold-check.ts";
import { IncidentFoldCheck } from "./incident-fold-check.ts";

export type FoldLedger = GuardFoldLedger &
  Pick<
    Ledger,
    "accounts" | "books" | "claimOf" | "claimsOf" | "countByStatus" | "incident" | "incidents"
  >;

type ClaimEventOf = Extract<StoredEvent, { subject: "claim" }>;
type BookEventOf = Extract<StoredEvent, { subject: "book" }>;

const BEGINNINGS: ReadonlySet<string> = new Set(["claimed", "leg_adopted"]);

export class FoldCheck {
  readonly #ledger: FoldLedger;
  readonly #guards: GuardFoldCheck;
  readonly #incidents: IncidentFoldCheck;
  /** The last event that was there when the check began. */
  readonly #last: number;
  /** Claims that were not found equal to their rows, or not since they last moved. */
  readonly #claims = new Map<string, Claim>();
  readonly #touched = new Set<string>();
  readonly #begun = new Map<AccountId, number>();
  readonly #books = new Map<string, Book>();
  /** Claims that were let go and have moved since the check began, and books that moved by them. */
  readonly #unknown = new Set<string>();

  constructor(ledger: FoldLedger, last: number) {
    this.#ledger = ledger;
    this.#last = last;
    this.#guards = new GuardFoldCheck(ledger, last);
    this.#incidents = new IncidentFoldCheck(ledger);
  }

  /** Takes the next event; throws InvariantError for one that cannot follow those before it. */
  async take(event: StoredEvent): Promise<void> {
    if (event.subject === "guard") await this.#guards.take(event);
    else if (event.subject === "book") this.#takeOfBook(event);
    else if (!LEAVES_ROWS.has(event.body.type)) await this.#takeOfClaim(event);
  }

  /** Compares what was settled since the last call, and lets go of what is equal. */
  async letGo(): Promise<void> {
    const settled = [...this.#touched].flatMap((name) => {
      const claim = this.#claims.get(name);
      return claim?.status === "SETTLED" ? [{ name, claim }] : [];
    });
    this.#touched.clear();
    await this.#guards.letGo();
    if (settled.length === 0) return;
    const rows = await this.#ledger.claimsOf(settled.map(({ claim }) => claim.key));
    for (const [index, { name, claim }] of settled.entries()) {
      if (isSameClaim(claim, rows[index])) this.#claims.delete(name);
    }
  }

  /**
   * What differs, in a sentence; undefined where nothing does. Says something only of a ledger to
   * which nothing was added since the last event that was taken.
   */
  async difference(): Promise<string | undefined> {
    for (const [name, claim] of this.#claims) {
      if (this.#unknown.has(name) || isEqual(claim, await this.#ledger.claimOf(claim.key)))
        continue;
      return `the row of the claim ${claim.key.requestId} is not what its events come to`;
    }
    const accounts = [...new Set([...(await this.#ledger.accounts()), ...this.#begun.keys()])];
    const ofIncidents = await this.#incidents.difference(accounts);
    if (ofIncidents !== undefined) return ofIncidents;
    const ofActions = await this.#guards.difference();
    const ofBooks = ofActions ?? (await this.#differenceOfBooks(accounts));
    return ofBooks ?? (await this.#differenceOfCounts(accounts));
  }

  async #takeOfClaim({ key, symbol, body, at, sequence }: ClaimEventOf): Promise<void> {
    const name = claimName(key);
    const known = this.#claims.get(name);
    const isNew = known === undefined && BEGINNINGS.has(body.type);
    if (isNew) this.#begun.set(key.account, (this.#begun.get(key.account) ?? 0) + 1);
    if (known === undefined && !isNew && sequence > this.#last) {
      this.#unknown.add(name).add(bookName(key.account, symbol));
      return;
    }
    const before = known ?? (isNew ? undefined : await this.#ledger.claimOf(key));
    const after = evolveClaim(before, key, body, at);
    this.#claims.set(name, after);
    this.#touched.add(name);
    const status = before?.status ?? "NONE";
    const book = this.#bookOf(key.account, symbol);
    this.#keepBook(evolveBookByClaim(book, body, status, after));
  }

  #takeOfBook(event: BookEventOf): void {
    const { account, symbol, body } = event;
    switch (body.type) {
      case "incident_opened":
      case "incident_evidence":
      case "incident_resolved":
        this.#incidents.take({ ...event, body });
        return;
      default:
        this.#keepBook(evolveBook(this.#bookOf(account, symbol), body));
    }
  }

  #bookOf(account: AccountId, symbol: string): Book {
    return this.#books.get(bookName(account, symbol)) ?? emptyBook(account, symbol);
  }

  #keepBook(book: Book): void {
    this.#books.set(bookName(book.account, book.symbol), book);
  }

  async #differenceOfBooks(accounts: readonly AccountId[]): Promise<string | undefined> {
    const lists = await Promise.all(accounts.map((account) => this.#ledger.books(account)));
    const rows = new Map(lists.flat().map((row) => [bookName(row.account, row.symbol), row]));
    for (const name of new Set([...rows.keys(), ...this.#books.keys()])) {
      const known = this.#books.get(name) ?? rows.get(name);
      if (known === undefined || this.#unknown.has(name)) continue;
      const empty = emptyBook(known.account, known.symbol);
      if (isEqual(this.#books.get(name) ?? empty, rows.get(name) ?? empty)) continue;
      return `the book of ${known.symbol} is not what its events come to`;
    }
    return undefined;
  }

  /** A row that no event made is found by their number, one in a wrong list by that of its list. */
  async #differenceOfCounts(accounts: readonly AccountId[]): Promise<string | undefined> {
    for (const account of accounts) {
      const counts = await this.#ledger.countByStatus(account);
      const rows = sumOf(counts);
      const begun = this.#begun.get(account) ?? 0;
      if (rows !== begun) {
        return `the account ${account} has ${rows} claims, and its events have ${begun}`;
      }
      const folded = this.#unsettledOf(account);
      const other = CLAIM_STATUSES.find(
        (status) => status !== "SETTLED" && (counts[status] ?? 0) !== (folded[status] ?? 0),
      );
      if (other === undefined || this.#unknown.size > 0) continue;
      const found = `${counts[other] ?? 0} ${other} claims`;
      return `the account ${account} has ${found}, and its events have ${folded[other] ?? 0}`;
    }
    return undefined;
  }

  /** By state; what is settled was let go. */
  #unsettledOf(account: AccountId): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { key, status } of this.#claims.values()) {
      if (key.account === account) counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Rows of older ledgers may lack the broker's time, which is then not known. */
function isSameClaim(folded: Claim, row: Claim | undefined): boolean {
  const whole = (claim: Claim) => ({ brokerClaimedAt: null, ...claim });
  return row !== undefined && isEqual(whole(folded), whole(row));
}

function isEqual(folded: object, row: object | undefined): boolean {
  return row !== undefined && canonicalJson(folded) === canonicalJson(row);
}
