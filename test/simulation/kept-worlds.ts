/** Worlds in which something once went wrong, as smallest plans; they run for ever. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Invariant } from "./checkers/violation.ts";
import type { Plan } from "./plan.ts";

export interface KeptWorld {
  readonly name: string;
  readonly invariant: Invariant;
  /** What went wrong and what mended it. */
  readonly story: string;
  readonly plan: Plan;
}

/** From the project's top folder, where every command of it runs. */
export const KEPT_FOLDER = join("fixtures", "seeds");

export function keptWorlds(folder = KEPT_FOLDER): readonly KeptWorld[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return { name: file.replace(/\.json$/, ""), ...(JSON.parse(text) as Omit<KeptWorld, "name">) };
  });
}
