// Two workers take the same jobs from a queue that delivers twice; one of them is killed.
// STORE=postgres://USER:PASSWORD@HOST:PORT/DATABASE node examples/two-workers-on-postgres.mjs
import { fork } from "node:child_process";
import { once } from "node:events";
import { openGuard } from "tradelatch";

const jobs = Array.from({ length: 20 }, (_, index) => `job-${index + 1}`);

async function work() {
  const guard = await openGuard({ store: process.env.STORE, agent: "workers" });
  for (const job of jobs) {
    const run = () => new Promise((told) => process.send(job, () => told({ by: process.pid })));
    await guard.execute({ requestId: job, action: "job.run", run });
  }
  await guard.close();
  process.disconnect();
}

if (process.send !== undefined) await work();
else if (!process.env.STORE) console.error("Name a database: STORE=postgres://…, as above");
else {
  const done = [];
  const workers = [fork(import.meta.filename), fork(import.meta.filename)];
  for (const worker of workers)
    worker.on("message", (job) => done.push(job) === 5 && worker.kill("SIGKILL"));
  await Promise.all(workers.map((worker) => once(worker, "exit")));
  // What the dead one had claimed and not begun is not taken over by time: it is in question.
  console.log("done:", done.length, "of", jobs.length, "twice:", done.length - new Set(done).size);
}
