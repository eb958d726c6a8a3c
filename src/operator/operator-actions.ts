/**
 * What a person may do about an incident: say that it is over, let the book take over what the
 * broker holds, and besides have it closed. The broker is asked first: only what it holds now, and
 * what the person has confirmed, is taken over, and no exit's shares are gone while they are held.
 * The close goes through the gateway like any other.
 */
import type { Broker, BrokerPosition } from "../broker/broker.ts";
import { compare, type DecimalText, isZero, ZERO } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { type Incident, subjectOfClaim } from "../incident/incident.ts";
import { resolveFor } from "../ledger/account-incidents.ts";
import type { Ledger, OperatorCommand, OperatorResult } from "../ledger/ledger.ts";
import type { OwnOrders } from "../reconcile/own-orders.ts";
import type { CloseAnswer } from "./flattening.ts";

/** What the person saw, and says. */
export interface PositionCommand
  extends Omit<OperatorCommand, "endClaimAs" | "brokerNet" | "position" | "now"> {
  /** What the broker holds, as it was confirmed; signed. */
  readonly brokerNet: DecimalText;
  /** What the book held, as it was confirmed; signed. */
  readonly bookNet: DecimalText;
}

/** A person's word, which the broker's position may have to bear out. */
export type WordCommand = Pick<OperatorCommand, "version" | "reason" | "by" | "endClaimAs">;

/** The broker's position, or an order of ours, could not be read: nothing was done. */
interface Unreadable {
  readonly kind: "unreadable";
  readonly reason: string;
}

export type WordResult = OperatorResult | Unreadable;

export type PositionResult =
  | OperatorResult
  | Unreadable
  /** The broker holds `net`, and another quantity was confirmed: nothing was done. */
  | { readonly kind: "broker_moved"; readonly incident: Incident; readonly net: DecimalText }
  /** The book took it over, and the close was asked for. */
  | { readonly kind: "closing"; readonly incident: Incident; readonly answer: CloseAnswer };

export interface OperatorActionPorts {
  readonly account: AccountId;
  readonly ledger: Pick<Ledger, "resolveIncident" | "incident">;
  readonly broker: Pick<Broker, "position">;
  readonly now: () => number;
  /** Books what our own orders have filled in the symbol, where all of them can be read. */
  readonly readOwnOrders: (symbol: string) => Promise<OwnOrders>;
  /** One close of all that the book holds in the incident's symbol, under an id of the incident. */
  readonly flatten: (incident: Incident) => Promise<CloseAnswer>;
}

/** The incident is over, and where the word says so the claim behind it. */
export async function resolveByWord(
  ports: OperatorActionPorts,
  id: number,
  command: WordCommand,
): Promise<WordResult> {
  const { account, ledger, now } = ports;
  const incident = await ledger.incident(account, id);
  if (command.endClaimAs !== "already_flat" || incident === undefined) {
    return resolveFor(ledger, account, id, { ...command, now: now() });
  }
  const read = await readHeld(ports, incident);
  if (read.kind === "unreadable") return read;
  const brokerNet = read.held?.quantity ?? ZERO;
  return ledger.resolveIncident(account, id, { ...command, brokerNet, now: now() });
}

/** The book takes over what the broker holds; the incident is resolved. */
export function adoptPosition(
  ports: OperatorActionPorts,
  id: number,
  command: PositionCommand,
): Promise<PositionResult> {
  return takeOver(ports, id, command, false);
}

/** The same, and then everything that is held is closed; the incident ends when both agree. */
export async function flattenPosition(
  ports: OperatorActionPorts,
  id: number,
  command: PositionCommand,
): Promise<PositionResult> {
  const taken = await takeOver(ports, id, command, true);
  if (taken.kind !== "resolved") return taken;
  const answer = await ports.flatten(taken.incident);
  const incident = (await ports.ledger.incident(ports.account, id)) ?? taken.incident;
  return { kind: "closing", incident, answer };
}

async function takeOver(
  ports: OperatorActionPorts,
  id: number,
  { brokerNet, bookNet, ...word }: PositionCommand,
  isToBeClosed: boolean,
): Promise<PositionResult> {
  const { account, ledger, now } = ports;
  const incident = await ledger.incident(account, id);
  if (incident === undefined) return { kind: "unknown" };
  const read = await readHeld(ports, incident);
  if (read.kind === "unreadable") return read;
  const { held } = read;
  const net = held?.quantity ?? ZERO;
  if (compare(net, brokerNet) !== 0 || (isToBeClosed && isZero(net))) {
    return { kind: "broker_moved", incident, net };
  }
  const averagePrice = held?.averageEntryPrice ?? ZERO;
  const position = { net, averagePrice, bookNet, isToBeClosed };
  return ledger.resolveIncident(account, id, { ...word, endClaimAs: null, position, now: now() });
}

/** What the broker holds, `held` undefined where nothing, once our own fills in it are booked. */
async function readHeld(
  { broker, readOwnOrders }: OperatorActionPorts,
  { symbol, subject }: Incident,
): Promise<{ readonly kind: "read"; readonly held: BrokerPosition | undefined } | Unreadable> {
  const lookup = await broker.position(symbol, "read_back");
  if (lookup.kind === "unknown") return { kind: "unreadable", reason: lookup.reason };
  // A fill of ours that nobody has read is in the position, and would come on top.
  const own = await readOwnOrders(symbol);
  // What the order that the word is about has done, the word says.
  const isReadBut =
    own.kind === "missing" && own.missing.every(({ key }) => subjectOfClaim(key) === subject);
  if (own.kind !== "read" && !isReadBut) return { kind: "unreadable", reason: own.reason };
  return { kind: "read", held: lookup.kind === "found" ? lookup.position : undefined };
}
