/** Real processes that guard actions in one store; each is ended when its test is over. */
import { fileURLToPath } from "node:url";
import { AskedProcess, startWorker } from "../ledger/asked-process.ts";

const WORKER = fileURLToPath(new URL("processes/guard-worker.mjs", import.meta.url));

interface Operations {
  open: { argument: { store: string }; value: undefined };
  race: {
    argument: { requestId: string; callers: number; startAt: string };
    value: Readonly<Record<string, number>>;
  };
  payAndHang: { argument: { requestIds: readonly string[]; provider: string }; value: undefined };
  close: { argument: undefined; value: undefined };
}

export class GuardProcess extends AskedProcess<Operations> {
  /** With its guard open. */
  static async start(store: string): Promise<GuardProcess> {
    const started = new GuardProcess(await startWorker(WORKER));
    await started.ask("open", { store });
    return started;
  }
}
