/** The simulated broker inside a program, for whoever has no account; it ends with the program. */
import type { Logger } from "pino";
import type { Environment } from "../config.ts";

const PRICES = { TQQQ: "75.33", SQQQ: "40.90", QQQ: "600", SPY: "700", AAPL: "250" } as const;
/** The keys that bots use with the simulated broker where the environment has none; no secret. */
export const SIMULATED_KEY = "simulated";
const SIMULATED = { keyId: SIMULATED_KEY, secret: SIMULATED_KEY } as const;
const ALL_DAY = { open: "00:00", close: "23:59" } as const;
const OPEN_DAYS = 400;
const DAY_MS = 24 * 60 * 60 * 1_000;

export interface BrokerInside {
  readonly url: string;
  close(): Promise<void>;
}

/** It takes any key, so whoever has one keeps it. */
export function keysForSimulator(environment: Environment) {
  const { APCA_API_KEY_ID: keyId, APCA_API_SECRET_KEY: secret } = environment;
  return keyId && secret ? { keyId, secret } : SIMULATED;
}

/** The simulated broker inside: prices for the usual symbols, and a market that never closes. */
export async function startBrokerInside(logger: Logger): Promise<BrokerInside> {
  const [{ startSimulator }, { systemClock }, { followSystemClock }, { systemRandom }] =
    await Promise.all([
      import("../simulator/index.ts"),
      import("../core/clock.ts"),
      import("./simulated-time.ts"),
      import("../core/random.ts"),
    ]);
  const startAt = systemClock.now();
  const calendar = Object.fromEntries(
    Array.from({ length: OPEN_DAYS }, (_, day) => [dayOf(startAt + day * DAY_MS), ALL_DAY]),
  );
  // An account of its own each time: what a ledger holds of the last one has ended with it.
  const accountId = systemRandom.uuid();
  const broker = await startSimulator({ startAt, calendar, accountId, prices: PRICES });
  const stopTime = followSystemClock(broker, logger);
  const close = async () => {
    await stopTime();
    await broker.close();
  };
  return { url: broker.url, close };
}

/** `YYYY-MM-DD` in New York. */
function dayOf(instant: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(instant);
}
