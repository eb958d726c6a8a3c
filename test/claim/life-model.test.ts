/**
 * Random lives of many claims against a model broker: duplicates, lost and late answers, reads in
 * any order, partial fills, cancels, expiries, process deaths. The checks are in model-checks.ts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkEverythingRead, checkStep } from "./model-checks.ts";
import {
  anyCommand,
  type Command,
  newWorld,
  perform,
  SAME_BOT_ID,
  type World,
} from "./model-world.ts";

const RUNS = 1_500;

/** Two agents that give one client_order_id at the same time. */
const NAMESAKES: readonly Command[] = [
  { do: "claim", intent: SAME_BOT_ID, other: true },
  { do: "claim", intent: SAME_BOT_ID, other: false },
];
const SENT = { do: "send", right: 0, lagMs: 0, callerWaits: false } as const;
const READ = { do: "read", order: 0, age: 0, priced: true, source: "read_back" } as const;
const DELIVER = { do: "deliver", which: 0, keep: false } as const;
const FILL = { do: "fill", order: 0, shares: 1, price: 70 } as const;

/** Lives that once broke an invariant, as fast-check had shrunk them. */
const ONCE_BROKEN: readonly (readonly Command[])[] = [
  // A read gave the order to the other agent's claim; then the answer gave it to the sender's too.
  [...NAMESAKES, { ...SENT, fate: "accepted", report: "later" }, READ, DELIVER, FILL],
  // As above, and the next read then took the sender's order for another's: refused, it said.
  [...NAMESAKES, { ...SENT, fate: "accepted", report: "later" }, READ, DELIVER, READ, READ],
  // A claim that the broker had refused booked the fills of the other agent's order as late ones.
  [
    { do: "claim", intent: SAME_BOT_ID, other: true },
    { ...SENT, fate: "refused", report: "now" },
    { do: "claim", intent: SAME_BOT_ID, other: false },
    { ...SENT, fate: "filled_without_price", report: "never" },
  ],
  // A claim that was never sent did the same.
  [
    { do: "claim", intent: SAME_BOT_ID, other: true },
    { do: "conclude", right: 0 },
    { do: "claim", intent: SAME_BOT_ID, other: false },
    { ...SENT, fate: "accepted", report: "later" },
    FILL,
    READ,
    DELIVER,
  ],
];

/** How often each thing happened in all runs: a model that never gets there proves nothing. */
const reached = new Map<string, number>();

function count(world: World): void {
  const { ledger, broker, rights, blocks } = world;
  const things = [
    ...ledger.log.map(({ event }) => event.type),
    ...blocks.map(({ code }) => code),
    ...[...ledger.claims.values()].map(({ status, outcome }) => `${status} ${outcome}`),
    ...rights.filter(({ claim }) => claim.attempt > 1).map(() => "a later attempt"),
    ...(broker.net() === -10 ? ["the position was closed"] : []),
  ];
  for (const thing of things) reached.set(thing, (reached.get(thing) ?? 0) + 1);
}

function live(commands: readonly Command[]): void {
  const world = newWorld();
  for (const command of commands) {
    perform(world, command);
    checkStep(world);
  }
  count(world);
  checkEverythingRead(world);
}

describe("I1, I3 to I6 and I8 hold after every step of any life", () => {
  test("whatever agents, broker and network do", () => {
    const anyLife = fc.array(anyCommand, { minLength: 40, maxLength: 80 });
    const examples = ONCE_BROKEN.map((life): [Command[]] => [[...life]]);
    fc.assert(fc.property(anyLife, live), { numRuns: RUNS, examples });
    expect(MUST_HAPPEN.filter((thing) => !reached.has(thing))).toEqual([]);
  });
});

const MUST_HAPPEN = [
  "reopened",
  "accepted",
  "refused",
  "close_questioned",
  "rate_limited",
  "outcome_unknown",
  "order_working",
  "order_ended",
  "fill_booked",
  "absence_proved",
  "id_owned_elsewhere",
  "caller_told",
  "exit_duplicate_after_422",
  "insufficient_quantity",
  "fingerprint_mismatch",
  "close_while_flat",
  "FINAL filled",
  "SETTLED filled",
  "SETTLED partially_filled",
  "SETTLED canceled",
  "SETTLED not_sent",
  "SETTLED absent",
  "a later attempt",
];
