/** A run as a table for a terminal of 80 columns, as docs/BENCHMARKS.md, and as JSON. */
import { readFileSync } from "node:fs";
import type { BenchmarkRun, Result } from "./run-benchmarks.ts";
import { partsInWords, rounded } from "./run-benchmarks.ts";

/** Compiled, this file lies one folder deeper; the findings are not compiled. */
const FINDINGS = new URL(
  import.meta.url.endsWith(".ts") ? "findings.md" : "../../bench/findings.md",
  import.meta.url,
);

export function reportTable({ results }: BenchmarkRun): string {
  const rows = results.map((result) => {
    const [name, bound, value] = [result.key, boundOf(result), measuredOf(result)];
    return `${name.padEnd(20)} ${bound.padStart(8)} ${value.padStart(10)}  ${verdictOf(result)}`;
  });
  return [`${"key".padEnd(20)} ${"must be".padStart(8)} ${"measured".padStart(10)}`, ...rows].join(
    "\n",
  );
}

export function reportJson({ machine, scale, results }: BenchmarkRun): string {
  const keys = results.map(({ key, unit, bound, figure, isHeld, missing }) => [
    key,
    { value: figure?.value ?? null, unit, bound, isHeld, missing, parts: figure?.parts ?? null },
  ]);
  return JSON.stringify({ machine, scale, figures: Object.fromEntries(keys) }, undefined, 2);
}

export function reportDocument(run: BenchmarkRun): string {
  const { machine, scale, results } = run;
  const versions = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  return `# Benchmarks

Made by \`npm run bench\`; do not edit. All figures of the table come from one run on one machine,
and ratios are to the bare minimum that was measured beside them in that run: one durable SQLite
insert (WAL, \`synchronous=FULL\`), the same HTTP call through Alpaca's SDK without the latch, a
proxy of fastify and undici that only passes on. Bare and guarded operations take turns. A figure
is the median of ${scale.rounds} rounds of ${scale.turns} turns. The simulated broker runs in a
process of its own.

- ${machine.date.slice(0, 16).replace("T", " ")} UTC, commit ${machine.commit}
- ${machine.processors} × ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}
- Node ${machine.node}, SQLite ${machine.sqlite}, ${versions.join(", ")}

| key | what | must be | measured | unit | holds |
|---|---|---|---|---|---|
${results.map(documentRow).join("\n")}

What the figures were made of (Us: microseconds, Ms: milliseconds):

${results.flatMap(partsRow).join("\n")}

${readFileSync(FINDINGS, "utf8").trim()}
`;
}

function documentRow(result: Result): string {
  const { key, what, unit } = result;
  const cells = [`\`${key}\``, what, boundOf(result), measuredOf(result), unit, verdictOf(result)];
  return `| ${cells.join(" | ")} |`;
}

function partsRow({ key, figure }: Result): readonly string[] {
  return figure === null ? [] : [`- \`${key}\`: ${partsInWords(figure)}`];
}

function boundOf({ bound }: Result): string {
  if (bound === null) return "";
  return `${bound.kind === "most" ? "<=" : ">="} ${bound.value}`;
}

function measuredOf({ figure }: Result): string {
  return figure === null ? "" : rounded(figure.value);
}

function verdictOf({ isHeld, figure, missing }: Result): string {
  if (figure === null) return missing ?? "not measured";
  if (isHeld === null) return "reported";
  return isHeld ? "yes" : "NO";
}
