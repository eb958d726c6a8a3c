/**
 * The model: agents, their processes and a broker around the pure core. Commands are chosen by
 * fast-check; what they make happen is checked against the broker's own truth in model-checks.ts.
 */
import fc from "fast-check";
import { episodeOf } from "../../src/book/book.ts";
import type { BlockCode } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder, EvidenceSource, SubmitOutcome } from "../../src/claim/evidence.ts";
import { isLive } from "../../src/claim/transitions.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { AGENT, buy, OTHER_AGENT, refusal, sell, underBotId, underRequestId } from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { latest, ModelBroker, type ModelOrder } from "./model-broker.ts";

const BAR = { bar: "13:42", stage: "base" };

/**
 * What the agents want: equal, nearly equal and conflicting intents of every kind of identity. Equal
 * terms always come with the same kind: one agent does not mix them.
 */
export const INTENTS: readonly Intent[] = [
  buy("6"),
  buy("6"),
  buy("2"),
  sell("6"),
  sell("4"),
  sell("10"),
  buy("5", { anchor: BAR }),
  buy("5", { anchor: BAR }),
  buy("3", { anchor: BAR }),
  sell("5", { anchor: { episode: 1, leg: "all" } }),
  buy("4", underBotId("bot-1")),
  buy("4", underBotId("bot-2")),
  buy("1", underBotId("bot-1")),
  sell("3", underRequestId("request-2")),
  sell("3", underRequestId("request-1")),
];

/** The place in INTENTS of one that both agents may send under the same client_order_id. */
export const SAME_BOT_ID = INTENTS.findIndex(({ clientOrderId }) => clientOrderId === "bot-1");

/** What the broker and the network make of one POST. */
export const FATES = [
  "accepted",
  "filled",
  "filled_without_price",
  "landed_and_lost",
  "lost",
  "refused",
  "not_sent",
  "rate_limited",
] as const;
type Fate = (typeof FATES)[number];

export type Command =
  | { readonly do: "claim"; readonly intent: number; readonly other: boolean }
  | {
      readonly do: "send";
      readonly right: number;
      readonly fate: Fate;
      readonly lagMs: number;
      readonly callerWaits: boolean;
      readonly report: "now" | "later" | "never";
    }
  | { readonly do: "deliver"; readonly which: number; readonly keep: boolean }
  | { readonly do: "conclude"; readonly right: number }
  | { readonly do: "tell"; readonly right: number; readonly answer: "certain" | "pending" }
  | {
      readonly do: "read";
      readonly order: number;
      readonly age: number;
      readonly priced: boolean;
      readonly source: EvidenceSource;
    }
  | {
      readonly do: "look";
      readonly claim: number;
      readonly scope: "single" | "list";
      readonly later: boolean;
    }
  | { readonly do: "seek"; readonly claim: number; readonly pauseMs: number }
  | { readonly do: "expire"; readonly claim: number }
  | { readonly do: "fill"; readonly order: number; readonly shares: number; readonly price: number }
  | {
      readonly do: "end";
      readonly order: number;
      readonly status: "canceled" | "expired" | "pending_cancel";
    }
  | { readonly do: "wait"; readonly ms: number };

const place = fc.nat({ max: 11 });
/** Newest first: most of what happens concerns what happened last. */
const recent = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, place);

