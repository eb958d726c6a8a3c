/** A process with a guard of its own that does what its parent asks over IPC. */
import { appendFileSync } from "node:fs";
import { openGuard } from "../../../dist/index.js";

let guard;

/** Until `startAt` of the monotonic clock, which all processes of a machine share. */
function waitFor(startAt) {
  while (process.hrtime.bigint() < BigInt(startAt));
}

const OPERATIONS = {
  async open(place) {
    guard = await openGuard({ ...place, agent: "payments", schedule: false });
  },
  /** So many callers at once; gives how often each answer was given. */
  async race({ requestId, callers, startAt }) {
    waitFor(startAt);
    const claims = Array.from({ length: callers }, () =>
      guard.claim({ requestId, action: "payment.send" }),
    );
    const counts = {};
    for (const { kind } of await Promise.all(claims)) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  },
  /** Pays at a provider that keeps what it was told in a file, and never comes to settle it. */
  async payAndHang({ requestIds, provider }) {
    const paid = requestIds.map(
      (requestId) =>
        new Promise((resolve, reject) => {
          const run = ({ idempotencyKey }) => {
            appendFileSync(provider, `${idempotencyKey} ${requestId}\n`, { flush: true });
            resolve();
            return new Promise(() => undefined);
          };
          guard.execute({ requestId, action: "payment.send", run }).catch(reject);
        }),
    );
    await Promise.all(paid);
  },
  close: () => guard.close(),
};

process.on("message", async ({ operation, argument }) => {
  try {
    process.send({ value: await OPERATIONS[operation](argument) });
  } catch (error) {
    process.send({ error: { code: error.code, message: error.message } });
  }
});
process.send({ value: "ready" });
