/** What a person is told of an action that did not simply end well. */
import { Refusal } from "./sidecar-client.ts";

export interface Ending {
  readonly message: string;
  readonly hint: string;
  /** Nothing was done: it can be asked for again as it is. */
  readonly isOpen: boolean;
}

/** What a flatten says of its close; the other actions say nothing of one. */
export interface ActionAnswer {
  readonly close?: { readonly status: string; readonly because: string | null } | null;
}

const LOOK = "Go back and look whether it was done before you try again.";
/** The one failure of the sidecar's that says of itself that nothing was done. */
const NOTHING_DONE = "position_unreadable";
const FAILURE = 500;

/** Null where it was done, and nothing is to be said of it. */
export async function endingOf(answer: Promise<ActionAnswer>): Promise<Ending | null> {
  try {
    const { close } = await answer;
    if (close?.status !== "BLOCKED") return null;
    const message = `The book was taken over, and no order was sent: ${close.because}`;
    return { message, hint: "The incident stays open until nothing is held.", isOpen: false };
  } catch (error) {
    return failureOf(error);
  }
}

/** A failure on the way, or within, says nothing of what was done. */
function failureOf(error: unknown): Ending {
  if (!(error instanceof Refusal)) {
    return { message: "The sidecar did not answer.", hint: LOOK, isOpen: false };
  }
  const { status, code, message, hint } = error;
  if (status < FAILURE || code === NOTHING_DONE) return { message, hint, isOpen: true };
  return { message, hint: LOOK, isOpen: false };
}
