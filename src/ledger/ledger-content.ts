/**
 * All that a ledger holds, at one moment, as domain values: what a copy reads and writes, whatever
 * store keeps it. What a store only derives from these (row numbers, heads, marks) is not content.
 */
import type { Book } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import type { EpochMs } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import type { Incident } from "../incident/incident.ts";
import type { KeptCheckpoint, NumberedGuardClaim, StoredEvent } from "./ledger.ts";

export interface NumberedClaim {
  /** Claims are numbered from 1 in the order in which they were made. */
  readonly id: number;
  readonly claim: Claim;
}

/** An account whose opening balances were taken over. */
export interface AdoptedAccount {
  readonly account: AccountId;
  readonly at: EpochMs;
}

export interface KnownLogin {
  readonly login: string;
  readonly account: AccountId;
}

/** How many there are of each kind. */
export interface ContentCounts {
  readonly accounts: number;
  readonly logins: number;
  readonly events: number;
  readonly claims: number;
  readonly guardClaims: number;
  readonly books: number;
  readonly incidents: number;
  readonly checkpoints: number;
}

export interface ContentReader {
  /** Where it is, for people: without a password. */
  readonly place: string;
  counts(): Promise<ContentCounts>;
  /** At most `limit` that follow the one numbered `after`, in their order; so the next four. */
  events(after: number, limit: number): Promise<readonly StoredEvent[]>;
  claims(after: number, limit: number): Promise<readonly NumberedClaim[]>;
  guardClaims(after: number, limit: number): Promise<readonly NumberedGuardClaim[]>;
  incidents(after: number, limit: number): Promise<readonly Incident[]>;
  checkpoints(after: number, limit: number): Promise<readonly KeptCheckpoint[]>;
  /** All of them: a symbol has one, and an account one of each. In no order. */
  books(): Promise<readonly Book[]>;
  accounts(): Promise<readonly AdoptedAccount[]>;
  logins(): Promise<readonly KnownLogin[]>;
}

/** Values of one kind that follow those of the batch before. */
export type ContentBatch =
  | { readonly kind: "accounts"; readonly values: readonly AdoptedAccount[] }
  | { readonly kind: "logins"; readonly values: readonly KnownLogin[] }
  | { readonly kind: "events"; readonly values: readonly StoredEvent[] }
  | { readonly kind: "claims"; readonly values: readonly Claim[] }
  | { readonly kind: "guardClaims"; readonly values: readonly GuardClaim[] }
  | { readonly kind: "books"; readonly values: readonly Book[] }
  | { readonly kind: "incidents"; readonly values: readonly Incident[] }
  | { readonly kind: "checkpoints"; readonly values: readonly KeptCheckpoint[] };

export type ContentKind = ContentBatch["kind"];

/** Reads what it has written itself. */
export interface ContentWriter extends ContentReader {
  /** Keeps the values in their order; an event's number and hash, and an incident's number. */
  write(batch: ContentBatch): Promise<void>;
}

/** Runs `work` on a ledger that nobody else has open, and that stays as it is meanwhile. */
export type ReadContent = <Value>(
  work: (source: ContentReader) => Promise<Value>,
) => Promise<Value>;

/** Runs `work` on an empty ledger: all that it writes is kept or, where it fails, nothing. */
export type WriteContent = <Value>(
  work: (target: ContentWriter) => Promise<Value>,
) => Promise<Value>;

/** So many values are in memory at once, but for the kinds that are read whole. */
const BATCH_SIZE = 500;

/** Everything that `reader` holds, in one order, whatever the store. */
export async function* contentOf(reader: ContentReader): AsyncGenerator<ContentBatch, void> {
  yield { kind: "accounts", values: sorted(await reader.accounts(), ({ account }) => [account]) };
  yield { kind: "logins", values: sorted(await reader.logins(), ({ login }) => [login]) };
  for (let after = 0; ; ) {
    const values = await reader.events(after, BATCH_SIZE);
    const last = values.at(-1);
    if (last === undefined) break;
    yield { kind: "events", values };
    after = last.sequence;
  }
  for (let after = 0; ; ) {
    const page = await reader.claims(after, BATCH_SIZE);
    const last = page.at(-1);
    if (last === undefined) break;
    yield { kind: "claims", values: page.map(({ claim }) => claim) };
    after = last.id;
  }
  for (let after = 0; ; ) {
    const page = await reader.guardClaims(after, BATCH_SIZE);
    const last = page.at(-1);
    if (last === undefined) break;
    yield { kind: "guardClaims", values: page.map(({ claim }) => claim) };
    after = last.id;
  }
  const nameOf = ({ account, symbol }: Book) => [account, symbol];
  yield { kind: "books", values: sorted(await reader.books(), nameOf) };
  for (let after = 0; ; ) {
    const values = await reader.incidents(after, BATCH_SIZE);
    const last = values.at(-1);
    if (last === undefined) break;
    yield { kind: "incidents", values };
    after = last.id;
  }
  for (let after = 0; ; ) {
    const values = await reader.checkpoints(after, BATCH_SIZE);
    const last = values.at(-1);
    if (last === undefined) break;
    yield { kind: "checkpoints", values };
    after = last.sequence;
  }
}

/** By the values' names, as no database's collation has a say in it. */
function sorted<Value>(
  values: readonly Value[],
  nameOf: (value: Value) => readonly string[],
): readonly Value[] {
  const named = values.map((value) => ({ name: JSON.stringify(nameOf(value)), value }));
  return named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ value }) => value);
}
