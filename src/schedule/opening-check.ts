/**
 * Whether the day can begin: looks at everything that an order needs, changes nothing and answers
 * nobody. What is wrong is in the log while there is time to mend it.
 */
import type { Book } from "../book/book.ts";
import type { Broker, BrokerPosition } from "../broker/broker.ts";
import { phaseOf } from "../claim/answer.ts";
import { compare, type DecimalText, ZERO } from "../core/decimal.ts";
import { messageOf } from "../core/errors.ts";
import type { AccountId } from "../core/ids.ts";
import { openIncidentsFor } from "../ledger/account-incidents.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface OpeningCheck {
  /** Why the store takes no claims; null where it does. */
  readonly store: string | null;
  /** Why the broker would take no order; null where nothing speaks against it. */
  readonly broker: string | null;
  /** Positions that differ from the books; null where they could not be read. */
  readonly differences: readonly PositionDifference[] | null;
  /** Claims whose outcome nobody knows. */
  readonly unknownOutcomes: number;
  readonly openIncidents: number;
}

export interface PositionDifference {
  readonly symbol: string;
  readonly book: DecimalText;
  readonly broker: DecimalText;
}

export interface OpeningCheckPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
}

export async function checkBeforeOpen(ports: OpeningCheckPorts): Promise<OpeningCheck> {
  const { account, ledger, broker } = ports;
  const store = await ledger.probe().then(() => null, messageOf);
  const positions = await broker.positions();
  const claims = await ledger.unsettledClaims(account);
  return {
    store,
    broker: await objectionOf(ports),
    differences:
      positions.kind === "unknown"
        ? null
        : differences(await ledger.books(account), positions.value),
    unknownOutcomes: claims.filter((claim) => phaseOf(claim) === "unknown").length,
    openIncidents: (await openIncidentsFor(ledger, account)).length,
  };
}

/** Whether nothing that was found needs somebody's attention. */
export function isSound({ store, broker, differences, ...counts }: OpeningCheck): boolean {
  const isQuiet = counts.unknownOutcomes === 0 && counts.openIncidents === 0;
  return store === null && broker === null && differences?.length === 0 && isQuiet;
}

async function objectionOf({ broker, account }: OpeningCheckPorts): Promise<string | null> {
  const reading = await broker.account();
  if (reading.kind !== "read") return reading.reason;
  const { accountId, status, blocks } = reading.value;
  if (accountId !== account) return `the keys are now those of another account, ${accountId}`;
  if (status !== "ACTIVE") return `the account is ${status}, not ACTIVE`;
  return blocks.length === 0 ? null : `the account takes no orders: ${blocks.join(", ")}`;
}

function differences(
  books: readonly Book[],
  positions: readonly BrokerPosition[],
): readonly PositionDifference[] {
  const held = new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]));
  const booked = new Map(books.map(({ symbol, net }) => [symbol, net]));
  return [...new Set([...booked.keys(), ...held.keys()])]
    .map((symbol) => ({
      symbol,
      book: booked.get(symbol) ?? ZERO,
      broker: held.get(symbol) ?? ZERO,
    }))
    .filter(({ book, broker }) => compare(book, broker) !== 0);
}
