/**
 * In the place of a broker where there is none: a ledger that only guards actions. It holds nothing
 * and takes nothing; an order certainly never leaves.
 */
import type { OrderLookup, SubmitOutcome } from "../claim/evidence.ts";
import { GUARD_ACCOUNT } from "../core/ids.ts";
import type { Broker, OrdersReading, Reading } from "./broker.ts";

const NO_BROKER = "there is no broker";

const NOT_SENT: SubmitOutcome = { kind: "not_sent", reason: NO_BROKER };
const NAMED = { accountId: GUARD_ACCOUNT, accountNumber: null } as const;
const ACCOUNT = { ...NAMED, status: "NONE", blocks: [] } as const;
const UNKNOWN = { kind: "unknown", reason: NO_BROKER } as const;

/** Reads are true: nothing is held and no order is at work, for nothing can be. */
export function noBroker(): Broker {
  const nothing = async () => ({ kind: "read", value: [] }) as const;
  const missing = async (): Promise<OrderLookup> => UNKNOWN;
  return {
    account: async () => ({ kind: "read", value: ACCOUNT }),
    submit: async () => NOT_SENT,
    replace: async () => NOT_SENT,
    orderByClientId: missing,
    orderById: missing,
    orders: async (): Promise<OrdersReading> => ({ ...(await nothing()), wires: () => [] }),
    readWireOrder: () => undefined,
    fillActivities: nothing,
    orderWire: async () => UNKNOWN,
    orderWires: nothing,
    cancelOrders: async (): Promise<Reading<null>> => ({ kind: "read", value: null }),
    brokerTime: () => null,
    isTimeGuess: () => false,
    rateBudget: () => ({ capacity: 0, remaining: 0 }),
    countPassed: () => undefined,
    positions: nothing,
    position: async () => ({ kind: "flat" }),
    asset: async () => UNKNOWN,
    calendar: async () => UNKNOWN,
    close: async () => undefined,
  };
}
