/** What the replay's driver and a guarded bot's process say to each other. */
import type { Book } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import type { Tried } from "./old-bot.ts";

/** What the bot takes away from one call that did not throw. */
export interface PlacedOrder {
  readonly status: "PROCEED" | "PENDING" | "SKIP";
  readonly requestId: string;
}

/** An order's call that has returned, and the session's row that it came from. */
export interface FinishedOrder {
  readonly rowId: string;
  readonly tried: Tried<PlacedOrder>;
}

export type BotCommand =
  | {
      readonly type: "open";
      readonly store: string;
      readonly baseUrl: string;
      readonly now: EpochMs;
      /** Positions are compared until then. */
      readonly closesAt: EpochMs;
    }
  | { readonly type: "order"; readonly intent: IntentInput }
  /** Moves the process's clock and lets everything that is due run. */
  | { readonly type: "advance"; readonly now: EpochMs }
  | { readonly type: "entry_check"; readonly symbol: string }
  | { readonly type: "ledger" }
  | { readonly type: "close" };

/** What the ledger holds at the end of the session. */
export interface LedgerContent {
  readonly events: readonly StoredEvent[];
  readonly books: readonly Book[];
  readonly claims: Readonly<Record<string, number>>;
}

export type BotResult =
  | { readonly type: "opened" }
  | { readonly type: "tried"; readonly tried: Tried<PlacedOrder> }
  /** The order's call has not returned: it waits for the clock. */
  | { readonly type: "waiting" }
  | { readonly type: "advanced"; readonly finished: readonly FinishedOrder[] }
  | { readonly type: "entry"; readonly blocked: boolean }
  | { readonly type: "ledger"; readonly content: LedgerContent }
  | { readonly type: "closed" };

/** One answer to one command, given only when nothing is in flight in the process. */
export type BotReply =
  | {
      readonly ok: true;
      readonly result: BotResult;
      /** When this process next wants to run; null when it waits for nothing. */
      readonly wakeAt: EpochMs | null;
    }
  | { readonly ok: false; readonly message: string };
