import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // What a strategy imports is the program under test, not the one that was built.
  resolve: { alias: { tradelatch: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    setupFiles: ["test/property-seed.ts"],
    // No test changes what another sees of a module, and a worker for each file costs a third.
    isolate: false,
    // Many files wait for programs that they have started: one worker more than cores runs ahead.
    maxWorkers: availableParallelism() + 1,
    // For what hangs. A machine with much else to do has needed a minute for what takes ten seconds.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
