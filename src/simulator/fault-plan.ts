/**
 * Which faults strike which request or event. The plan is scripted, or drawn from the seed: the
 * same rules and the same requests give the same faults in every run.
 *
 * Rules are tried in the order in which they were added. A rule that matches counts the match even
 * if another rule strikes first; it is spent only when its own fault happens.
 */
import { literalPattern } from "../core/literal-pattern.ts";
import type { RandomSource } from "../core/random.ts";
import {
  type AnswerFault,
  type BarFault,
  type EffectFault,
  type Fault,
  type FaultRule,
  isAnswerFault,
  isBarFault,
  isEffectFault,
  isStreamFault,
  type StreamFault,
} from "./fault-rule-schema.ts";

/** What a rule is compared with. */
export interface FaultSubject {
  readonly method?: string;
  readonly path?: string;
  readonly event?: string;
  readonly side?: string | undefined;
  readonly symbol?: string | undefined;
}

export interface RequestFaults {
  readonly answer: AnswerFault | undefined;
  readonly effects: readonly EffectFault[];
}

interface ActiveRule {
  readonly rule: FaultRule;
  readonly path: RegExp | undefined;
  matches: number;
  strikes: number;
}

export class FaultPlan {
  readonly #random: RandomSource;
  #rules: ActiveRule[] = [];

  constructor(random: RandomSource) {
    this.#random = random;
  }

  add(rules: readonly FaultRule[]): void {
    for (const rule of rules) {
      this.#rules.push({ rule, path: pathPattern(rule.match.path), matches: 0, strikes: 0 });
    }
  }

  clear(): void {
    this.#rules = [];
  }

  /** The rules that can still strike. */
  rules(): FaultRule[] {
    return this.#rules.filter((active) => !isSpent(active)).map((active) => active.rule);
  }

  takeForRequest(subject: FaultSubject): RequestFaults {
    let answer: AnswerFault | undefined;
    const effects: EffectFault[] = [];
    for (const active of this.#ready(subject, isRequestFault)) {
      const { fault } = active.rule;
      if (isEffectFault(fault)) {
        if (this.#strikes(active)) effects.push(fault);
      } else if (isAnswerFault(fault) && answer === undefined && this.#strikes(active)) {
        answer = fault;
      }
    }
    return { answer, effects };
  }

  takeForEvent(subject: FaultSubject): StreamFault | undefined {
    for (const active of this.#ready(subject, isStreamFault)) {
      const { fault } = active.rule;
      if (isStreamFault(fault) && this.#strikes(active)) return fault;
    }
    return undefined;
  }

  takeForBar(symbol: string): BarFault | undefined {
    for (const active of this.#ready({ symbol }, isBarFault)) {
      const { fault } = active.rule;
      if (isBarFault(fault) && this.#strikes(active)) return fault;
    }
    return undefined;
  }

  /** Counts the match with every rule of the family and gives those whose turn it is. */
  #ready(subject: FaultSubject, isFamily: (fault: Fault) => boolean): ActiveRule[] {
    const matching = this.#rules.filter(
      (active) => isFamily(active.rule.fault) && isMatch(active, subject),
    );
    for (const active of matching) active.matches += 1;
    return matching.filter(
      (active) => !isSpent(active) && active.matches >= (active.rule.match.nth ?? 1),
    );
  }

  #strikes(active: ActiveRule): boolean {
    const { chance = 1 } = active.rule;
    if (chance < 1 && this.#random.fraction() >= chance) return false;
    active.strikes += 1;
    return true;
  }
}

function isRequestFault(fault: Fault): boolean {
  return isAnswerFault(fault) || isEffectFault(fault);
}

function isSpent({ rule, strikes }: ActiveRule): boolean {
  return strikes >= (rule.times ?? 1);
}

function isMatch({ rule: { match }, path }: ActiveRule, subject: FaultSubject): boolean {
  if (match.method !== undefined && match.method !== subject.method) return false;
  if (path !== undefined && !path.test(subject.path ?? "")) return false;
  if (match.event !== undefined && match.event !== subject.event) return false;
  if (match.side !== undefined && match.side !== subject.side) return false;
  return match.symbol === undefined || match.symbol.toUpperCase() === subject.symbol?.toUpperCase();
}

function pathPattern(path: string | undefined): RegExp | undefined {
  if (path === undefined) return undefined;
  const literal = path.split("*").map(literalPattern);
  return new RegExp(`^${literal.join(".*")}$`);
}
