/**
 * Worlds that must fail: the same simulation with one defect between the product and its
 * surroundings. Each names the invariant that has to find it. The product has no switch for any.
 */
import type { Broker } from "../../src/broker/broker.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import type { Clock } from "../../src/core/clock.ts";
import { compare, ZERO } from "../../src/core/decimal.ts";
import type { ClaimKey, ClientOrderId } from "../../src/core/ids.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Rows } from "../../src/ledger/rows.ts";
import { SECRET } from "./broker-side.ts";
import type { Invariant } from "./checkers/violation.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { overriding, type Tampering } from "./tampering.ts";

export interface Canary {
  /** What the defective program does. */
  readonly name: string;
  readonly caughtBy: Invariant;
  /** The first one at which it was found, when that was last looked for: it is tried first. */
  readonly seed: number;
  readonly tampering: Tampering;
}

export const CANARIES: readonly Canary[] = [
  {
    name: "sends before the claim is durable",
    caughtBy: "I2",
    seed: 1,
    tampering: { disk: syncsLater },
  },
  {
    name: "goes on when the row reads PENDING",
    caughtBy: "I3",
    seed: 4,
    tampering: { ledger: goesOnWhenPending },
  },
  {
    name: "sends again after a timeout, without a read-back",
    caughtBy: "I4",
    seed: 1,
    tampering: { broker: sendsAgain },
  },
  {
    name: "takes one read that finds nothing for absence",
    caughtBy: "I4",
    seed: 191,
    tampering: { ledger: believesOneRead },
  },
  {
    name: "reopens a claim by its age",
    caughtBy: "I4",
    seed: 33,
    tampering: { ledger: reopensByAge },
  },
  {
    name: "has the quantity in the exit's key, and no reservations",
    caughtBy: "I5",
    seed: 33,
    tampering: { rows: withoutReservations },
  },
  {
    name: "reopens what was absent under a new client_order_id",
    caughtBy: "I1",
    seed: 782,
    tampering: { rows: renamesReopened, ledger: sendsAsStored },
  },
  {
    name: "sends a claim after its send deadline",
    caughtBy: "I3",
    seed: 1,
    tampering: { broker: sendsLate },
  },
  {
    name: "counts fills once for each order, and not for each execution",
    caughtBy: "I6",
    seed: 23,
    tampering: { ledger: oneFillAnOrder },
  },
  {
    name: "takes a book that is back where it was for one at rest",
    caughtBy: "I6",
    seed: 506,
    tampering: { ledger: forgetsFills },
  },
  {
    name: "takes a web page with status 404 for flat",
    caughtBy: "I4",
    seed: 117,
    tampering: { broker: believesPages },
  },
  {
    name: "sends without a claim when the store fails",
    caughtBy: "I2",
    seed: 30,
    tampering: { ledger: failsOpen },
  },
  {
    name: "completes with an old fencing number",
    caughtBy: "I4",
    seed: 281,
    tampering: { ledger: ignoresFencing },
  },
  {
    name: "goes on after an fsync that failed",
    caughtBy: "I2",
    seed: 30,
    tampering: { disk: ignoresFailedSync },
  },
  {
    name: "answers a repeat as if it were a new fill",
    caughtBy: "I6",
    seed: 2,
    tampering: { answer: skipAsNew },
  },
  {
    name: "acknowledges what no sync has reached",
    caughtBy: "I7",
    seed: 2,
    tampering: { disk: neverSyncs },
  },
  {
    name: "tells of a refusal that is not on disk",
    caughtBy: "I7",
    seed: 6,
    tampering: { disk: keepsRefusalsInMemory },
  },
  {
    name: "refuses without naming the cause",
    caughtBy: "I8",
    seed: 2,
    tampering: { answer: withoutCause },
  },
  {
    name: "blocks entries while a position is in question",
    caughtBy: "I9",
    seed: 344,
    tampering: { settings: { divergence: "block-entries" } },
  },
  {
    name: "changes an event after it was hashed",
    caughtBy: "I10",
    seed: 1,
    tampering: { disk: changesEvents },
  },
  {
    name: "passes on the broker's words without looking for the secret",
    caughtBy: "I11",
    seed: 1,
    tampering: { broker: quotesSecrets },
  },
  {
    name: "tells of an earlier order without reading those at work",
    caughtBy: "meant",
    seed: 7,
    tampering: { ledger: readsNoOrders },
  },
  {
    name: "takes buy, sell, buy for one purchase",
    caughtBy: "meant",
    seed: 7,
    tampering: { rows: withoutEpisodes },
  },
  {
    name: "forgets an order without a name once it has filled",
    caughtBy: "meant",
    seed: 13,
    tampering: { ledger: withoutWindow },
  },
  {
    name: "books what a look-up has found without its time",
    caughtBy: "meant",
    seed: 33,
    tampering: { ledger: withoutTimes },
  },
  {
    name: "forgets claims that nobody waits for",
    caughtBy: "liveness",
    seed: 2,
    tampering: { ledger: forgetsClaims },
  },
];

