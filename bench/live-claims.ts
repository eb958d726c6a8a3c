/**
 * What a process that was killed under load leaves behind: orders that rest at the broker, claims
 * whose POST landed and whose answer was never recorded, and claims whose POST never left.
 */
import { DEFAULT_CLAIM_POLICY } from "../src/claim/policy.ts";
import { systemClock } from "../src/core/clock.ts";
import type { AccountId, AgentId, OwnerId } from "../src/core/ids.ts";
import { parseIntent } from "../src/identity/intent-schema.ts";
import type { Latch } from "../src/index.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { orderAt, sizeAt, symbolAt } from "./bench-orders.ts";
import { KEY_HEADERS } from "./broker-keys.ts";

/** So many stand in one commit. */
const AT_ONCE = 50;
/** Far below the market: such an order rests. */
const LIMIT = "1";

/** Half of `count` as orders that rest; through the latch. */
export async function makeRestingOrders(latch: Latch, count: number): Promise<void> {
  await inGroups(count, async (index) => {
    const answer = await latch.submit(restingIntent("resting", index));
    if (answer.status !== "PROCEED") throw new Error(`an order was answered ${answer.status}`);
  });
}

/** As many claims whose answer nobody recorded: every second one has its order at the broker. */
export async function makeUnansweredClaims(
  store: string,
  account: AccountId,
  brokerUrl: string,
  count: number,
): Promise<void> {
  const ledger = openSqliteLedger(store, systemClock);
  await inGroups(count, async (index) => {
    const intent = parseIntent(restingIntent("lost", index), account, "bench" as AgentId);
    const times = { now: systemClock.now(), brokerTime: null };
    const asked = { intent, owner: "killed" as OwnerId, policy: DEFAULT_CLAIM_POLICY, ...times };
    const decision = await ledger.claim(asked);
    if (decision.kind !== "proceed") throw new Error(`a claim was answered ${decision.kind}`);
    if (index % 2 === 0) await post(brokerUrl, index, decision.claim.clientOrderId);
  });
  await ledger.close();
}

function restingIntent(name: string, index: number) {
  const size = { symbol: symbolAt(index), quantity: sizeAt(index), requestId: `${name}-${index}` };
  return { side: "buy", effect: "open", type: "limit", limitPrice: LIMIT, ...size } as const;
}

async function post(brokerUrl: string, index: number, clientOrderId: string): Promise<void> {
  const limit = { type: "limit", limit_price: LIMIT, position_intent: "buy_to_open" };
  const order = { ...orderAt("lost", index), ...limit, client_order_id: clientOrderId };
  const answer = await fetch(`${brokerUrl}/v2/orders`, {
    ...{ method: "POST", headers: KEY_HEADERS, body: JSON.stringify(order) },
  });
  if (!answer.ok) throw new Error(`an order was refused: ${await answer.text()}`);
  await answer.arrayBuffer();
}

async function inGroups(count: number, make: (index: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - first);
    await Promise.all(Array.from({ length: size }, (_, place) => make(first + place)));
  }
}
