/**
 * Whether a book holds yet what an incident has taken over into it: only that is to be closed. What
 * is held since the position was flat is another position, and where the book came to agree with
 * the broker by fills of our own nothing was taken over.
 */
import { MOVES } from "../claim/claim-event.ts";
import { add, type DecimalText, isZero, negate, signOf, ZERO } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";
import type { Incident } from "../incident/incident.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";

export interface TakenOverPorts {
  readonly account: AccountId;
  readonly ledger: Pick<Ledger, "claimOf" | "lastSequence" | "scan">;
}

const TYPES = [...MOVES, "incident_opened"] as const;
const PAGE = 100;
/** So many looks go back over far more than comes between an adoption and the end of its close. */
const LOOKS_MAX = 50;

/** `not_known`: that was so long ago that so many looks did not come to it. */
export async function holdsTakenOver(
  ports: TakenOverPorts,
  { id, symbol }: Pick<Incident, "id" | "symbol">,
): Promise<boolean | "not_known"> {
  const moves = await movesSince(ports, symbol, id);
  if (moves === "not_known") return moves;
  const [adoption, ...later] = moves;
  if (adoption?.body.type !== "position_adjusted") return false;
  let { net } = adoption.body;
  for (const event of later) {
    const next = await netAfter(ports, net, event);
    // Flat, or through it to the other side.
    if (signOf(next) !== signOf(net)) return false;
    net = next;
  }
  return !isZero(net);
}

/** The incident's last adoption and what has moved the book since; empty where there is none. */
async function movesSince(
  { account, ledger }: TakenOverPorts,
  symbol: string,
  id: number,
): Promise<readonly StoredEvent[] | "not_known"> {
  const found: StoredEvent[] = [];
  let before = (await ledger.lastSequence()) + 1;
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const scan = { account, symbol, types: TYPES, after: 0, before, limit: PAGE } as const;
    const { events, reached, isOver } = await ledger.scan({ ...scan, order: "newest_first" });
    for (const event of events) {
      const { body } = event;
      if (body.type === "incident_opened") {
        if (body.incident === id) return [];
        continue;
      }
      found.unshift(event);
      if (body.type === "position_adjusted" && body.incident === id) return found;
    }
    if (isOver) return [];
    before = reached;
  }
  return "not_known";
}

async function netAfter(
  { ledger }: TakenOverPorts,
  net: DecimalText,
  event: StoredEvent,
): Promise<DecimalText> {
  const { body } = event;
  switch (body.type) {
    case "opening_adopted":
    case "position_adjusted":
      return body.net;
    case "leg_booked":
      return moved(net, body.side, body.quantity);
    case "fill_booked":
    case "late_fill_booked": {
      const claim = event.subject === "claim" ? await ledger.claimOf(event.key) : undefined;
      return claim === undefined ? ZERO : moved(net, claim.intent.side, body.quantity);
    }
    default:
      return net;
  }
}

function moved(net: DecimalText, side: Side, quantity: DecimalText): DecimalText {
  return add(net, side === "buy" ? quantity : negate(quantity));
}
