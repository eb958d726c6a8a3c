/** Histories with everything that a ledger can be asked to do, drawn step by step. */
import fc from "fast-check";
import type { Claim } from "../../src/claim/claim.ts";
import type { GuardCommand } from "../../src/claim/decide-guard.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { type DecimalText, decimal } from "../../src/core/decimal.ts";
import type { AccountId, BrokerOrderId, ClaimKey, ClientOrderId } from "../../src/core/ids.ts";
import { GUARD_ACCOUNT, type RequestId } from "../../src/core/ids.ts";
import { comboLegs } from "../../src/identity/combo.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { CALL, PUT } from "../claim/combo-builders.ts";
import { claimOf, doubt, evidence, KEY, release, settle } from "../claim/guard-commands.ts";
import {
  ACCOUNT,
  absenceReads,
  brokerOrder,
  claimCommand,
  filledOrder,
  ORDER_COMMANDS,
  orderRead,
  POLICY,
  pendingNote,
  START,
} from "./sample-commands.ts";

const ACCOUNTS: readonly AccountId[] = [ACCOUNT, "account-2" as AccountId];
const ACTIONS = ["invoice-1", "invoice-2"] as readonly string[] as readonly RequestId[];
export const HELD = [
  { symbol: "TQQQ", quantity: decimal("3"), averagePrice: decimal("70") },
  { symbol: "SQQQ", quantity: decimal("-2"), averagePrice: decimal("20") },
];

function leg(parent: Claim, name: string, fields: Partial<BrokerOrder>): BrokerOrder {
  const id = `${name}-of-${parent.clientOrderId}`;
  return brokerOrder(parent, {
    ...{ brokerOrderId: id as BrokerOrderId, clientOrderId: id as ClientOrderId },
    ...{ side: parent.intent.side === "buy" ? "sell" : "buy", type: "limit", ...fields },
  });
}

/** The order with the legs of a bracket, or with those of a combo, filled for so much. */
function withLegs(claim: Claim, filled: string, areOver: boolean): BrokerOrder {
  const order = filledOrder(claim, filled);
  const sides = comboLegs(claim.intent);
  if (sides !== undefined) {
    const done = { filledQuantity: decimal(filled), filledAveragePrice: decimal("2") };
    const legs = sides.map(({ symbol, side }) =>
      leg(claim, symbol, { ...done, symbol, side, status: areOver ? "filled" : order.status }),
    );
    return { ...order, legs };
  }
  const sold = {
    status: "filled",
    filledQuantity: decimal(filled),
    filledAveragePrice: decimal("60"),
  };
  const legs = [
    leg(claim, "profit", areOver ? sold : {}),
    leg(claim, "stop", areOver ? { status: "canceled" } : { status: "held" }),
  ];
  return { ...order, legs };
}

function wanted({ intent }: Claim): DecimalText {
  return intent.quantity ?? decimal("1");
}

function replaced(claim: Claim): RecordCommand {
  const next = `next-${claim.brokerOrderId}`;
  const order = brokerOrder(claim, {
    ...{ status: "replaced", replacedBy: next as BrokerOrderId },
    ...(claim.brokerOrderId !== null && { brokerOrderId: claim.brokerOrderId }),
  });
  const successor = brokerOrder(claim, {
    ...{ brokerOrderId: next as BrokerOrderId, clientOrderId: `id-${next}` as ClientOrderId },
    replaces: order.brokerOrderId,
  });
  return { type: "replaced", order, successor, source: "poll", now: START };
}

