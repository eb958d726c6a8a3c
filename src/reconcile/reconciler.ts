/**
 * Looks after what is in question: refused closes, claims that nothing becomes of, and positions
 * that differ from the books. Reads and records; the one order that it may cause, a flattening
 * close, goes through the gateway like any other.
 */
import { type Claim, lacksSuccessor } from "../claim/claim.ts";
import { isSought } from "../claim/decide-absence.ts";
import type { EpochMs } from "../core/clock.ts";
import { subjectOfClaim } from "../incident/incident.ts";
import { ExitJudge } from "./exit-judge.ts";
import { FoundOrders, missingFor } from "./missing-orders.ts";
import { type OwnOrders, readOwnOrders } from "./own-orders.ts";
import { PositionComparison, type PositionComparisonPorts } from "./position-comparison.ts";
import { unreadBecause } from "./unread-orders.ts";
import type { Unread } from "./unread-positions.ts";

/** A claim of which nothing has become known for so long is told to people. */
const OVERDUE_MS = 30_000;

export interface ReconcilerPorts extends PositionComparisonPorts {
  /** What the account's activities say of an ended order, in a sentence; undefined: unreadable. */
  readonly witness: (claim: Claim) => Promise<string | undefined>;
}

export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #judge: ExitJudge;
  readonly #comparison: PositionComparison;
  readonly #found: FoundOrders;
  /** Claims that were told of, so that each opening of one is told of once by this process. */
  readonly #told = new Set<string>();
  /** Since when this process knows of an order that the one in its place is not known. */
  readonly #replacedSince = new Map<string, EpochMs>();

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
    this.#judge = new ExitJudge(ports);
    this.#comparison = new PositionComparison(ports);
    this.#found = new FoundOrders(ports);
  }

  /** When the next tick would read something; undefined while nothing is in question. */
  nextDueAt(): EpochMs | undefined {
    return this.#judge.nextDueAt();
  }

  /** `claims` are the unsettled ones. */
  async tick(claims: readonly Claim[]): Promise<void> {
    await this.#judge.tick(claims);
    for (const claim of await this.#found.end(claims)) this.#told.delete(nameOf(claim));
    await this.#tellOfOverdue(claims);
  }

  /** Books what our orders have filled that may have moved the position, where all can be read. */
  readOwnOrders(symbol: string): Promise<OwnOrders> {
    return readOwnOrders(this.#ports, symbol);
  }

  compare(): Promise<void> {
    this.#found.forget();
    return this.#comparison.tick();
  }

  /** Since when, and why, positions cannot be compared in full; null where they can. */
  positionsUnread(): Unread | null {
    return this.#comparison.unread();
  }

  async #hearWitness(claim: Claim, subject: string): Promise<void> {
    const { ledger, clock, witness } = this.#ports;
    const text = await witness(claim);
    if (text === undefined) return;
    await ledger.addEvidence(claim.key.account, subject, { text, next: null }, clock.now());
  }

  async #tellOfOverdue(claims: readonly Claim[]): Promise<void> {
    const now = this.#ports.clock.now();
    const names = new Set(claims.map(nameOf));
    for (const name of this.#told) if (!names.has(name)) this.#told.delete(name);
    for (const name of this.#replacedSince.keys()) {
      if (!names.has(name)) this.#replacedSince.delete(name);
    }
    for (const claim of claims) {
      const name = nameOf(claim);
      const missingMs = missingFor(this.#ports, claim);
      const unread = unreadBecause(this.#ports, claim, this.#comparison.readAt());
      const isStuck = isSought(claim) || lacksSuccessor(claim) || claim.status === "FINAL";
      const stuckMs = missingMs ?? (isStuck ? now - this.#stuckSince(claim) : 0);
      const isOverdue = stuckMs >= OVERDUE_MS || unread !== undefined;
      if (!isOverdue || this.#told.has(name)) continue;
      const known = { isMissing: missingMs !== undefined, unreadBecause: unread };
      await this.#ports.ledger.record(claim.key, { type: "overdue", ...known, now });
      this.#told.add(name);
      this.#found.forget();
      if (claim.status === "FINAL") await this.#hearWitness(claim, subjectOfClaim(claim.key));
    }
  }

  #stuckSince(claim: Claim): EpochMs {
    if (!lacksSuccessor(claim)) return claim.certainAt ?? claim.openedAt;
    const name = nameOf(claim);
    const since = this.#replacedSince.get(name) ?? this.#ports.clock.now();
    this.#replacedSince.set(name, since);
    return since;
  }
}

/** A claim that was opened anew, or has another order, may be stuck anew. */
function nameOf({ key, fencing, status, brokerOrderId }: Claim): string {
  return `${subjectOfClaim(key)} ${fencing} ${status} ${brokerOrderId}`;
}
