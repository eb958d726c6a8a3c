/** All checkers over one world. */
import { LatchError } from "../../../src/core/errors.ts";
import type { Outcome } from "../outcome.ts";
import { booksCorrected } from "./books-corrected.ts";
import { byEvidence } from "./by-evidence.ts";
import { chainedLog } from "./chained-log.ts";
import { durableFirst } from "./durable-first.ts";
import { entriesFree } from "./entries-free.ts";
import { everyFillOnce } from "./every-fill-once.ts";
import { neverOversold } from "./never-oversold.ts";
import { noSecrets } from "./no-secrets.ts";
import { oneOrder } from "./one-order.ts";
import { refusalsExplained } from "./refusals-explained.ts";
import { rightToSend } from "./right-to-send.ts";
import { survives } from "./survives.ts";
import { toldAsMeant } from "./told-as-meant.ts";
import type { Checker, Violation } from "./violation.ts";

const CHECKERS: readonly Checker[] = [
  oneOrder,
  durableFirst,
  rightToSend,
  byEvidence,
  neverOversold,
  everyFillOnce,
  booksCorrected,
  survives,
  refusalsExplained,
  entriesFree,
  chainedLog,
  noSecrets,
  toldAsMeant,
  momentary,
  comesToRest,
  meantErrors,
];

export function checkWorld(outcome: Outcome): readonly Violation[] {
  return CHECKERS.flatMap((check) => check(outcome));
}

/** What held at the end may not have held on the way. */
function momentary({ facts }: Outcome): readonly Violation[] {
  return facts.momentary.map(({ invariant, what }) => ({ invariant, what }));
}

function comesToRest({ unrest }: Outcome): readonly Violation[] {
  return unrest.map((what) => ({ invariant: "liveness", what }));
}

function meantErrors({ facts }: Outcome): readonly Violation[] {
  return facts.failures
    .filter((failure) => !(failure instanceof LatchError))
    .map((failure) => ({ invariant: "errors", what: String((failure as Error).stack ?? failure) }));
}