/** What may become of a claim's order. */
export const RECORDS: readonly ((claim: Claim) => RecordCommand)[] = [
  ...ORDER_COMMANDS,
  (claim) => orderRead({ ...filledOrder(claim, "1"), status: "canceled" }),
  (claim) => orderRead(withLegs(claim, wanted(claim), false)),
  (claim) => orderRead(withLegs(claim, wanted(claim), true)),
  (claim) => orderRead(withLegs(claim, "1", false)),
  (claim) => {
    const outcome = { kind: "accepted", order: withLegs(claim, wanted(claim), false) } as const;
    return { type: "answer", fencing: claim.fencing, outcome, now: START, callerWaits: true };
  },
  (claim) => {
    const outcome = { kind: "accepted", order: filledOrder(claim, wanted(claim)) } as const;
    return { type: "answer", fencing: claim.fencing, outcome, now: START, callerWaits: false };
  },
  replaced,
  ({ replacing }) => ({
    ...{ type: "replace_dropped", reason: "refused", isOrderAsItWas: true, now: START },
    clientOrderId: replacing?.clientOrderId ?? ("none" as ClientOrderId),
    busyUntil: replacing?.busyUntil ?? START,
  }),
  ({ fencing }) => ({ type: "told", fencing, answer: "pending", now: START }),
  ({ fencing }) => ({ type: "told", fencing, answer: "certain", now: START }),
  () => ({ type: "expiry", postDeadlineMs: 6_000, now: START }),
  () => ({ type: "overdue", now: START }),
  () => ({ type: "overdue", isMissing: true, now: START }),
  ...absenceReads(START).map((read) => () => read),
];

/** What may be said of an action that is no order. */
const GUARD_COMMANDS: readonly GuardCommand[] = [
  claimOf(),
  claimOf({ tokenHash: "token-2" }),
  settle(),
  settle({ tokenHash: "token-2", outcome: "rejected" }),
  release(),
  release({ tokenHash: "token-2" }),
  doubt(),
  evidence(),
  evidence({ outcome: "absent", provenance: "operator" }),
  { type: "lapse", now: START },
];

/** By whom, of those that are asked. */
interface By {
  readonly by: number;
}

export type Step = By &
  (
    | { readonly do: "claim"; readonly intent: object; readonly agent: number }
    | { readonly do: "record"; readonly which: number; readonly command: number }
    | { readonly do: "replace"; readonly which: number; readonly quantity: string | null }
    | { readonly do: "note"; readonly which: number }
    | { readonly do: "judge"; readonly which: number; readonly quantity: string }
    | {
        readonly do: "compare";
        readonly symbol: string;
        readonly quantity: string;
        readonly isAdopted: boolean;
      }
    | { readonly do: "report"; readonly subject: string; readonly isOver: boolean }
    | { readonly do: "word"; readonly id: number; readonly word: number }
    | { readonly do: "open" }
    | { readonly do: "guard"; readonly action: number; readonly command: number }
    | { readonly do: "list" }
  );

const MLEG = (sides: readonly [string, string]) => ({
  ...{ symbol: "MLEG", side: "buy", effect: "open" },
  extension: {
    order_class: "mleg",
    legs: [CALL, PUT].map((symbol, index) => ({ symbol, ratio_qty: "1", side: sides[index] })),
  },
});
const side = fc.constantFrom<object>(
  { side: "buy", effect: "open" },
  { side: "buy" },
  { side: "sell" },
  { side: "sell", effect: "close" },
  { side: "sell", effect: "close", requestId: "exit" },
  { side: "buy", effect: "open", requestId: "entry" },
  { side: "buy", effect: "open", requestId: "entry-2" },
  { side: "buy", effect: "open", anchor: { bar: "2026-05-21T13:45:00Z", stage: "add" } },
  { side: "sell", effect: "close", anchor: { episode: 1, leg: "stop" } },
  { side: undefined, effect: undefined, quantity: undefined, portion: "all" },
  { side: undefined, effect: undefined, quantity: undefined, portion: "all", requestId: "flat" },
  { side: undefined, effect: undefined, quantity: undefined, portion: "50%" },
  MLEG(["buy", "sell"]),
  MLEG(["sell", "buy"]),
);
export const symbol = fc.constantFrom("TQQQ", "SQQQ");
const quantity = fc.constantFrom("1", "2", "3");
const net = fc.constantFrom("0", "1", "3", "-2");
const extension = fc.constantFrom(undefined, undefined, {
  ...{ order_class: "bracket", take_profit: { limit_price: "60" } },
  stop_loss: { stop_price: "40" },
});
export const intent = fc
  .tuple(side, quantity, symbol, extension)
  .map(([terms, amount, of, more]) => ({
    ...{ quantity: amount, symbol: of },
    ...(more === undefined || "portion" in terms ? {} : { extension: more }),
    ...terms,
  }));
