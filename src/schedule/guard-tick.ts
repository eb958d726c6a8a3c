/** Looks after claims that are no orders: vanished owners, and verifiers that are to be asked. */
import type { Logger } from "pino";
import type { Guard } from "../guard/guard.ts";
import { loggedTick } from "./logged-tick.ts";
import type { Tick } from "./schedule.ts";

const GUARD_CRON = "*/15 * * * * *";

export function guardTick(guard: Pick<Guard, "recover">, log: Logger): Tick {
  const run = async () => {
    await guard.recover();
  };
  return loggedTick({ name: "guard", cron: GUARD_CRON, run }, log);
}
