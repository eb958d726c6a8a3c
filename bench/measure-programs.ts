/** What two of the project's own programs take: the replay of 21 May and the simulation. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { timed } from "./interleaved-rounds.ts";
import type { Figure, Measurement } from "./measurement.ts";

const ROOT = new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url);
const SECOND_MS = 1_000;
const run = promisify(execFile);

export const REPLAY: Measurement = {
  keys: ["replaySeconds"],
  measure: async () => {
    const tookMs = await timed(() => program("dist/cli/main.js", ["replay", "--json"]));
    return [{ key: "replaySeconds", value: tookMs / SECOND_MS, parts: {} }];
  },
};

export const SEEDS: Measurement = {
  keys: ["seedsPerSecond"],
  measure: ({ seeds }) => measureSeeds(seeds),
};

async function measureSeeds(seeds: number): Promise<readonly Figure[]> {
  const words = ["--seeds", `1..${seeds}`, "--no-canaries", "--json"];
  const { stdout } = await program("build/test/simulation/main.js", words);
  const { seedsPerSecond } = JSON.parse(stdout) as { readonly seedsPerSecond: number };
  return [{ key: "seedsPerSecond", value: seedsPerSecond, parts: { seeds } }];
}

function program(file: string, words: readonly string[]) {
  return run(process.execPath, [fileURLToPath(new URL(file, ROOT)), ...words], {
    maxBuffer: 64 * 1_024 * 1_024,
  });
}
