/** Positions and the account as Alpaca writes them, turned into ours; undefined if unreadable. */
import { z } from "zod";

import { signOf } from "../../core/decimal.ts";
import type { AccountId } from "../../core/ids.ts";
import { parseJsonText } from "../../core/json-text.ts";
import type { BrokerAccount, BrokerPosition } from "../broker.ts";
import { wireDecimal, wireSymbol } from "./wire-fields.ts";

const wirePosition = z
  .object({
    symbol: wireSymbol,
    side: z.enum(["long", "short"]),
    qty: wireDecimal,
    qty_available: wireDecimal,
    avg_entry_price: wireDecimal,
  })
  // A short is negative. Were one ever written without its sign, it would read as its opposite.
  .refine((position) => signOf(position.qty) !== (position.side === "long" ? -1 : 1), "sign");

const wireAccount = z.object({
  id: z.string().min(1),
  status: z.string().min(1),
  account_number: z.string().min(1).nullish(),
  trading_blocked: z.unknown().optional(),
  account_blocked: z.unknown().optional(),
  trade_suspended_by_user: z.unknown().optional(),
});

/** An account that is ACTIVE takes no orders where one of these is true. */
const BLOCKS = ["trading_blocked", "account_blocked", "trade_suspended_by_user"] as const;

function readPosition(value: unknown): BrokerPosition | undefined {
  const parsed = wirePosition.safeParse(value);
  if (!parsed.success) return undefined;
  return {
    symbol: parsed.data.symbol,
    quantity: parsed.data.qty,
    availableQuantity: parsed.data.qty_available,
    averageEntryPrice: parsed.data.avg_entry_price,
  };
}

export function readPositionBody(body: string): BrokerPosition | undefined {
  return readPosition(parseJsonText(body));
}

export interface PositionsBody {
  readonly positions: readonly BrokerPosition[];
  /** The entries that cannot be read, each in its own JSON. */
  readonly unread: readonly string[];
}

/** What a list's body shows, or undefined where it is no list. */
export function readPositionsBody(body: string): PositionsBody | undefined {
  const entries = parseJsonText(body);
  if (!Array.isArray(entries)) return undefined;
  const positions: BrokerPosition[] = [];
  const unread: string[] = [];
  for (const entry of entries) {
    const position = readPosition(entry);
    if (position === undefined) unread.push(JSON.stringify(entry));
    else positions.push(position);
  }
  return { positions, unread };
}

export function readAccountBody(body: string): BrokerAccount | undefined {
  const parsed = wireAccount.safeParse(parseJsonText(body));
  if (!parsed.success) return undefined;
  const { id, status, account_number: accountNumber = null } = parsed.data;
  const blocks = BLOCKS.filter((name) => parsed.data[name] === true);
  return { accountId: id as AccountId, accountNumber, status, blocks };
}