function command<Kind extends Command["do"]>(
  kind: Kind,
  rest: {
    [Field in keyof Omit<Extract<Command, { do: Kind }>, "do">]: fc.Arbitrary<
      Extract<Command, { do: Kind }>[Field]
    >;
  },
): fc.Arbitrary<Command> {
  return fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Command>;
}

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: command("claim", {
      intent: fc.nat({ max: INTENTS.length - 1 }),
      other: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 7,
    arbitrary: command("send", {
      right: recent,
      fate: fc.constantFrom(...FATES),
      lagMs: fc.constantFrom(0, 300, 14_000),
      callerWaits: fc.boolean(),
      report: fc.constantFrom("now", "now", "later", "never"),
    }),
  },
  { weight: 2, arbitrary: command("deliver", { which: place, keep: fc.boolean() }) },
  command("conclude", { right: recent }),
  command("tell", { right: recent, answer: fc.constantFrom("certain", "pending") }),
  {
    weight: 4,
    arbitrary: command("read", {
      order: recent,
      age: fc.oneof(fc.constant(0), fc.nat({ max: 4 })),
      priced: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      source: fc.constantFrom("read_back", "poll", "stream"),
    }),
  },
  {
    weight: 4,
    arbitrary: command("look", {
      claim: recent,
      scope: fc.constantFrom("single", "single", "single", "list"),
      later: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 2,
    arbitrary: command("seek", { claim: recent, pauseMs: fc.constantFrom(1_000, 8_000) }),
  },
  command("expire", { claim: recent }),
  {
    weight: 4,
    arbitrary: command("fill", {
      order: recent,
      shares: fc.integer({ min: 1, max: 6 }),
      price: fc.integer({ min: 70, max: 80 }),
    }),
  },
  {
    weight: 2,
    arbitrary: command("end", {
      order: recent,
      status: fc.constantFrom("canceled", "expired", "pending_cancel"),
    }),
  },
  {
    weight: 3,
    arbitrary: command("wait", { ms: fc.constantFrom(10, 900, 5_000, 16_000, 46_000) }),
  },
);

/** The permission that one `proceed` gave. */
export interface Right {
  readonly claim: Claim;
  /** A fresh read must find nothing before the next POST. */
  mustLook: boolean;
  /** Whether the last POST is over and certainly was not processed. */
  idle: boolean;
}

export interface World {
  readonly ledger: MemoryLedger;
  readonly broker: ModelBroker;
  readonly rights: Right[];
  /** Reports under way: answers of POSTs, and reads that were begun earlier. */
  readonly reports: (() => void)[];
  /** Every refusal that was given. */
  readonly blocks: { readonly code: BlockCode; readonly named: boolean }[];
  /** Explicit ids that were believed while an equal intent of the same agent had no answer. */
  readonly hasty: Claim[];
}

export const OPENING_SHARES = 10;

export function newWorld(): World {
  const ledger = new MemoryLedger().adopt(String(OPENING_SHARES), "75");
  return { ledger, broker: new ModelBroker(), rights: [], reports: [], blocks: [], hasty: [] };
}

/** The `index`-th newest. */
function newest<Item>(items: readonly Item[], index: number): Item | undefined {
  return items.length === 0 ? undefined : items[items.length - 1 - (index % items.length)];
}

export function perform(world: World, step: Command): void {
  const { ledger, broker } = world;
  switch (step.do) {
    case "claim":
      claim(world, step);
      break;
    case "send":
      send(world, step);
      break;
    case "deliver":
      deliver(world, step);
      break;
    case "conclude":
      conclude(world, newest(world.rights, step.right));
      break;
    case "tell":
      tell(world, newest(world.rights, step.right), step.answer);
      break;
    case "read":
      read(world, newest(broker.orders, step.order), step);
      break;
    case "look":
      look(world, newest([...ledger.claims.values()], step.claim), step);
      break;
    case "seek":
      seek(world, newest([...ledger.claims.values()], step.claim), step.pauseMs);
      break;
    case "expire":
      expire(world, newest([...ledger.claims.values()], step.claim));
      break;
    case "fill":
    case "end":
      trade(broker, newest(broker.orders, step.order), step);
      break;
    case "wait":
      ledger.after(step.ms);
  }
}

function trade(
  broker: ModelBroker,
  order: ModelOrder | undefined,
  step: Command & { do: "fill" | "end" },
): void {
  if (order === undefined) return;
  if (step.do === "fill") broker.fill(order, step.shares, step.price);
  else broker.end(order, step.status);
}

function tell(world: World, right: Right | undefined, answer: "certain" | "pending"): void {
  if (right !== undefined) world.ledger.tell(right.claim, answer);
}

function claim(world: World, step: Command & { do: "claim" }): void {
  const intent = INTENTS[step.intent] ?? INTENTS[0];
  if (intent === undefined) return;
  const agent = step.other ? OTHER_AGENT : AGENT;
  const before = [...world.ledger.claims.values()];
  const episode = episodeOf(world.ledger.book(), intent.effect);
  const decision = world.ledger.claim({ ...intent, agent });
  if (decision.kind === "blocked") {
    const { code, cause } = decision.block;
    world.blocks.push({ code, named: cause !== null });
  }
  if (decision.kind !== "proceed") return;
  const { claim: mine, reopened } = decision;
  world.rights.push({ claim: mine, mustLook: reopened, idle: true });
  const ahead = before.some(
    (other) =>
      other.key.requestId !== mine.key.requestId &&
      other.key.agent === agent &&
      other.fingerprint === mine.fingerprint &&
      other.episode === episode &&
      isLive(other.status) &&
      other.brokerOrderId === null,
  );
  if (ahead && mine.identity === "explicit") world.hasty.push(mine);
}

/** As the gateway does: deadline, owner and a fresh look right before the POST. */
function send(world: World, step: Command & { do: "send" }): void {
  const { ledger, broker } = world;
  const right = newest(world.rights, step.right);
  if (right === undefined || !right.idle) return;
  const { claim: mine } = right;
  const current = ledger.get(mine.key);
  const permitted = current.fencing === mine.fencing && current.status === "OPEN";
  if (!permitted || ledger.now >= mine.sendDeadline) return;
  const found = right.mustLook ? broker.find(mine.clientOrderId, ledger.now) : undefined;
  if (found !== undefined) {
    ledger.read(mine, found, "read_back");
    return;
  }
  const outcome = post(world, mine, step);
  const harmless = outcome.kind === "not_sent" || outcome.kind === "rate_limited";
  right.idle = harmless && step.report === "now";
  right.mustLook ||= outcome.kind === "rate_limited";
  const report = () => void ledger.answer(mine, outcome, step.callerWaits);
  if (step.report === "now") report();
  if (step.report === "later") world.reports.push(report);
}

function post(world: World, mine: Claim, step: Command & { do: "send" }): SubmitOutcome {
  const { ledger, broker } = world;
  switch (step.fate) {
    case "lost":
      return { kind: "ambiguous", reason: "connection reset" };
    case "not_sent":
      return { kind: "not_sent", reason: "connection refused" };
    case "rate_limited":
      return { kind: "rate_limited", retryAfterMs: 900, message: "too many requests" };
    default:
  }
  if (broker.named(mine.clientOrderId) !== undefined) {
    return { kind: "id_taken", message: "client_order_id must be unique" };
  }
  if (step.fate === "refused") return { kind: "refused", refusal: refusal() };
  const order = broker.take(mine, ledger.now, step.lagMs);
  if (order === undefined) throw new Error("the id was free");
  if (step.fate === "landed_and_lost") return { kind: "ambiguous", reason: "timeout" };
  if (step.fate !== "accepted") broker.fill(order, 100, 75);
  const shown = latest(order);
  return {
    kind: "accepted",
    order: step.fate === "filled_without_price" ? { ...shown, filledAveragePrice: null } : shown,
  };
}

function deliver(world: World, step: Command & { do: "deliver" }): void {
  const report = newest(world.reports, step.which);
  if (report === undefined) return;
  if (!step.keep) world.reports.splice(world.reports.indexOf(report), 1);
  report();
}

function conclude(world: World, right: Right | undefined): void {
  if (right?.idle === true) world.ledger.conclude(right.claim);
}

function read(world: World, order: ModelOrder | undefined, step: Command & { do: "read" }): void {
  if (order === undefined) return;
  const shown = order.history[Math.max(0, order.history.length - 1 - step.age)] ?? latest(order);
  const seen = step.priced ? shown : { ...shown, filledAveragePrice: null };
  tellClaims(world, order, seen, step.source);
}

/** Every claim that has the order's client_order_id is shown it. */
export function tellClaims(
  { ledger }: World,
  order: ModelOrder,
  shown: BrokerOrder,
  source: EvidenceSource,
): void {
  for (const known of ledger.claims.values()) {
    if (known.clientOrderId === latest(order).clientOrderId) ledger.read(known, shown, source);
  }
}

function look(
  world: World,
  sought: Claim | undefined,
  step: { readonly scope: "single" | "list"; readonly later: boolean },
): void {
  if (sought === undefined) return;
  const { ledger, broker } = world;
  const readAt = ledger.now;
  const found = broker.find(sought.clientOrderId, readAt);
  const report = () => {
    if (found === undefined) ledger.notFound(sought, step.scope, readAt);
    else ledger.read(sought, found, "read_back");
  };
  if (step.later) world.reports.push(report);
  else report();
}

/** Three single reads and a scan of the list, as a process does that looks for a lost order. */
function seek(world: World, sought: Claim | undefined, pauseMs: number): void {
  for (const scope of ["single", "single", "single", "list"] as const) {
    look(world, sought, { scope, later: false });
    world.ledger.after(scope === "single" ? pauseMs : 0);
  }
}

function expire(world: World, overdue: Claim | undefined): void {
  if (overdue === undefined) return;
  const { ledger } = world;
  const { postDeadlineMs } = ledger.policy;
  ledger.record(overdue.key, { type: "expiry", now: ledger.now, postDeadlineMs });
}
