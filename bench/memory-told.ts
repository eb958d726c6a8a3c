/**
 * Loaded into a program that is measured, before its own modules: when its parent asks, it collects
 * what nobody holds any more, and tells what is left. Changes nothing else of the program.
 */
import { setTimeout as pause } from "node:timers/promises";

const collect = globalThis.gc;
if (collect === undefined) throw new Error("start the program with --expose-gc");

/** Pages go back to the system behind a collection, some only after the next one. */
const TIMES = 3;
const GIVEN_BACK_MS = 100;

process.on("message", async () => {
  for (let times = 0; times < TIMES; times += 1) {
    collect();
    await pause(GIVEN_BACK_MS);
  }
  process.send?.(process.memoryUsage());
});
// Whoever could ask does not keep the program running.
process.channel?.unref();
