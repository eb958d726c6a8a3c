/** I1: one claim, at most one live order; one logical action, at most one order with fills. */
import type { Claim } from "../../../src/claim/claim.ts";
import { isZero } from "../../../src/core/decimal.ts";
import { isCombo } from "../../../src/identity/combo.ts";
import type { Outcome } from "../outcome.ts";
import { type Chain, chains, stemOf } from "./broker-record.ts";
import { groupedBy } from "./grouped.ts";
import { livesBySymbol } from "./lives.ts";
import type { Violation } from "./violation.ts";

export function oneOrder(outcome: Outcome): readonly Violation[] {
  const all = chains(outcome);
  const byClaim = groupedBy(all, ({ first }) => stemOf(first.clientOrderId));
  const byAction = groupedBy(all, ({ first }) => actionOf(outcome, first.clientOrderId));
  const lifeOf = lifeByBroker(outcome);
  return [
    ...[...byClaim].flatMap(([name, group]) => judge(name, group)),
    ...[...byAction].flatMap(([name, group]) => judge(name, group, lifeOf)),
  ];
}

function judge(
  name: string,
  group: readonly Chain[],
  lifeOf: (chain: Chain) => number = () => 0,
): readonly Violation[] {
  const filled = group.filter((chain) => !isZero(chain.filled));
  const again = filled.filter((chain) =>
    filled.some((other) => other !== chain && lifeOf(other) === lifeOf(chain)),
  );
  if (again.length > 0) return [violation(`${again.length} orders of ${name} filled`, again)];
  for (const [index, chain] of group.entries()) {
    const other = group.slice(index + 1).find((one) => overlap(chain, one));
    if (other !== undefined) {
      return [violation(`two orders of ${name} were live at once`, [chain, other])];
    }
  }
  return [];
}

/**
 * In which life of the position, by the broker's record, an order filled that nobody had named. An
 * exit that ended one of which the book never saw the end is filed under the number before it,
 * which an earlier life may have.
 */
function lifeByBroker(outcome: Outcome): (chain: Chain) => number {
  const lives = livesBySymbol(outcome);
  return ({ first, orders }) => {
    const claim = claimOf(outcome, first.clientOrderId);
    if (claim?.identity !== "arrival" || isCombo(claim.intent)) return 0;
    return lives(first.symbol).ofLastFill(orders.map(({ id }) => id)) ?? 0;
  };
}

function violation(what: string, of: readonly Chain[]): Violation {
  const orders = of.map(({ first }) => `${first.clientOrderId} (${first.status})`).join(", ");
  return { invariant: "I1", what: `${what}: ${orders}` };
}

function overlap(a: Chain, b: Chain): boolean {
  const ends = (chain: Chain) => chain.liveUntil ?? Number.POSITIVE_INFINITY;
  return a.liveFrom < ends(b) && b.liveFrom < ends(a);
}

/**
 * The bot's own name of the action; an order that no claim names stands for itself. What a bot does
 * not name is one action within one life of the position, or of each position that the legs of a
 * multi-leg order are of: buy, sell and buy are three.
 */
function actionOf(outcome: Outcome, clientOrderId: string): string {
  const claim = claimOf(outcome, clientOrderId);
  if (claim === undefined) return clientOrderId;
  const { key, intent, identity, episode, legs } = claim;
  const ofLegs = Object.values(legs).map((leg) => `${leg.symbol} ${leg.episode}`);
  const episodes = ofLegs.length === 0 ? episode : ofLegs.sort().join(", ");
  const life = identity === "arrival" ? ` in episode ${episodes}` : "";
  return `${key.agent}'s ${intent.decisionId}${life}`;
}

function claimOf({ disk }: Outcome, clientOrderId: string): Claim | undefined {
  const stem = stemOf(clientOrderId);
  return disk.claims().find((one) => stemOf(one.clientOrderId) === stem);
}
