/** Which worlds a seed has, each by the name that tells it again. */
import { drawComboPlan } from "./draw-combos.ts";
import { drawPlan } from "./draw-plan.ts";
import { drawGuardPlan } from "./guards/draw.ts";
import type { GuardPlan } from "./guards/plan.ts";
import type { Plan } from "./plan.ts";

export interface WorldKind {
  /** Of option spreads. */
  readonly combos: boolean;
  /** On the product's own store. */
  readonly sqlite: boolean;
}

export const STOCKS: WorldKind = { combos: false, sqlite: false };
export const SPREADS: WorldKind = { combos: true, sqlite: false };
export const STOCKS_ON_FILE: WorldKind = { combos: false, sqlite: true };
const SPREADS_ON_FILE: WorldKind = { combos: true, sqlite: true };

/** A world on a file takes two to three times as long as one in memory. */
const ON_FILE_EVERY = 50;

/** A world of payments. */
type GuardKind = Pick<WorldKind, "sqlite">;

const COMBOS_MARK = " --combos";
const SQLITE_MARK = " --sqlite";

/** The worlds of orders that a seed has: on a file all of them where `sqlite` says so, else those of some seeds. */
export function kindsOf(seed: number, sqlite: boolean): readonly WorldKind[] {
  const onFile = [STOCKS_ON_FILE, SPREADS_ON_FILE];
  if (sqlite) return onFile;
  return [STOCKS, SPREADS, ...(seed % ON_FILE_EVERY === 0 ? onFile : [])];
}

export function drawWorld(seed: number, { combos, sqlite }: WorldKind): Plan {
  const plan = combos ? drawComboPlan(seed) : drawPlan(seed);
  return sqlite ? { ...plan, store: "sqlite" } : plan;
}

/** A number where it is the world of a seed alone. */
export function worldName(seed: number, { combos, sqlite }: WorldKind): number | string {
  const marks = `${combos ? COMBOS_MARK : ""}${sqlite ? SQLITE_MARK : ""}`;
  return marks === "" ? seed : `${seed}${marks}`;
}

/** Undefined for what is no world of orders that a seed has. */
export function worldNamed(name: number | string): Plan | undefined {
  const [, seed, combos, sqlite] = /^(\d+)( --combos)?( --sqlite)?$/.exec(String(name)) ?? [];
  if (seed === undefined) return undefined;
  return drawWorld(Number(seed), { combos: combos !== undefined, sqlite: sqlite !== undefined });
}

/** The same of payments. */
export function guardKindsOf(seed: number, sqlite: boolean): readonly GuardKind[] {
  return kindsOf(seed, sqlite).filter(({ combos }) => !combos);
}

export function drawGuardWorld(seed: number, { sqlite }: GuardKind): GuardPlan {
  const plan = drawGuardPlan(seed);
  return sqlite ? { ...plan, store: "sqlite" } : plan;
}

export function guardWorldName(seed: number, { sqlite }: GuardKind): string {
  return `${seed} --guards${sqlite ? SQLITE_MARK : ""}`;
}
