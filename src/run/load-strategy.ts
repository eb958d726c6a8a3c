/**
 * Loads a strategy's file, TypeScript or JavaScript, wherever it lies. What it imports as
 * `tradelatch` is this program itself: so it runs from the repository, from a folder that has the
 * package installed, and by npx from one that has not.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { createJiti } from "jiti";
import { LatchError, messageOf } from "../core/errors.ts";
import * as tradelatch from "../index.ts";
import type { UnguardedStrategy } from "../strategy/plain-broker.ts";
import type { Strategy, StrategyParameters } from "../strategy/strategy.ts";

/** Makes an instance of its own at each call. Throws LatchError `invalid_strategy`. */
export type LoadedStrategy = (parameters: StrategyParameters) => Strategy | UnguardedStrategy;

/** Rejects with LatchError `invalid_strategy` for a file that is missing or exports none. */
export async function loadStrategy(path: string): Promise<LoadedStrategy> {
  const file = resolve(path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw invalid(`there is no file ${JSON.stringify(path)}`);
  if (found.isDirectory()) throw invalid(`${JSON.stringify(path)} is a folder, and no file`);
  const factory = await defaultExportOf(path, file);
  if (typeof factory !== "function") {
    throw invalid(`${path} exports ${typeof factory} by default: expected a function`);
  }
  return (parameters) => made(path, () => factory(parameters));
}

/** Whether it sends its orders by itself, without a latch. */
export function isUnguarded(strategy: Strategy | UnguardedStrategy): strategy is UnguardedStrategy {
  return "isUnguarded" in strategy && strategy.isUnguarded;
}

async function defaultExportOf(path: string, file: string): Promise<unknown> {
  // A cache on disk would outlive the file that it was made of.
  const options = { fsCache: false, interopDefault: false, virtualModules: { tradelatch } };
  const jiti = createJiti(import.meta.url, options);
  try {
    const exported = await jiti.import<{ readonly default?: unknown }>(file);
    return exported.default;
  } catch (cause) {
    throw invalid(`${path} cannot be loaded: ${messageOf(cause)}`, cause);
  }
}

function made(path: string, make: () => unknown): Strategy | UnguardedStrategy {
  let strategy: unknown;
  try {
    strategy = make();
  } catch (cause) {
    if (cause instanceof LatchError) throw cause;
    throw invalid(`${path} makes no strategy: ${messageOf(cause)}`, cause);
  }
  const { symbols, onBar } = Object(strategy) as Partial<Strategy>;
  const isList = Array.isArray(symbols) && symbols.length > 0;
  if (isList && symbols.every((one) => typeof one === "string") && typeof onBar === "function") {
    return strategy as Strategy | UnguardedStrategy;
  }
  throw invalid(`${path} makes something without a list "symbols" and a function "onBar"`);
}

function invalid(message: string, cause?: unknown): LatchError {
  return new LatchError("invalid_strategy", message, cause === undefined ? {} : { cause });
}
