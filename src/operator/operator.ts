/**
 * What a person who looks after a latch is shown and may do: the state of things, the session of
 * a day, positions beside the broker's, the life of a claim, and the two actions on a position.
 * Everything that is read is bounded, and shared by all who look.
 */
import {
  type Attempt,
  attemptsIn,
  type Evidence,
  evidenceIn,
  type Fill,
  fillsIn,
  type HistoryEvent,
  historyOf,
} from "../audit/claim-history.ts";
import type { Broker, RateBudgetState } from "../broker/broker.ts";
import { type Claim, isAccepted } from "../claim/claim.ts";
import { isLive } from "../claim/transitions.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import { deriveRequestId, requestPreimage } from "../identity/request-id.ts";
import type { Incident } from "../incident/incident.ts";
import { openIncidentsFor } from "../ledger/account-incidents.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { OwnOrders } from "../reconcile/own-orders.ts";
import type { Unread } from "../reconcile/unread-positions.ts";
import type { MarketCalendar } from "../schedule/market-calendar.ts";
import type { CloseAnswer } from "./flattening.ts";
import {
  adoptPosition,
  flattenPosition,
  type PositionCommand,
  type PositionResult,
  resolveByWord,
  type WordCommand,
  type WordResult,
} from "./operator-actions.ts";
import { PositionReader, type PositionTable } from "./position-table.ts";
import { SessionDays, type SessionView } from "./session-days.ts";

export interface MarketState {
  readonly isOpen: boolean;
  readonly opensAt: EpochMs | null;
  readonly closesAt: EpochMs | null;
}

export interface LatchState {
  /** Null where the broker's calendar could not be read. */
  readonly market: MarketState | null;
  /** Claims that are not over. */
  readonly live: number;
  /** The attempt of which nobody knows what became, for the longest; null where there is none. */
  readonly oldestUnresolved: Claim | null;
  readonly openIncidents: number;
  readonly rateBudget: RateBudgetState;
  /** Since when, and why, positions cannot be compared in full; null where they can. */
  readonly positionsUnread: Unread | null;
  /** When the last round of looking after what is at work ended; null: none did. */
  readonly polledAt: EpochMs | null;
  /** When something is looked at next; null where nothing is at work. */
  readonly nextDueAt: EpochMs | null;
  readonly sequence: number;
}

/** What the id of a claim was made of. */
export interface Identity {
  /** Null for an id that the caller gave. */
  readonly preimage: Readonly<Record<string, unknown>> | null;
  /** Whether its hash is the id; null where there is nothing to hash. */
  readonly isProved: boolean | null;
}

export interface ClaimLife {
  readonly claim: Claim;
  readonly identity: Identity;
  readonly attempts: readonly Attempt[];
  readonly evidence: readonly Evidence[];
  readonly fills: readonly Fill[];
  /** Oldest first; the first and the last ones where there are very many. */
  readonly events: readonly HistoryEvent[];
  readonly isCut: boolean;
}

export interface Operator {
  state(): Promise<LatchState>;
  /** Of a day in New York, `YYYY-MM-DD`; left out, of today, or of the last one that had any. */
  session(date?: string): Promise<SessionView>;
  positions(): Promise<PositionTable>;
  life(claim: Claim): Promise<ClaimLife>;
  /** An operator's word ends an incident, and where it says so the claim behind it. */
  resolve(incident: number, command: WordCommand): Promise<WordResult>;
  /** The book takes over what the broker holds. */
  adopt(incident: number, command: PositionCommand): Promise<PositionResult>;
  /** The same, and the position is closed. */
  flatten(incident: number, command: PositionCommand): Promise<PositionResult>;
}

export interface OperatorPorts {
  readonly account: AccountId;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly calendar: Pick<MarketCalendar, "hours">;
  readonly positionsUnread: () => Unread | null;
  readonly polledAt: () => EpochMs | undefined;
  readonly nextDueAt: () => EpochMs | undefined;
  readonly flatten: (incident: Incident) => Promise<CloseAnswer>;
  readonly readOwnOrders: (symbol: string) => Promise<OwnOrders>;
}

