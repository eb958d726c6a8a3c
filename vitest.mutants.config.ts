import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Properties draw many cases: they run once nothing cheaper has failed. */
const LAST = /(fills-count-once|reservations)\.test\.ts$/;

class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => `${LAST.test(moduleId)} ${moduleId}`;
    return files.toSorted((a, b) => rank(a).localeCompare(rank(b)));
  }
}

/** What Stryker runs for every mutant: the tests of the pure core that start and open nothing. */
export default defineConfig({
  test: {
    include: [
      "test/{identity,book,claim,incident}/**/*.test.ts",
      "test/core/decimal.test.ts",
      "test/broker/{classified-answers,connection-failure,error-table,retry-after,wire-shapes}.test.ts",
    ],
    // Random lives find what nobody thought of; here each mutant is to be found by a named case.
    exclude: ["test/claim/life-model.test.ts"],
    setupFiles: ["test/property-seed.ts", "test/mutants/first-failure.ts"],
    sequence: { sequencer: CheapFirst },
    env: { PROPERTY_CASES: "100" },
    isolate: false,
  },
});