const SYNC_DELAY_MS = 40;

function syncsLater(disk: SimulatedDisk, later: (delayMs: number, action: () => void) => void) {
  const sync = disk.sync.bind(disk);
  disk.sync = () => later(SYNC_DELAY_MS, sync);
}

function ignoresFailedSync(disk: SimulatedDisk) {
  const commit = disk.commit.bind(disk);
  disk.commit = (isDurable, rows, run) => {
    const isLost = disk.fault === "sync_fails";
    return commit(isDurable && !isLost, rows, run);
  };
}

function goesOnWhenPending(ledger: Ledger): Ledger {
  return overriding(ledger, {
    claim: async (request) => {
      const decision = await ledger.claim(request);
      if (decision.kind !== "pending" || decision.phase !== "in_flight") return decision;
      return { kind: "proceed", claim: decision.claim, reopened: false };
    },
  });
}

function failsOpen(ledger: Ledger): Ledger {
  const unwritten = new Map<string, Claim>();
  return overriding(ledger, {
    claim: async (request) => {
      try {
        return await ledger.claim(request);
      } catch {
        const decision = await ledger.preview(request);
        if (decision.kind === "proceed") {
          unwritten.set(decision.claim.key.requestId, decision.claim);
        }
        return decision;
      }
    },
    claimOf: async (key) => (await ledger.claimOf(key)) ?? unwritten.get(key.requestId),
  });
}

function sendsAgain(broker: Broker): Broker {
  return overriding(broker, {
    submit: async (request) => {
      const outcome = await broker.submit(request);
      return outcome.kind === "ambiguous" ? broker.submit(request) : outcome;
    },
  });
}

function forgetsFills(ledger: Ledger): Ledger {
  return overriding(ledger, {
    scan: async (scan) => ({ events: [], reached: scan.after, isOver: true }),
  });
}

function sendsLate(broker: Broker, clock: Clock): Broker {
  return overriding(broker, {
    submit: async (request) => {
      await clock.sleep(5_500);
      return broker.submit(request);
    },
  });
}

function believesOneRead(ledger: Ledger): Ledger {
  return overriding(ledger, {
    record: async (key, command) => {
      if (command.type !== "not_found") return ledger.record(key, command);
      return proveAbsent(ledger, key, command);
    },
  });
}

const PATIENCE_MS = 7_000;

function reopensByAge(ledger: Ledger): Ledger {
  return overriding(ledger, {
    claim: async (request) => {
      const decision = await ledger.claim(request);
      if (decision.kind !== "pending" || decision.phase !== "unknown") return decision;
      const { key, openedAt } = decision.claim;
      const { now, policy } = request;
      if (now - openedAt < PATIENCE_MS) return decision;
      await proveAbsent(ledger, key, {
        type: "not_found",
        scope: "single",
        readAt: now,
        policy,
        now,
      });
      return ledger.claim(request);
    },
  });
}

/** What the proof of absence asks for, made of a single read. */
async function proveAbsent(
  ledger: Ledger,
  key: ClaimKey,
  command: RecordCommand & { readonly type: "not_found" },
) {
  const policy = { ...command.policy, absenceWindowMs: 1, postDeadlineMs: 1 };
  const far = command.readAt + 60_000;
  const read = (scope: "single" | "list", readAt: number) =>
    ledger.record(key, { ...command, policy, scope, readAt, isFirst: false });
  for (const readAt of [far, far + 10, far + 20, far + 30]) await read("single", readAt);
  return read("list", far + 40);
}

/** Until a transaction begins to write, every book looks as if nothing of it were reserved. */
function withoutReservations(rows: Rows): Rows {
  let writes = false;
  return overriding(rows, {
    book: (account, symbol) => {
      const book = rows.book(account, symbol);
      return writes ? book : { ...book, reservations: [] };
    },
    append: (event, at) => {
      writes = true;
      rows.append(event, at);
    },
    saveBook: (book) => {
      writes = false;
      rows.saveBook(book);
    },
  });
}

function renamesReopened(rows: Rows): Rows {
  const renamed = new Map<string, ClientOrderId>();
  let times = 0;
  return overriding(rows, {
    append: (event, at) => {
      const { body } = event;
      if (event.subject !== "claim" || body.type !== "reopened") return rows.append(event, at);
      times += 1;
      const clientOrderId = `${body.clientOrderId}${times}` as ClientOrderId;
      renamed.set(event.key.requestId, clientOrderId);
      rows.append({ ...event, body: { ...body, clientOrderId } }, at);
    },
    saveClaim: (claim, before) => {
      const clientOrderId = renamed.get(claim.key.requestId);
      const isOpen = claim.status === "OPEN" && clientOrderId !== undefined;
      rows.saveClaim(isOpen ? { ...claim, clientOrderId } : claim, before);
    },
  });
}

