/**
 * Compares claims with broker orders, both as records that somebody has kept. Every claim and every
 * order gets one finding; the order of the input changes nothing; an order confirms one claim.
 */
import { distinctClaims } from "./claim-group.ts";
import {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  isToBeLookedAt,
  type Reason,
} from "./finding.ts";
import { byText, grouped } from "./grouped.ts";
import { type Judgement, judgeClaim, type Span } from "./judge-claim.ts";
import { LikeOrders } from "./likeness.ts";
import { distinctOrders, type OrderGroup, orderGroups } from "./order-group.ts";
import { type Pairing, type Pairings, pairingsOf } from "./pairing.ts";
import {
  nameOfClaim,
  nameOfOrder,
  type RecordedClaim,
  type RecordedOrder,
  textOf,
} from "./recorded.ts";
import { claimsThatRepeat } from "./repeated-requests.ts";

export interface Comparison {
  /** By time, the first first. */
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<FindingKind, number>>;
  readonly toBeLookedAt: number;
  readonly sizes: {
    /** Records that were read, and what they came to. */
    readonly claims: { readonly records: number; readonly distinct: number };
    readonly orders: { readonly records: number; readonly distinct: number };
  };
}

export function compareRecords(
  claims: readonly RecordedClaim[],
  orders: readonly RecordedOrder[],
): Comparison {
  const ownOrders = distinctOrders(orders);
  const claimed = new Set(claims.flatMap(({ brokerOrderId }) => brokerOrderId ?? []));
  const groups = orderGroups(ownOrders, claimed);
  const chains = chainsOf(groups);
  const ownClaims = distinctClaims(claims, (id) => chains.get(id));
  const pairings = pairingsOf(ownClaims, groups);
  const findings = [...findingsOf(pairings, spanOf(ownOrders))].sort(byTime);
  const counts = Object.fromEntries(
    FINDING_KINDS.map((kind) => [kind, findings.filter((one) => one.kind === kind).length]),
  ) as Record<FindingKind, number>;
  return {
    findings,
    counts,
    toBeLookedAt: findings.filter(isToBeLookedAt).length,
    sizes: {
      claims: { records: claims.length, distinct: ownClaims.length },
      orders: { records: orders.length, distinct: ownOrders.length },
    },
  };
}

/** By the ids of each order of a chain, the broker's and the bot's, the chain's name. */
function chainsOf(groups: readonly OrderGroup[]): ReadonlyMap<string, string> {
  const chains = groups.filter((group) => group.orders.length > 1);
  return new Map(
    chains.flatMap(({ name, orders }) =>
      orders.flatMap(({ id, clientOrderId }) =>
        [id, clientOrderId].flatMap((one) => (one === null ? [] : [[one, name] as const])),
      ),
    ),
  );
}

function findingsOf({ pairings, left }: Pairings, span: Span): readonly Finding[] {
  const free = new Map(left);
  const legs = grouped([...left.keys()], ({ parent }) => parent);
  /** The legs that nobody else accounts for go with their order. */
  const withLegs = (groups: readonly OrderGroup[]): readonly OrderGroup[] =>
    groups.flatMap((group) => {
      const own = group.orders
        .flatMap((order) => legs.get(nameOfOrder(order)) ?? [])
        .filter((leg) => leg !== group && free.get(leg) === null);
      for (const leg of own) free.delete(leg);
      return [group, ...withLegs(own)];
    });
  const repeating = claimsThatRepeat(pairings);
  const ofClaims = pairings.map((pairing) => {
    const isRepeat = repeating.has(pairing.claim);
    return findingOf(pairing, withLegs, judged(pairing, span, isRepeat));
  });
  const covered = coveredBy(pairings);
  const names = new Set([...left.keys()].flatMap(({ orders }) => orders.map(nameOfOrder)));
  // An order before its legs: what is left of those goes with it.
  const heads = [...left.keys()].filter(({ parent }) => parent === null || !names.has(parent));
  const rest = [...heads, ...left.keys()].flatMap((group) => {
    const trouble = free.get(group);
    if (trouble === undefined) return [];
    free.delete(group);
    return [leftOver(withLegs([group]), trouble, covered)];
  });
  return [...ofClaims, ...rest];
}

function judged(pairing: Pairing, span: Span, isRepeat: boolean): Judgement {
  const own = judgeClaim(pairing, span);
  if (!isRepeat) return own;
  return { kind: "contradiction", reasons: [...own.reasons, "request_twice"] };
}

function findingOf(
  pairing: Pairing,
  withLegs: (groups: readonly OrderGroup[]) => readonly OrderGroup[],
  judgement: Judgement,
): Finding {
  const { claim, group, match, attempts, candidates } = pairing;
  const groups = withLegs([...(group === null ? [] : [group]), ...attempts]);
  return {
    ...judgement,
    match: group === null ? "none" : match,
    claim,
    orders: groups.flatMap(({ orders }) => orders),
    candidates: candidates.map(({ name }) => name),
  };
}

function leftOver(
  groups: readonly OrderGroup[],
  trouble: Reason | null,
  covered: LikeOrders,
): Finding {
  const orders = groups.flatMap((group) => group.orders);
  const common = { match: "none", claim: null, orders, candidates: [] } as const;
  if (trouble !== null) {
    const kind = trouble === "ambiguous_match" ? "unknown_to_us" : "contradiction";
    return { kind, reasons: [trouble], ...common };
  }
  const [first] = orders;
  const twins = first === undefined ? [] : covered.twinsOf(first);
  const reasons: Reason[] = twins.length > 0 ? ["looks_like_a_duplicate"] : [];
  return {
    ...{ kind: "unknown_to_us", reasons: ["no_such_claim", ...reasons], ...common },
    candidates: twins.map(({ name }) => name),
  };
}

/** The orders that have a claim. */
function coveredBy(pairings: readonly Pairing[]): LikeOrders {
  return new LikeOrders(pairings.flatMap(({ group }) => (group === null ? [] : [group])));
}

function spanOf(orders: readonly RecordedOrder[]): Span {
  let span: Span = null;
  for (const { at } of orders) {
    if (at !== null)
      span = span === null ? [at, at] : [Math.min(span[0], at), Math.max(span[1], at)];
  }
  return span;
}

function byTime(a: Finding, b: Finding): number {
  return timeOf(a) - timeOf(b) || byText(sortText)(a, b);
}

function timeOf({ claim, orders }: Finding): number {
  return claim?.at ?? orders[0]?.at ?? 0;
}

function sortText({ claim, orders, kind }: Finding): string {
  const name = claim === null ? nameOfOrder(orders[0] as RecordedOrder) : nameOfClaim(claim);
  return `${name}\n${kind}\n${claim === null ? "" : textOf(claim)}`;
}
