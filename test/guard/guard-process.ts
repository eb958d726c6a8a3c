/** Real processes that guard actions in one store; each is ended when its test is over. */
import { fileURLToPath } from "node:url";
import { AskedProcess, startWorker } from "../ledger/asked-process.ts";

const WORKER = fileURLToPath(new URL("processes/guard-worker.mjs", import.meta.url));

/** The audit key has a place of its own: beside a database there is none. */
export interface GuardPlace {
  readonly store: string;
  readonly auditKey: string;
}

interface Operations {
  open: { argument: GuardPlace; value: undefined };
  race: {
    argument: { requestId: string; callers: number; startAt: string };
    value: Readonly<Record<string, number>>;
  };
  payAndHang: { argument: { requestIds: readonly string[]; provider: string }; value: undefined };
  close: { argument: undefined; value: undefined };
}

export class GuardProcess extends AskedProcess<Operations> {
  /** With its guard open. */
  static async start(place: GuardPlace): Promise<GuardProcess> {
    const started = new GuardProcess(await startWorker(WORKER));
    await started.ask("open", place);
    return started;
  }
}
