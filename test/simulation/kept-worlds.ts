/** Worlds in which something once went wrong, as smallest plans; they run for ever. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Invariant } from "./checkers/violation.ts";
import type { Plan } from "./plan.ts";

export interface Kept<APlan> {
  readonly name: string;
  /** What went wrong and what mended it. */
  readonly story: string;
  readonly plan: APlan;
}

export interface KeptWorld extends Kept<Plan> {
  readonly invariant: Invariant;
}

/** From the project's top folder, where every command of it runs. */
export const KEPT_FOLDER = join("fixtures", "seeds");

export function keptWorlds(folder = KEPT_FOLDER): readonly KeptWorld[] {
  return keptIn<KeptWorld>(folder);
}

/** Those of `folder`, whatever their plans are of. */
export function keptIn<World extends Kept<unknown>>(folder: string): readonly World[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return { name: file.replace(/\.json$/, ""), ...JSON.parse(text) } as World;
  });
}
