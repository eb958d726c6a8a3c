/**
 * What goes wrong in a world: the weather of a seed, the faults that it knows, and when they strike.
 */
import type { Fault, FaultRule } from "../../src/simulator/index.ts";
import { SECRET } from "./broker-side.ts";
import type { Dice } from "./dice.ts";
import type { ActionPlan, IdentityStyle, Mishap } from "./plan.ts";
import { STORE_FAULTS } from "./simulated-disk.ts";

export const SYMBOLS = ["TQQQ", "SQQQ"] as const;

/** What is the same in all of one seed's world. */
export interface Weather {
  readonly styles: readonly IdentityStyle[];
  readonly jumps: boolean;
  readonly arriveLate: boolean;
  readonly faults: readonly Template[];
  readonly lastMs: number;
}

export type Template = (dice: Dice, weather: Weather) => FaultRule;

export function priceNear(dice: Dice, symbol: string): number {
  return (symbol === "TQQQ" ? 75 : 20) + dice.between(-2, 2);
}

export function drawMishaps(
  dice: Dice,
  weather: Weather,
  actions: readonly ActionPlan[],
  sidecars: number,
  bots: number,
): readonly Mishap[] {
  const { lastMs } = weather;
  const times = actions.map(({ atMs }) => atMs);
  const anyTime = () => dice.between(0, lastMs + 10_000);
  // Most of what can go wrong with an order does so around it.
  const near = () => (dice.chance(0.7) ? dice.of(times) + dice.between(-200, 1_500) : anyTime());
  const at = () => Math.max(0, near());
  const some = (most: number, make: () => Mishap) =>
    Array.from({ length: dice.between(0, most) }, make);
  const sidecar = () => dice.between(0, sidecars - 1);
  const downMs = () => dice.of([200, 2_000, 9_000, 25_000]);
  const isNameless = weather.styles.includes("none");
  return [
    ...some(8, () => {
      const rule = dice.of(weather.faults)(dice, weather);
      return { kind: "fault", atMs: Math.max(0, at() - 300), rule };
    }),
    ...some(3, () => ({
      ...{ kind: "crash", atMs: at(), sidecar: sidecar(), turns: dice.between(1, 25) },
      downMs: downMs(),
    })),
    ...some(1, () => ({ kind: "power", atMs: at(), turns: dice.between(1, 25), downMs: downMs() })),
    ...some(2, () => {
      const forMs = dice.of([500, 4_000, 8_000, isNameless ? 8_000 : 30_000]);
      return { kind: "pause", atMs: at(), sidecar: sidecar(), forMs };
    }),
    ...(weather.jumps
      ? some(2, () => {
          const steps = isNameless ? [-5_000, 5_000] : [-400_000, -20_000, 20_000, 600_000];
          return { kind: "jump", atMs: at(), byMs: dice.of(steps) };
        })
      : []),
    ...some(1, () => {
      const fault = dice.of(STORE_FAULTS);
      return { kind: "store", atMs: at(), fault, forMs: dice.of([300, 3_000, 12_000]) };
    }),
    ...some(1, () => ({
      ...{ kind: "link", atMs: at(), sidecar: sidecar(), forMs: dice.of([1_000, 4_000, 15_000]) },
    })),
    ...some(1, () => ({
      ...{ kind: "bot_crash", atMs: at(), bot: dice.between(0, bots - 1), downMs: 1_000 },
    })),
    ...some(3, () => {
      const symbol = dice.of(SYMBOLS);
      return { kind: "price", atMs: anyTime(), symbol, price: String(priceNear(dice, symbol)) };
    }),
    ...some(2, () => ({ kind: "cancel", atMs: anyTime(), action: dice.of(actions).name })),
    ...some(1, () => {
      const { name, symbol } = dice.of(actions);
      const limitPrice = String(priceNear(dice, symbol));
      return { kind: "replace", atMs: anyTime(), action: name, limitPrice };
    }),
    ...some(1, () => ({ kind: "cut_stream", atMs: at() })),
    ...some(2, () => ({ kind: "fill_rest", atMs: anyTime() })),
    ...(dice.chance(0.1) ? blindExit(dice, actions) : []),
    ...(dice.chance(0.2)
      ? some(2, () => ({
          ...{ kind: "by_hand", atMs: anyTime(), symbol: dice.of(SYMBOLS) },
          ...{ side: dice.of(["buy", "sell"] as const), quantity: String(dice.between(1, 9)) },
        }))
      : []),
  ].sort((a, b) => a.atMs - b.atMs) as readonly Mishap[];
}

/** A refused exit whose position shows as a gateway's page only. */
function blindExit(dice: Dice, actions: readonly ActionPlan[]): readonly Mishap[] {
  const exits = actions.filter(({ effect }) => effect === "close");
  if (exits.length === 0) return [];
  const atMs = dice.of(exits).atMs - 100;
  const refused = { kind: "refuse", status: 422, code: 42210000, message: LOST_EXIT } as const;
  const page = { kind: "html", status: 404, accept: false } as const;
  return [
    { kind: "fault", atMs, rule: { match: { ...ORDERS, side: "sell" }, fault: refused } },
    { kind: "fault", atMs, rule: { match: POSITIONS, fault: page, times: 8 } },
  ];
}