const by = fc.nat({ max: 2 });
const which = fc.nat({ max: 4 });
const doing = <Do extends Step["do"]>(it: Do) => ({ do: fc.constant(it), by });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ...doing("claim"), intent, agent: fc.nat({ max: 2 }) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      ...{ ...doing("record"), which, command: fc.nat({ max: RECORDS.length - 1 }) },
    }),
  },
  fc.record({ ...doing("replace"), which, quantity: fc.option(quantity) }),
  fc.record({ ...doing("note"), which }),
  fc.record({ ...doing("judge"), which, quantity: net }),
  fc.record({ ...doing("compare"), symbol, quantity: net, isAdopted: fc.boolean() }),
  fc.record({
    ...{ ...doing("report"), subject: fc.constantFrom("order x", "order y") },
    isOver: fc.boolean(),
  }),
  fc.record({ ...doing("word"), id: fc.integer({ min: 1, max: 3 }), word: fc.nat({ max: 3 }) }),
  fc.record(doing("open")),
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ ...doing("guard"), action: fc.nat({ max: ACTIONS.length - 1 }) },
      command: fc.nat({ max: GUARD_COMMANDS.length - 1 }),
    }),
  },
  fc.record(doing("list")),
);

export const histories = fc.array(step, { minLength: 5, maxLength: 60, size: "medium" });

/** Everything that a ledger tells. */
export async function told(ledger: Ledger) {
  const ofAccount = async (account: AccountId) => {
    const { claims } = await ledger.claims({ account, limit: 500 });
    const orders = claims.flatMap(({ brokerOrderId }) => brokerOrderId ?? []);
    const symbols = ["TQQQ", "SQQQ", CALL, PUT];
    return {
      claims,
      unsettled: await ledger.unsettledClaims(account),
      byKey: await ledger.claimsOf(claims.map(({ key }) => key)),
      holders: await Promise.all(orders.map((order) => ledger.claimOfOrder(account, order))),
      counts: await ledger.countByStatus(account),
      books: await ledger.books(account),
      each: await Promise.all(symbols.map((of) => ledger.book(account, of))),
      incidents: await ledger.incidents(account),
      open: await ledger.incidents(account, { isOpen: true, symbol: "TQQQ" }),
    };
  };
  const unsettledGuards = await ledger.unsettledGuardClaims(0, 10);
  return {
    of: await Promise.all([...ACCOUNTS, GUARD_ACCOUNT].map(ofAccount)),
    accounts: await ledger.accounts(),
    guards: await ledger.guardClaimsOf(ACTIONS.map((requestId) => ({ ...KEY, requestId }))),
    // Their numbers are the store's own, and may have gaps.
    unsettledGuards: unsettledGuards.map(({ claim }) => claim),
    guardCount: await ledger.countGuardClaims(),
    events: await ledger.events({ limit: 10_000 }),
    checkpoints: await ledger.checkpoints(0, 10),
    login: await ledger.knownAccount("login"),
  };
}

/** Takes the steps on the ledgers, and says after each what came of it. */
export class DrawnWalk {
  readonly ledgers: Ledger[];
  readonly #keys: ClaimKey[];

  /** Goes on where `before`, on the same ledger or on a copy of it, has come to. */
  constructor(ledgers: readonly Ledger[], before?: DrawnWalk) {
    this.ledgers = [...ledgers];
    this.#keys = before === undefined ? [] : [...before.#keys];
  }

  take(step: Step, now: number): Promise<unknown> {
    return this.#take(step, now).catch((error: unknown) => String(error));
  }

