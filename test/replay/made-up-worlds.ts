/** Worlds put together by hand, for what is counted and shown of them. No replay produced them. */
import { type DecimalText, decimal } from "../../src/core/decimal.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import { parseIntent } from "../../src/identity/intent-schema.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import type { GuardedWorld } from "../../src/replay/guarded-world.ts";
import { epochOf, parseSession, type Session } from "../../src/replay/session.ts";
import type { RowOrder, UnguardedWorld } from "../../src/replay/unguarded-world.ts";
import { dayOf } from "./replayed-session.ts";
import type { Fields } from "./session-file.ts";

const ACCOUNT = "904837e3-3b76-47ec-b432-046db621571b" as ClaimKey["account"];
const AGENT = "qqq-momentum" as ClaimKey["agent"];
/** 10:00 in New York on the day of {@link dayOf}. */
const AT = epochOf({ session: "2026-05-21", timezone: "America/New_York" }, "10:00:00");

export function sessionOfRows(...rows: Fields[]): Session {
  return parseSession(JSON.stringify(dayOf(...rows)), "made-up.json");
}

export function rowOrder(rowId: string | null, fields: Partial<RowOrder> = {}): RowOrder {
  return {
    rowId,
    clientOrderId: "any",
    symbol: "TQQQ",
    status: "filled",
    quantity: decimal("6"),
    filledQuantity: decimal("6"),
    averagePrice: decimal("75.33") as DecimalText | null,
    ...fields,
  };
}

export function unguarded(fields: Partial<UnguardedWorld> = {}): UnguardedWorld {
  return {
    orders: [],
    tried: new Map(),
    blockedMinutes: new Map(),
    finalPositions: {},
    guardAnswers: new Map(),
    believedPositions: null,
    ...fields,
  };
}

export function guarded(
  events: readonly StoredEvent[] = [],
  fields: Partial<GuardedWorld> = {},
): GuardedWorld {
  return {
    orders: [],
    tried: new Map(),
    blockedMinutes: new Map(),
    finalPositions: {},
    ledger: { events, books: [], claims: {} },
    ...fields,
  };
}

/** The ledger's event of an intent that was turned away before it became a claim. */
export function turnedAway(rowId: string): StoredEvent {
  const intent = parseIntent(
    { symbol: "TQQQ", side: "sell", effect: "close", quantity: "6", decisionId: rowId },
    ACCOUNT,
    AGENT,
  );
  return {
    subject: "book",
    account: ACCOUNT,
    symbol: "TQQQ",
    body: { type: "intent_blocked", intent, code: "close_while_flat", cause: null },
    sequence: 1,
    at: AT,
    previousHash: "",
    hash: "",
  };
}
