/** The commit of a claim goes through, and the server is away then: nobody has the claim's token. */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openGuard } from "../../src/app.ts";
import { latchError } from "../ledger/open-ledger.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { ServerRelay } from "../postgres/server-relay.ts";
import { databaseOfTest } from "../postgres/shared-server.ts";
import { PAYMENT, Provider } from "./guard-world.ts";

test("the next call does the action, and neither waits for the lease nor needs a person", async () => {
  const { relay, url: store } = await ServerRelay.start(await databaseOfTest());
  const logger = pino({ level: "silent" });
  const auditKey = temporaryFile("key.pem");
  const guard = await openGuard({ store, auditKey, logger, schedule: false, agent: "payments" });
  onTestFinished(() => guard.close());
  // From then on there is a schema, and no commit but the claim's.
  await guard.get(PAYMENT.requestId);
  const lost = relay.loseNextCommit();
  lost.then(() => {
    relay.isAway = true;
  });
  const { code } = await latchError(() => guard.claim(PAYMENT));
  expect(code).toBe("store_unreachable");
  relay.isAway = false;
  const provider = new Provider();
  const run = () => provider.pay("invoice-1042", "50.00");
  const answer = await guard.execute({ ...PAYMENT, run, waitMs: 8_000 });
  expect(answer).toMatchObject({ status: "done", isRepeat: false });
  expect(provider.calls).toBe(1);
});
