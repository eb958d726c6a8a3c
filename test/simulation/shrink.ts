/**
 * The smallest plan found that still violates the same invariant: pieces are left out, many at once
 * and then one by one, for as long as the violation stays.
 */
import type { Invariant } from "./checkers/violation.ts";
import { judgePlan } from "./judge.ts";
import type { ActionPlan, Plan } from "./plan.ts";
import type { Tampering } from "./tampering.ts";

/** Worlds that are run at most for it. */
const RUNS_MAX = 400;

export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
}

export async function shrink(
  plan: Plan,
  invariant: Invariant,
  tampering: Tampering = {},
): Promise<Shrunk> {
  let [smallest, runs] = [plan, 0];
  const fails = async (candidate: Plan) => {
    if (runs >= RUNS_MAX) return false;
    runs += 1;
    const { violations } = await judgePlan(candidate, tampering);
    return violations.some((violation) => violation.invariant === invariant);
  };
  for (let size = -1; size !== sizeOf(smallest) && runs < RUNS_MAX; ) {
    size = sizeOf(smallest);
    for (const candidates of [smallerLists, fewerTries, fewerParticipants]) {
      smallest = await reduce(smallest, candidates, fails);
    }
  }
  return { plan: smallest, runs };
}

/** Takes the first candidate that still fails and begins again with it. */
async function reduce(
  plan: Plan,
  candidates: (plan: Plan) => Iterable<Plan>,
  fails: (plan: Plan) => Promise<boolean>,
): Promise<Plan> {
  let current = plan;
  for (let found = true; found; ) {
    found = false;
    for (const candidate of candidates(current)) {
      if (!(await fails(candidate))) continue;
      current = candidate;
      found = true;
      break;
    }
  }
  return current;
}

function* smallerLists(plan: Plan): Iterable<Plan> {
  for (const mishaps of without(plan.mishaps)) yield { ...plan, mishaps };
  for (const actions of without(plan.actions)) yield { ...plan, actions };
  if (plan.opening.length > 0) yield { ...plan, opening: [] };
}

/** The list without a half, a quarter and so on, down to each one. */
function* without<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < items.length; from += size) {
      yield [...items.slice(0, from), ...items.slice(from + size)];
    }
  }
}

function* fewerTries(plan: Plan): Iterable<Plan> {
  for (const [index, action] of plan.actions.entries()) {
    if (action.tries.length < 2) continue;
    for (const tries of without(action.tries)) {
      if (tries.length > 0) yield withAction(plan, index, { ...action, tries });
    }
  }
}

function withAction(plan: Plan, index: number, action: ActionPlan): Plan {
  return { ...plan, actions: plan.actions.with(index, action) };
}

function* fewerParticipants(plan: Plan): Iterable<Plan> {
  if (plan.sidecars > 1) yield { ...plan, sidecars: plan.sidecars - 1 };
  if (plan.allowShort) yield { ...plan, allowShort: false };
}

function sizeOf({ mishaps, actions, sidecars, opening }: Plan): number {
  const tries = actions.flatMap((action) => action.tries);
  return mishaps.length + actions.length + tries.length + sidecars + opening.length;
}
