/**
 * An order as a workflow of DBOS Transact with one step, on PostgreSQL. The workflow's id is the
 * order's: a second call under it gets the first one's result.
 */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { serve } from "./peer-program.mjs";

await serve(async (url) => {
  const answer = async (id) => ({ id, status: "filled" });
  const order = DBOS.registerWorkflow((id) => DBOS.runStep(() => answer(id), { name: "send" }), {
    name: "order",
  });
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: url, logLevel: "error" });
  await DBOS.launch();
  return {
    guard: (id) => DBOS.withNextWorkflowID(id, () => order(id)),
    close: () => DBOS.shutdown(),
  };
});
