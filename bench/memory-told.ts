/**
 * Loaded into a program that is measured, before its own modules: when its parent asks, it collects
 * what nobody holds any more and tells what is left. Changes nothing else of the program.
 */
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start the program with --expose-gc");

process.on("message", () => {
  collect();
  process.send?.(process.memoryUsage());
});
// Whoever could ask does not keep the program running.
process.channel?.unref();
