/** What a run of the simulation came to, as one JSON document and as lines for people. */
import type { CanaryResult, SeedViolation } from "./tasks.ts";

export interface Findings {
  /** Worlds that were drawn from a seed and run. */
  readonly seeds: number;
  /** Worlds that are kept, which run as well. */
  readonly kept: number;
  readonly seconds: number;
  readonly violations: readonly SeedViolation[];
  readonly canaries: readonly CanaryResult[];
}

export function documentOf(findings: Findings): string {
  const { seeds, violations } = findings;
  const canaries = findings.canaries.map(({ name, caughtBy, seeds }) => ({
    ...{ name, caughtBy, seeds },
  }));
  const seedsPerSecond = Number(rateOf(findings));
  return JSON.stringify({ seeds, seedsPerSecond, violations, canaries });
}

export function linesOf(findings: Findings): readonly string[] {
  const { seeds, kept, seconds, canaries, violations } = findings;
  const found = violations.length === 0 ? "no violation" : `${violations.length} violations`;
  return [
    `${seeds} seeds and ${kept} kept worlds in ${seconds.toFixed(0)} s: ${found}`,
    `${rateOf(findings)} seeds a second, canaries included in the time`,
    ...(canaries.length > 0 ? [`\n${"worlds that must fail".padEnd(62)} by        seed`] : []),
    ...canaries.map(({ name, caughtBy, seeds: at }) => {
      return `${name.padEnd(62)} ${(caughtBy ?? "NOT").padEnd(8)} ${String(at).padStart(5)}`;
    }),
  ];
}

function rateOf({ seeds, seconds }: Findings): string {
  return (seeds / seconds).toFixed(1);
}
