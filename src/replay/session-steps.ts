/** A session as the steps that the driver takes, in the order of their times. */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, divide } from "../core/decimal.ts";
import {
  type BrokerFaultEvent,
  checkTimes,
  type EntriesWantedEvent,
  epochOf,
  type OrderEvent,
  type Session,
  type StoreFaultEvent,
} from "./session.ts";

export type SessionStep =
  | { readonly kind: "order"; readonly at: EpochMs; readonly event: OrderEvent }
  | { readonly kind: "fault"; readonly at: EpochMs; readonly event: BrokerFaultEvent }
  /** The bot would enter now and looks whether it may. */
  | { readonly kind: "entry_check"; readonly at: EpochMs; readonly event: EntriesWantedEvent }
  /** The claim store stops taking claims, or takes them again. */
  | { readonly kind: "store_fails" | "store_works"; readonly at: EpochMs };

/** Rows of one moment keep the order in which the file has them. */
export function sessionSteps(session: Session): readonly SessionStep[] {
  const steps = session.events.flatMap((event): SessionStep[] => {
    if (event.kind === "entries_wanted") {
      return checkTimes(event).map((time) => ({
        kind: "entry_check",
        at: epochOf(session, time),
        event,
      }));
    }
    if (event.kind === "store_fault") return storeSteps(session, event);
    const at = epochOf(session, event.time);
    return event.kind === "order" ? [{ kind: "order", at, event }] : [{ kind: "fault", at, event }];
  });
  return steps.sort((a, b) => a.at - b.at);
}

function storeSteps(session: Session, { from, until }: StoreFaultEvent): SessionStep[] {
  return [
    { kind: "store_fails", at: epochOf(session, from) },
    { kind: "store_works", at: epochOf(session, until) },
  ];
}

/** The market's price when the order came: its notional divided by its quantity. */
export function priceOf(event: OrderEvent): DecimalText {
  return divide(event.notionalUsd, event.quantity);
}

/** The row that a duplicate repeats, or the row itself: two rows of one action are one order. */
export function actionOf(event: OrderEvent): string {
  return event.duplicateOf ?? event.id;
}

export function symbolsOf(session: Session): readonly string[] {
  const orders = session.events.filter((event) => event.kind === "order");
  const held = session.openingPositions.map(({ symbol }) => symbol);
  return [...new Set([...held, ...orders.map(({ symbol }) => symbol)])].sort();
}