/** Of a claim with more events, so many from its beginning and from its end are shown. */
const EVENTS_SHOWN = 200;

export class OperatorDesk implements Operator {
  readonly #ports: OperatorPorts;
  readonly #days: SessionDays;
  readonly #positions: PositionReader;

  constructor(ports: OperatorPorts) {
    this.#ports = ports;
    this.#days = new SessionDays(ports);
    this.#positions = new PositionReader(ports);
  }

  async state(): Promise<LatchState> {
    const { ledger, account, broker, positionsUnread, polledAt, nextDueAt } = this.#ports;
    const live = (await ledger.unsettledClaims(account)).filter(({ status }) => isLive(status));
    const unknown = live.filter((claim) => !isAccepted(claim));
    const open = await openIncidentsFor(ledger, account);
    return {
      market: await this.#market(),
      live: live.length,
      oldestUnresolved: unknown.sort((a, b) => a.openedAt - b.openedAt)[0] ?? null,
      openIncidents: open.length,
      rateBudget: broker.rateBudget(),
      positionsUnread: positionsUnread(),
      polledAt: polledAt() ?? null,
      nextDueAt: nextDueAt() ?? null,
      sequence: await ledger.lastSequence(),
    };
  }

  async session(date?: string): Promise<SessionView> {
    return this.#days.read(date, (await this.#market())?.isOpen ?? false);
  }

  positions(): Promise<PositionTable> {
    return this.#positions.read();
  }

  async life(claim: Claim): Promise<ClaimLife> {
    const all = await historyOf(this.#ports.ledger, claim, () => undefined);
    const isCut = all.length > 2 * EVENTS_SHOWN;
    const events = isCut ? [...all.slice(0, EVENTS_SHOWN), ...all.slice(-EVENTS_SHOWN)] : all;
    const identity = identityOf(claim, all);
    const [attempts, evidence] = [attemptsIn(events), evidenceIn(events)];
    const fills = fillsIn(events, claim);
    return { claim, identity, attempts, evidence, fills, events, isCut };
  }

  resolve(incident: number, command: WordCommand): Promise<WordResult> {
    return this.#acted(resolveByWord(this.#actions(), incident, command));
  }

  adopt(incident: number, command: PositionCommand): Promise<PositionResult> {
    return this.#acted(adoptPosition(this.#actions(), incident, command));
  }

  flatten(incident: number, command: PositionCommand): Promise<PositionResult> {
    return this.#acted(flattenPosition(this.#actions(), incident, command));
  }

  /** Done or refused, whoever acted looks at the numbers as they are now. */
  #acted<Result>(result: Promise<Result>): Promise<Result> {
    return result.finally(() => this.#positions.forget());
  }

  #actions() {
    const { clock } = this.#ports;
    return { ...this.#ports, now: () => clock.now() };
  }

  async #market(): Promise<MarketState | null> {
    const { calendar, clock } = this.#ports;
    const hours = await calendar.hours();
    if (hours === undefined) return null;
    const now = clock.now();
    const [opensAt, closesAt] = [hours.nextOpen(now) ?? null, hours.nextClose(now) ?? null];
    return { isOpen: hours.isOpen(now), opensAt, closesAt };
  }
}

/** What the request id is the hash of, from what is on record. */
function identityOf(claim: Claim, events: readonly HistoryEvent[]): Identity {
  const anchor = claim.identity === "anchored" ? claim.intent.anchor : arrivalIn(events);
  if (anchor === null) return { preimage: null, isProved: null };
  const preimage = requestPreimage(claim.intent, anchor);
  return { preimage, isProved: deriveRequestId(claim.intent, anchor) === claim.key.requestId };
}

function arrivalIn(events: readonly HistoryEvent[]): { readonly arrival: number } | null {
  const [first] = events;
  if (first?.body.type !== "claimed" || first.body.arrival === null) return null;
  return { arrival: first.body.arrival };
}
