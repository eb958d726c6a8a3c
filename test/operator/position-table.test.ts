import { expect, test } from "vitest";
import type { BrokerPosition, Reading } from "../../src/broker/broker.ts";
import type { DecimalText } from "../../src/core/decimal.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { PositionReader } from "../../src/operator/position-table.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { ACCOUNT, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

type Positions = Reading<readonly BrokerPosition[]>;

test("a slow answer from before is not shown over the one that was asked for since", async () => {
  const clock = new ManualClock(START);
  const ledger = openLedger(temporaryFile("latch.db"), clock);
  const answers: ((quantity: string) => void)[] = [];
  const positions = () =>
    new Promise<Positions>((resolve) => {
      answers.push((text) => {
        const quantity = text as DecimalText;
        const held = { quantity, availableQuantity: quantity, averageEntryPrice: quantity };
        resolve({ kind: "read", value: [{ symbol: "TQQQ", ...held }] });
      });
    });
  const reader = new PositionReader({ account: ACCOUNT, ledger, broker: { positions }, clock });
  const first = reader.read();
  await expect.poll(() => answers.length).toBe(1);
  // Somebody has acted: what is held is to be read anew.
  reader.forget();
  const second = reader.read();
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.("2");
  expect((await second).rows[0]?.broker?.quantity).toBe("2");
  answers[0]?.("6");
  await first;
  expect((await reader.read()).rows[0]?.broker?.quantity).toBe("2");
});
