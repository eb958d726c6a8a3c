import { join } from "node:path";
import { expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { commonStart, LedgerProcess } from "./ledger-process.ts";
import { START } from "./sample-commands.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test("four processes open a fresh file at the same time, in 50 rounds", async () => {
  const folder = temporaryFolder();
  const processes = await Promise.all([1, 2, 3, 4].map(() => LedgerProcess.start()));
  for (let round = 1; round <= 50; round += 1) {
    const file = join(folder, `ledger-${round}.db`);
    const opening = { file, startAt: commonStart() };
    await Promise.all(processes.map((process) => process.ask("openAndClose", opening)));
    const ledger = openSqliteLedger(file, new ManualClock(START));
    expect(await ledger.events()).toEqual([]);
    await ledger.close();
  }
});
