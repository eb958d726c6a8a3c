/** I1: one claim, at most one live order; one logical action, at most one order with fills. */
import { isZero } from "../../../src/core/decimal.ts";
import type { Outcome } from "../outcome.ts";
import { type Chain, chains, stemOf } from "./broker-record.ts";
import { groupedBy } from "./grouped.ts";
import type { Violation } from "./violation.ts";

export function oneOrder(outcome: Outcome): readonly Violation[] {
  const all = chains(outcome);
  const byClaim = groupedBy(all, ({ first }) => stemOf(first.clientOrderId));
  const byAction = groupedBy(all, ({ first }) => actionOf(outcome, first.clientOrderId));
  return [...byClaim, ...byAction].flatMap(([name, group]) => judge(name, group));
}

function judge(name: string, group: readonly Chain[]): readonly Violation[] {
  const filled = group.filter((chain) => !isZero(chain.filled));
  if (filled.length > 1) return [violation(`${filled.length} orders of ${name} filled`, filled)];
  for (const [index, chain] of group.entries()) {
    const other = group.slice(index + 1).find((one) => overlap(chain, one));
    if (other !== undefined) {
      return [violation(`two orders of ${name} were live at once`, [chain, other])];
    }
  }
  return [];
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
function actionOf({ disk }: Outcome, clientOrderId: string): string {
  const stem = stemOf(clientOrderId);
  const claim = disk.claims().find((one) => stemOf(one.clientOrderId) === stem);
  if (claim === undefined) return clientOrderId;
  const { key, intent, identity, episode, legs } = claim;
  const ofLegs = Object.values(legs).map((leg) => `${leg.symbol} ${leg.episode}`);
  const episodes = ofLegs.length === 0 ? episode : ofLegs.sort().join(", ");
  const life = identity === "arrival" ? ` in episode ${episodes}` : "";
  return `${key.agent}'s ${intent.decisionId}${life}`;
}