function sendsAsStored(ledger: Ledger): Ledger {
  return overriding(ledger, {
    claim: async (request) => {
      const decision = await ledger.claim(request);
      if (decision.kind !== "proceed") return decision;
      const claim = (await ledger.claimOf(decision.claim.key)) ?? decision.claim;
      return { ...decision, claim };
    },
  });
}

function oneFillAnOrder(ledger: Ledger): Ledger {
  return overriding(ledger, {
    record: async (key, command) => {
      if (command.type !== "order") return ledger.record(key, command);
      const known = await ledger.claimOf(key);
      const { order } = command;
      if (known === undefined || compare(known.bookedQuantity, ZERO) === 0) {
        return ledger.record(key, command);
      }
      const filledQuantity = known.bookedQuantity;
      return ledger.record(key, { ...command, order: { ...order, filledQuantity } });
    },
  });
}

function ignoresFencing(ledger: Ledger): Ledger {
  return overriding(ledger, {
    record: async (key, command) => {
      if (!("fencing" in command)) return ledger.record(key, command);
      const fencing = (await ledger.claimOf(key))?.fencing ?? command.fencing;
      return ledger.record(key, { ...command, fencing });
    },
  });
}

function believesPages(broker: Broker): Broker {
  return overriding(broker, {
    position: async (symbol, purpose) => {
      const lookup = await broker.position(symbol, purpose);
      const isPage = lookup.kind === "unknown" && lookup.reason.includes("404");
      return isPage ? { kind: "flat" } : lookup;
    },
  });
}

function skipAsNew(answer: OrderAnswer): OrderAnswer {
  if (answer.status !== "SKIP" || answer.receipt.brokerOrderId === null) return answer;
  const { brokerOrderId, clientOrderId } = answer.receipt;
  const order = { brokerOrderId, clientOrderId } as never;
  return { status: "PROCEED", requestId: answer.requestId, clientOrderId, order, wire: null };
}

function neverSyncs(disk: SimulatedDisk) {
  disk.sync = () => undefined;
}

function keepsRefusalsInMemory(disk: SimulatedDisk) {
  const commit = disk.commit.bind(disk);
  disk.commit = (isDurable, rows, run) => {
    const before = disk.rows.events.length;
    const value = commit(false, rows, run);
    const isRefusal = disk.rows.events.slice(before).some(({ body }) => body.type === "refused");
    if (isDurable && !isRefusal) disk.sync();
    return value;
  };
}

function withoutCause(answer: OrderAnswer): OrderAnswer {
  return answer.status === "BLOCKED" ? { ...answer, cause: null } : answer;
}

function changesEvents({ rows }: SimulatedDisk): void {
  const append = rows.append.bind(rows);
  rows.append = (event, at) => {
    append(event, at);
    const last = rows.events.pop();
    if (last !== undefined) rows.events.push({ ...last, at: at + 1 });
  };
}

function quotesSecrets(broker: Broker): Broker {
  return overriding(broker, {
    submit: async (request) => {
      const outcome = await broker.submit(request);
      return outcome.kind === "ambiguous" ? { ...outcome, reason: `sent with ${SECRET}` } : outcome;
    },
  });
}

export function readsNoOrders(ledger: Ledger): Ledger {
  return overriding(ledger, {
    claim: (request) => ledger.claim({ ...request, unread: request.unread ?? [] }),
  });
}

/** Whatever life of the position an equal order was of, it is of the one that is asked about. */
function withoutEpisodes(rows: Rows): Rows {
  return overriding(rows, {
    equals: (account, agent, fingerprint, episode, wanted) => {
      const episodes = Array.from({ length: episode + 1 }, (_, before) => episode - before);
      const equals = episodes.flatMap((one) =>
        rows.equals(account, agent, fingerprint, one, wanted),
      );
      return equals.map((claim) => ({ ...claim, episode }));
    },
  });
}

export function withoutWindow(ledger: Ledger): Ledger {
  return overriding(ledger, {
    claim: (request) =>
      ledger.claim({ ...request, policy: { ...request.policy, dedupeWindowMs: 0 } }),
  });
}

/** Which of two lives an exit or an entry was of, its time alone may tell. */
function withoutTimes(ledger: Ledger): Ledger {
  return overriding(ledger, {
    record: (key, command) =>
      command.type === "order" && command.source === "read_back"
        ? ledger.record(key, { ...command, filledAt: undefined })
        : ledger.record(key, command),
  });
}

function forgetsClaims(ledger: Ledger): Ledger {
  return overriding(ledger, { unsettledClaims: () => Promise.resolve([]) });
}
