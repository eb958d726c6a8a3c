/** A commit that goes through and whose answer is cut off, of what an owner has said. */

import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openGuard } from "../../src/app.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { ServerProxy } from "../postgres/server-proxy.ts";
import { CUT_ALL, databaseOfTest, onServer, rowsOf } from "../postgres/shared-server.ts";
import { PAYMENT, Provider } from "./guard-world.ts";

const SETTLED = "SELECT 1 FROM tradelatch.guard_claims WHERE settled";

test("an action whose settlement's answer was cut off is told as done by the call that did it", async () => {
  const url = await databaseOfTest();
  const { proxy, url: store } = await ServerProxy.start(url);
  const logger = pino({ level: "silent" });
  const auditKey = temporaryFile("key.pem");
  const guard = await openGuard({ store, auditKey, logger, schedule: false, agent: "payments" });
  onTestFinished(() => guard.close());
  const provider = new Provider();
  let isCut: Promise<void> | undefined;
  const run = () => {
    isCut = proxy.beforeAnswers(async () => {
      const isSettled = (await rowsOf(url, SETTLED)).length > 0;
      if (isSettled) await onServer(url, CUT_ALL);
      return isSettled;
    });
    return provider.pay("invoice-1042", "50.00");
  };
  const answer = await guard.execute({ ...PAYMENT, run });
  await isCut;
  expect(answer).toMatchObject({ status: "done", isRepeat: false, result: { id: "payment-1" } });
  expect(provider.calls).toBe(1);
});
