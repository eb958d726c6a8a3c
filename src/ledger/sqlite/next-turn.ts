/**
 * When a ledger does what it has put off: in a turn of the event loop of its own, unless whoever
 * opens it gives it other turns. A simulated process has turns that a seed puts in order, and takes
 * none once it is dead.
 */

/** Calls `action` once, later, never within the call. */
export type NextTurn = (action: () => void) => void;

export const nextTurnOfTheLoop: NextTurn = (action) => {
  setImmediate(action);
};