  async #take(step: Step, now: number): Promise<unknown> {
    const ledger = this.ledgers[step.by % this.ledgers.length] as Ledger;
    switch (step.do) {
      case "list":
        return told(ledger);
      case "claim":
        return this.#claim(ledger, step.intent, step.agent, now);
      case "compare": {
        const compared = await this.#compared(ledger, step.symbol, step.quantity, now);
        const policy = step.isAdopted ? "adopt" : "observe";
        return ledger.compare(ACCOUNT, step.symbol, { ...compared, policy });
      }
      case "report": {
        const { subject } = step;
        const reported = { summary: "odd", next: "look" } as const;
        const report = { kind: "unknown_order", subject, ...reported } as const;
        const end = { verdict: "by_operator", provenance: "operator", reason: "seen" } as const;
        if (step.isOver) return ledger.endIncident(ACCOUNT, subject, end, now);
        await ledger.beginIncident(ACCOUNT, "TQQQ", report, now);
        return ledger.addEvidence(ACCOUNT, subject, { text: `${now}`, next: "look" }, now);
      }
      case "word":
        return this.#word(ledger, step.id, step.word, now);
      case "open":
        return ledger.adoptOpening(ACCOUNTS[step.by % 2] as AccountId, HELD, now);
      case "guard": {
        const key = { ...KEY, requestId: ACTIONS[step.action] as RequestId };
        return ledger.guard(key, { ...(GUARD_COMMANDS[step.command] as GuardCommand), now });
      }
      default:
        return this.#ofClaim(ledger, step, now);
    }
  }

  async #claim(ledger: Ledger, intent: object, agent: number, now: number) {
    const policy = { ...POLICY, allowShort: agent === 1 };
    const account = ACCOUNTS[agent === 2 ? 1 : 0] as AccountId;
    const command = claimCommand(intent as Partial<IntentInput>, { now, policy, account });
    const decision = await ledger.claim(command);
    if (decision.kind === "proceed") this.#keys.push(decision.claim.key);
    return decision;
  }

  async #ofClaim(
    ledger: Ledger,
    step: Extract<Step, { readonly which: number }>,
    now: number,
  ): Promise<unknown> {
    const key = this.#keys.at(-1 - step.which);
    const claim = key && (await ledger.claimOf(key));
    if (claim === undefined) return undefined;
    switch (step.do) {
      case "note":
        ledger.note(pendingNote(claim), now);
        // Others would write before it.
        return ledger.lastSequence();
      case "record": {
        const command = RECORDS[step.command]?.(claim) as RecordCommand;
        return ledger.record(claim.key, { ...command, now });
      }
      case "replace":
        return ledger.requestReplace(claim.key, {
          ...{ clientOrderId: `again-${now}` as ClientOrderId, busyUntil: now + 5_000, now },
          order: brokerOrder(claim, { brokerOrderId: claim.brokerOrderId as BrokerOrderId }),
          quantity: step.quantity === null ? null : decimal(step.quantity),
        });
      case "judge": {
        const read = await this.#compared(ledger, claim.intent.symbol, step.quantity, now);
        return ledger.judge(claim.key, {
          ...{ ...read, fencing: claim.fencing, isExplained: false },
        });
      }
    }
  }

  async #compared(ledger: Ledger, symbol: string, quantity: string, now: number) {
    const held = decimal(quantity);
    const read = { quantity: held, available: held, averagePrice: decimal("70") };
    return {
      reads: [20_000, 10_000].map((ago) => ({ ...read, at: now - ago })),
      bookNet: (await ledger.book(ACCOUNT, symbol)).net,
      ...{ seenThrough: await ledger.lastSequence(), movedAt: null, now },
    };
  }

  async #word(ledger: Ledger, id: number, word: number, now: number): Promise<unknown> {
    const account = word === 3 ? GUARD_ACCOUNT : ACCOUNT;
    const incident = await ledger.incident(account, id);
    if (incident === undefined) return undefined;
    const { net } = await ledger.book(account, incident.symbol);
    const confirmed = { net: decimal("4"), averagePrice: decimal("71"), bookNet: net };
    return ledger.resolveIncident(account, id, {
      ...{ version: incident.version, by: "ann", reason: "seen", now },
      endClaimAs: ([null, "absent", null, "done"] as const)[word] ?? null,
      ...(word === 2 && { position: { ...confirmed, isToBeClosed: false } }),
    });
  }
}
