/** Draws a world of guarded payments from a seed. */
import { Dice, streamOf } from "../dice.ts";
import { STORE_FAULTS } from "../simulated-disk.ts";
import type { CallPlan, Fate, GuardMishap, GuardPlan, PaymentPlan, PersonsWord } from "./plan.ts";

const FATES: readonly Fate[] = [
  ...(["paid", "paid", "paid", "answer_lost", "answer_lost"] as const),
  ...(["late", "dropped", "declined", "unreached"] as const),
];
const HOW = [
  ...(["execute", "execute", "execute", "execute"] as const),
  ...(["owner", "owner", "reader", "witness", "person"] as const),
] as const;
const WORDS: readonly PersonsWord[] = ["seen", "seen", "absent", "released", "released", "done"];
const CALM_AT_MS = 120_000;

export function drawGuardPlan(seed: number): GuardPlan {
  const dice = new Dice(streamOf(seed, "guard plan"));
  return dice.chance(0.35) ? drawOverlaps(seed, dice) : drawAnything(seed, dice);
}

/** Actions that outlast their leases, while others read, release and try again. */
function drawOverlaps(seed: number, dice: Dice): GuardPlan {
  const processes = dice.between(1, 2);
  return {
    ...{ seed, processes, isIdempotent: false, leaseMs: 3_000 },
    clocksMs: Array.from({ length: processes }, () => 0),
    hasVerifier: dice.chance(0.8),
    verifierTakesMs: dice.between(500, 25_000),
    payments: Array.from({ length: dice.between(1, 2) }, (_, index) => ({
      name: `payment-${index + 1}`,
      atMs: dice.between(0, 30_000),
      calls: Array.from({ length: dice.between(2, 5) }, () => drawOverlap(dice, processes)),
    })),
    mishaps: Array.from({ length: dice.between(0, 2) }, () => drawMishap(dice, processes)),
    calmAtMs: CALM_AT_MS,
  };
}

function drawOverlap(dice: Dice, processes: number): CallPlan {
  const how = dice.of(["execute", "execute", "execute", "execute", "person", "witness"] as const);
  return {
    process: dice.between(0, processes - 1),
    delayMs: dice.between(0, 20_000),
    ...{ how, fate: dice.of(["answer_lost", "answer_lost", "paid", "late", "dropped"] as const) },
    ...{ hasVerify: dice.chance(0.25), hasConfirm: dice.chance(0.5) },
    ...{ triesMax: dice.between(2, 8), pauseMs: dice.of([100, 2_000, 7_000]) },
    waitMs: dice.chance(0.5) ? 0 : dice.between(0, 30_000),
    dawdlesMs: dice.chance(0.5) ? 0 : dice.between(100, 20_000),
    worksMs: dice.chance(0.3) ? 0 : dice.between(500, 20_000),
    readsMs: dice.chance(0.5) ? 0 : dice.between(500, 20_000),
    ...(dice.chance(0.3) && {
      strike: { fault: dice.of(STORE_FAULTS), forMs: dice.between(300, 9_000) },
    }),
    word: dice.of(WORDS),
  };
}

function drawAnything(seed: number, dice: Dice): GuardPlan {
  const processes = dice.between(1, 3);
  const isIdempotent = dice.chance(0.4);
  const areApart = isIdempotent && dice.chance(0.5);
  return {
    ...{ seed, processes, isIdempotent },
    leaseMs: dice.of([3_000, 15_000, 60_000]),
    clocksMs: Array.from({ length: processes }, () =>
      areApart ? dice.between(-30_000, 30_000) : 0,
    ),
    hasVerifier: dice.chance(0.7),
    verifierTakesMs: dice.chance(0.5) ? 0 : dice.between(500, 25_000),
    payments: Array.from({ length: dice.between(1, 3) }, (_, index) =>
      drawPayment(dice, `payment-${index + 1}`, processes),
    ),
    mishaps: Array.from({ length: dice.between(0, 6) }, () => drawMishap(dice, processes)),
    calmAtMs: CALM_AT_MS,
  };
}

function drawPayment(dice: Dice, name: string, processes: number): PaymentPlan {
  const areDawdlers = dice.chance(0.2);
  const spreadMs = dice.of([5, 200, 10_000, 60_000]);
  return {
    ...{ name, atMs: dice.between(0, 30_000) },
    calls: Array.from({ length: dice.between(1, 5) }, () =>
      drawCall(dice, { processes, spreadMs, areDawdlers }),
    ),
  };
}

interface CallsDrawn {
  readonly processes: number;
  readonly spreadMs: number;
  readonly areDawdlers: boolean;
}

function drawCall(dice: Dice, { processes, spreadMs, areDawdlers }: CallsDrawn): CallPlan {
  const how = dice.of(HOW);
  const dawdles = how === "owner" ? areDawdlers && dice.chance(0.6) : dice.chance(0.4);
  return {
    process: dice.between(0, processes - 1),
    delayMs: dice.between(0, spreadMs),
    ...{ how, fate: dice.of(FATES) },
    ...{ hasVerify: dice.chance(0.7), hasConfirm: dice.chance(0.5) },
    ...{ triesMax: dice.between(1, 6), pauseMs: dice.of([100, 2_000, 12_000]) },
    waitMs: dice.chance(0.5) ? 0 : dice.between(0, 30_000),
    dawdlesMs: dawdles ? dice.between(1_000, 90_000) : 0,
    ...(how === "execute" && drawRun(dice)),
    ...(dice.chance(0.15) && {
      strike: { fault: dice.of(STORE_FAULTS), forMs: dice.between(300, 20_000) },
    }),
    ...(how === "person" && { word: dice.of(WORDS) }),
  };
}

/** What takes its time on the way to the provider, and who reads it slowly. */
function drawRun(dice: Dice): Pick<CallPlan, "worksMs" | "readsMs"> {
  return {
    worksMs: dice.chance(0.4) ? dice.between(500, 30_000) : 0,
    readsMs: dice.chance(0.3) ? dice.between(500, 25_000) : 0,
  };
}

function drawMishap(dice: Dice, processes: number): GuardMishap {
  const atMs = dice.between(0, CALM_AT_MS - 20_000);
  const process = dice.between(0, processes - 1);
  const turns = dice.between(1, 25);
  const downMs = dice.of([500, 9_000, 30_000]);
  const forMs = dice.between(50, 40_000);
  return dice.of<() => GuardMishap>([
    () => ({ atMs, kind: "crash", process, turns, downMs }),
    () => ({ atMs, kind: "crash", process, turns, downMs }),
    () => ({ atMs, kind: "power", turns, downMs }),
    () => ({ atMs, kind: "pause", process, forMs }),
    () => ({ atMs, kind: "pause", process, forMs }),
    () => ({ atMs, kind: "jump", byMs: dice.of([-600_000, -3_000, 4_000, 90_000]) }),
    () => ({ atMs, kind: "store", fault: dice.of(STORE_FAULTS), forMs }),
    () => ({ atMs, kind: "freeze", forMs }),
    () => ({ atMs, kind: "unreadable", forMs }),
    () => ({ atMs, kind: "slow_reads", byMs: dice.between(1_000, 29_000), forMs }),
  ])();
}