export const NO_MONEY = "insufficient buying power";

export const ORDERS = { method: "POST", path: "/v2/orders" } as const;
const REPLACEMENTS = { method: "PATCH", path: "/v2/orders/*" } as const;
const LOOK_UPS = { method: "GET", path: "/v2/orders:by_client_order_id" } as const;
export const LISTS = { method: "GET", path: "/v2/orders" } as const;
export const POSITIONS = { method: "GET", path: "/v2/positions*" } as const;
const READS = { method: "GET", path: "/v2/*" } as const;

const onOrders =
  (fault: (dice: Dice, weather: Weather) => Fault): Template =>
  (dice, weather) => ({
    match: dice.chance(0.9) ? ORDERS : REPLACEMENTS,
    fault: fault(dice, weather),
    times: dice.of([1, 1, 2, 4]),
  });

const onReads =
  (fault: (dice: Dice, weather: Weather) => Fault): Template =>
  (dice, weather) => ({
    match: dice.of([LOOK_UPS, LOOK_UPS, LISTS, POSITIONS, READS]),
    fault: fault(dice, weather),
    times: dice.of([1, 3, 8]),
  });

const onEvents =
  (fault: Fault): Template =>
  (dice) => ({
    match: {},
    fault,
    times: dice.of([1, 2, 5]),
  });

const SERVER_ERRORS = [500, 502, 503, 504] as const;
export const LOST_EXIT =
  "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";

/** Behind what arrives late a lag must still end within the time that absence takes to prove. */
const lagMs = (dice: Dice, { arriveLate, jumps }: Weather) =>
  dice.of(jumps && arriveLate ? [2_000, 6_000] : [2_000, 6_000, 10_000]);

export const TEMPLATES: readonly Template[] = [
  onOrders(() => ({ kind: "drop" })),
  onOrders(() => ({ kind: "accept_then_drop" })),
  onOrders(() => ({ kind: "accept_then_drop" })),
  onOrders(() => ({ kind: "accept_then_hang" })),
  onOrders((dice) => ({ kind: "accept_then_error", status: dice.of(SERVER_ERRORS) })),
  onOrders((dice) => ({
    ...{ kind: "html", status: dice.of([200, 403, 404, 502]), accept: dice.chance(0.5) },
  })),
  onOrders((dice) => ({ kind: "slow", delayMs: dice.of([2_000, 5_900, 12_000]) })),
  onOrders((dice, { arriveLate, jumps }) => ({
    kind: "arrive_late",
    delayMs: dice.of(arriveLate ? (jumps ? [1_000] : [1_000, 4_000, 8_000]) : [1_000]),
  })),
  onOrders((_, { arriveLate }) => ({ kind: "arrive_late", delayMs: arriveLate ? 45_000 : 500 })),
  onOrders((dice) => ({ kind: "rate_limited", retryAfterSeconds: dice.of([1, 3, 30]) })),
  onOrders(() => ({
    ...{ kind: "refuse", status: 403, code: 40310000, message: NO_MONEY },
  })),
  onOrders(() => ({ kind: "refuse", status: 422, code: 1, message: "words that nobody knows" })),
  onOrders(() => ({ kind: "refuse", status: 422, code: 42210000, message: LOST_EXIT })),
  onOrders(() => ({ kind: "refuse", status: 503, message: "service unavailable" })),
  onOrders(() => ({ kind: "refuse", status: 500, message: `no session for ${SECRET}` })),
  onOrders((dice, weather) => ({ kind: "list_lag", lagMs: lagMs(dice, weather) })),
  onOrders((dice, weather) => ({ kind: "client_id_lag", lagMs: lagMs(dice, weather) })),
  onOrders(() => ({ kind: "reject_later" })),
  onOrders((dice) => ({
    ...{ kind: "partial_fill", quantity: dice.of(["0", "1", "3"]) },
    rest: dice.of(["full", "script"] as const),
  })),
  (dice) => ({
    match: { method: "DELETE", path: "/v2/orders/*" },
    fault: { kind: "cancel_stuck" },
    times: dice.of([1, 2]),
  }),
  onReads(() => ({ kind: "drop" })),
  onReads((dice) => ({ kind: "html", status: dice.of([200, 404, 502]), accept: false })),
  onReads((dice) => ({ kind: "slow", delayMs: dice.of([1_000, 7_000]) })),
  onReads(() => ({ kind: "rate_limited", retryAfterSeconds: 2 })),
  onReads(() => ({ kind: "refuse", status: 500, message: "internal server error occurred" })),
  (dice) => ({
    match: POSITIONS,
    fault: { kind: "position_lag", lagMs: dice.of([5_000, 10_000, 20_000]) },
    times: dice.of([1, 3, 8]),
  }),
  (dice, weather) => ({
    match: LOOK_UPS,
    fault: { kind: "client_id_lag", lagMs: lagMs(dice, weather) },
    times: dice.of([1, 3]),
  }),
  (dice, weather) => ({
    match: LISTS,
    fault: { kind: "list_lag", lagMs: lagMs(dice, weather) },
    times: dice.of([1, 3]),
  }),
  onEvents({ kind: "event_lost" }),
  onEvents({ kind: "event_repeated" }),
  onEvents({ kind: "event_reordered" }),
  onEvents({ kind: "stream_cut" }),
];
