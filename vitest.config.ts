import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Few lines that take most of a minute: by their size, which vitest goes by, they would come last. */
const LONG =
  /test\/(crash\/order-path|conformance\/postgres|faults\/every-fault|fleet\/|browser\/)/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  // What a strategy imports is the program under test, not the one that was built.
  resolve: { alias: { tradelatch: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    setupFiles: ["test/property-seed.ts"],
    // No test changes what another sees of a module, and a worker for each file costs a third.
    isolate: false,
    sequence: { sequencer: LongFirst },
    // Many files wait for programs that they have started: two workers more than cores run ahead.
    maxWorkers: availableParallelism() + 2,
    // For what hangs. A machine with much else to do has needed a minute for what takes ten seconds.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
