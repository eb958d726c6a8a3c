/**
 * `npm run bench`: measures everything in one run on one machine, so that ratios hold, and writes
 * docs/BENCHMARKS.md. `--only` measures some of the keys and writes nothing.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { BENCHMARK_KEYS } from "./benchmark-keys.ts";
import { reportDocument, reportJson, reportTable } from "./report.ts";
import { runBenchmarks } from "./run-benchmarks.ts";

const DOCUMENT = fileURLToPath(new URL("../../docs/BENCHMARKS.md", import.meta.url));

interface Options {
  readonly json: boolean;
  readonly only?: readonly string[];
  readonly rounds: number;
  readonly turns: number;
  readonly history: number;
  readonly orders: number;
  readonly write: boolean;
}

const program = new Command("bench")
  .description("Measures what the latch costs beside the bare minimum of the same run.")
  .option("--json", "print one JSON document", false)
  .option("--only <keys>", "measure these keys, with commas, and write no document", keys)
  .option("--rounds <number>", "rounds of each measurement", wholeNumber, 7)
  .option("--turns <number>", "turns in each round", wholeNumber, 400)
  .option(
    "--history <number>",
    "settled claims in the ledger with a history",
    wholeNumber,
    1_000_000,
  )
  .option(
    "--orders <number>",
    "orders whose memory is watched, 20000 at least",
    wholeNumber,
    100_000,
  )
  .option("--no-write", "do not write docs/BENCHMARKS.md");

function keys(text: string): readonly string[] {
  const wanted = text.split(",");
  const unknown = wanted.find((key) => !BENCHMARK_KEYS.some((one) => one.key === key));
  if (unknown === undefined) return wanted;
  throw new InvalidArgumentError(`There is no key ${JSON.stringify(unknown)}.`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Give a whole number above 0.");
  return Number(text);
}

const { json, only, rounds, turns, history, orders, write } = program.parse().opts<Options>();
const scale = {
  ...{ rounds, turns, history, memoryOrders: orders },
  ...{ liveClaims: 1_000, books: 1_000, seeds: 200 },
};
const say = (line: string) => void (json || console.log(line));
const run = await runBenchmarks(scale, only, say);
if (json) console.log(reportJson(run));
else console.log(`\n${reportTable(run)}`);
if (only === undefined && write) writeFileSync(DOCUMENT, reportDocument(run));
