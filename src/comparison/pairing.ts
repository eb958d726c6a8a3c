/**
 * Which orders are whose: the whole ids first, then parts of ids, then terms and time.
 *
 * 1. A group of orders belongs to one claim at most; a claim has at most one, besides groups of
 *    other attempts of its own.
 * 2. Below whole ids, a claim and a group fit only where each has the other alone. What several
 *    could be is nobody's, and said to be so.
 * 3. Claims and groups come sorted, so that nothing depends on the order of the input.
 */
import type { Match, Reason } from "./finding.ts";
import { grouped } from "./grouped.ts";
import { LikeOrders } from "./likeness.ts";
import type { OrderGroup } from "./order-group.ts";
import { OrderIndex } from "./order-index.ts";
import type { RecordedClaim } from "./recorded.ts";
import { termsThatDiffer } from "./terms.ts";

type Trouble = Extract<Reason, "identifier_conflict" | "claimed_twice" | "ambiguous_match">;

export interface Pairing {
  readonly claim: RecordedClaim;
  readonly group: OrderGroup | null;
  readonly match: Match;
  /** Why it has no group, where others might be meant. */
  readonly trouble: Trouble | null;
  readonly candidates: readonly OrderGroup[];
  /** Groups of other attempts of the same claim. */
  readonly attempts: readonly OrderGroup[];
}

export interface Pairings {
  readonly pairings: readonly Pairing[];
  /** Groups that are nobody's, and why where somebody might have them. */
  readonly left: ReadonlyMap<OrderGroup, Trouble | null>;
}

interface Edge {
  readonly claim: RecordedClaim;
  readonly group: OrderGroup;
}

/** `claims` and `groups` are distinct and sorted. */
export function pairingsOf(
  claims: readonly RecordedClaim[],
  groups: readonly OrderGroup[],
): Pairings {
  const work = new PairingWork(claims, groups);
  work.pairByIds();
  work.pairBlocked();
  work.takeAttempts();
  work.pairByParts();
  work.pairByLikeness();
  return work.result();
}

class PairingWork {
  readonly #claims: readonly RecordedClaim[];
  readonly #groups: readonly OrderGroup[];
  readonly #index: OrderIndex;
  readonly #found = new Map<RecordedClaim, Pairing>();
  readonly #attempts = new Map<RecordedClaim, readonly OrderGroup[]>();
  readonly #taken = new Set<OrderGroup>();
  readonly #disputed = new Map<OrderGroup, Trouble>();

  constructor(claims: readonly RecordedClaim[], groups: readonly OrderGroup[]) {
    this.#claims = claims;
    this.#groups = groups;
    this.#index = new OrderIndex(groups);
  }

  pairByIds(): void {
    const actions = this.#claims.filter(({ says }) => says !== "skipped");
    const edges = actions.flatMap((claim) => this.#edgeById(claim));
    for (const [group, rivals] of grouped(edges, (edge) => edge.group)) {
      const owner = ownerAmong(rivals);
      if (owner !== undefined) this.#pair(owner, "exact");
      for (const { claim } of rivals) {
        if (claim !== owner?.claim) this.#trouble(claim, "claimed_twice", [group]);
      }
    }
  }

  #edgeById(claim: RecordedClaim): readonly Edge[] {
    const found = this.#index.withIdsOf(claim);
    const [group] = found;
    if (group === undefined) return [];
    if (found.length === 1 && idsAgree(claim, group)) return [{ claim, group }];
    this.#trouble(claim, "identifier_conflict", found);
    return [];
  }

  /** What was answered with SKIP names the first one's order, or has one that it should not. */
  pairBlocked(): void {
    for (const claim of this.#claims) {
      if (claim.says !== "skipped") continue;
      const [group] = this.#index.withIdsOf(claim).filter((one) => this.#isFree(one));
      if (group !== undefined) this.#pair({ claim, group }, "exact");
    }
  }

  takeAttempts(): void {
    for (const claim of this.#claims) {
      const free = this.#index.withStemOf(claim).filter((group) => this.#isFree(group));
      for (const group of free) this.#taken.add(group);
      if (free.length > 0) this.#attempts.set(claim, free);
    }
  }

  pairByParts(): void {
    this.#pairAlone("partial", (claim) => this.#index.withPartsOf(claim));
  }

  pairByLikeness(): void {
    const free = this.#groups.filter((group) => this.#isFree(group) && group.parent === null);
    const orders = new LikeOrders(free);
    this.#pairAlone("heuristic", (claim) => {
      const isPlausible = claim.says !== "refused" && claim.says !== "not_there";
      return isPlausible ? orders.ofClaim(claim) : [];
    });
  }

  result(): Pairings {
    const pairings = this.#claims.map((claim): Pairing => {
      const nothing = { claim, group: null, match: "none", trouble: null, candidates: [] } as const;
      const attempts = this.#attempts.get(claim) ?? [];
      return { ...(this.#found.get(claim) ?? { ...nothing, attempts }), attempts };
    });
    const left = this.#groups.filter((group) => !this.#taken.has(group));
    return {
      pairings,
      left: new Map(left.map((group) => [group, this.#disputed.get(group) ?? null])),
    };
  }

  /** Pairs what fits nothing else, and says of the rest that it is ambiguous. */
  #pairAlone(match: Match, groupsFor: (claim: RecordedClaim) => readonly OrderGroup[]): void {
    const edges = this.#claims
      .filter((claim) => claim.says !== "skipped" && !this.#found.has(claim))
      .flatMap((claim) =>
        groupsFor(claim)
          .filter((group) => this.#isFree(group) && termsThatDiffer(claim, group).length === 0)
          .map((group) => ({ claim, group })),
      );
    const rivals = grouped(edges, ({ group }) => group);
    for (const [claim, own] of grouped(edges, (edge) => edge.claim)) {
      const [edge] = own;
      if (edge === undefined) continue;
      if (own.length === 1 && rivals.get(edge.group)?.length === 1) this.#pair(edge, match);
      else {
        const groups = own.map(({ group }) => group);
        this.#trouble(claim, "ambiguous_match", groups);
      }
    }
  }

  #isFree(group: OrderGroup): boolean {
    return !this.#taken.has(group) && !this.#disputed.has(group);
  }

  #pair({ claim, group }: Edge, match: Match): void {
    this.#taken.add(group);
    const rest = { trouble: null, candidates: [], attempts: [] } as const;
    this.#found.set(claim, { claim, group, match, ...rest });
  }

  #trouble(claim: RecordedClaim, trouble: Trouble, candidates: readonly OrderGroup[]): void {
    for (const group of candidates) {
      if (!this.#taken.has(group)) this.#disputed.set(group, trouble);
    }
    const nothing = { group: null, match: "none", attempts: [] } as const;
    this.#found.set(claim, { claim, ...nothing, trouble, candidates });
  }
}

/** Of several claims with one order's id: the only one whose terms agree. */
function ownerAmong(rivals: readonly Edge[]): Edge | undefined {
  if (rivals.length === 1) return rivals[0];
  const fitting = rivals.filter(({ claim, group }) => termsThatDiffer(claim, group).length === 0);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Whether what the claim says of its ids is what the orders have, as far as both say it. */
function idsAgree({ brokerOrderId, clientOrderId }: RecordedClaim, group: OrderGroup): boolean {
  const has = (id: string | null, ids: readonly (string | null)[]) =>
    id === null || ids.includes(id) || ids.includes(null) || !group.isWhole;
  const ids = group.orders.map(({ id }) => id);
  const clientIds = group.orders.map((order) => order.clientOrderId);
  return has(brokerOrderId, ids) && has(clientOrderId, clientIds);
}
