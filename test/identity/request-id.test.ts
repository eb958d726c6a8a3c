import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { AccountId, AgentId, BrokerOrderId, RequestId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { type IntentInput, parseIntent } from "../../src/identity/intent-schema.ts";
import {
  deriveClientOrderId,
  deriveLegRequestId,
  derivePartRequestId,
  deriveReplacementId,
  deriveRequestId,
  explicitRequestId,
  requestPreimage,
} from "../../src/identity/request-id.ts";

const ACCOUNT = "acc" as AccountId;
const AGENT = "bot" as AgentId;
const BAR = { bar: "2026-05-21T13:42:00Z", stage: "base" };
const LEG = { episode: 3, leg: "all" };

function entry(changes: Partial<IntentInput> = {}): Intent {
  const input = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6", ...changes };
  return parseIntent(input, ACCOUNT, AGENT) as Intent;
}

function exit(changes: Partial<IntentInput> = {}): Intent {
  return entry({ side: "sell", effect: "close", ...changes });
}

/** SHA-256 of a text that was written by hand. */
function hashOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

describe("a request id", () => {
  test("of an anchored open is the hash of its canonical preimage, without the amount", () => {
    const written =
      '{"account":"acc","agent":"bot","anchor":{"bar":"2026-05-21T13:42:00Z","stage":"base"},' +
      '"effect":"open","side":"buy","symbol":"TQQQ","v":1}';
    expect(deriveRequestId(entry(), BAR)).toBe(hashOf(written));
  });

  test("of an anchored close has the amount in it", () => {
    const written =
      '{"account":"acc","agent":"bot","anchor":{"episode":3,"leg":"all"},"effect":"close",' +
      '"quantity":"6","side":"sell","symbol":"TQQQ","v":1}';
    expect(deriveRequestId(exit(), LEG)).toBe(hashOf(written));
  });

  test("of an intent without an anchor has its arrival number and its amount in it", () => {
    const written =
      '{"account":"acc","agent":"bot","anchor":{"arrival":7},"effect":"open",' +
      '"notional":"452.5","side":"buy","symbol":"TQQQ","v":1}';
    const dollars = entry({ quantity: undefined, notional: "452.50" } as Partial<IntentInput>);
    expect(deriveRequestId(dollars, { arrival: 7 })).toBe(hashOf(written));
  });

  test("of a close of a part has the part in it, and not what it came to", () => {
    const written =
      '{"account":"acc","agent":"bot","anchor":{"episode":3,"leg":"all"},"effect":"close",' +
      '"portion":"50%","side":"sell","symbol":"TQQQ","v":1}';
    const half = { ...exit(), portion: "50%" };
    expect(deriveRequestId(half, LEG)).toBe(hashOf(written));
  });

  test("of a leg is the hash of its order's claim and of the broker's id of the leg", () => {
    const parent = { account: ACCOUNT, agent: AGENT, requestId: "r-1" as RequestId };
    const written = '{"account":"acc","agent":"bot","leg":"order-9","parent":"r-1"}';
    expect(deriveLegRequestId(parent, "order-9" as BrokerOrderId)).toBe(hashOf(written));
  });

  test("of one symbol's part in the close of all hashes the caller's name and the symbol", () => {
    expect(derivePartRequestId("close-1", "TQQQ")).toBe(
      hashOf('{"key":"close-1","symbol":"TQQQ"}'),
    );
  });

  test("is a hash that was written down once, and may never change", () => {
    expect([deriveRequestId(entry(), BAR), deriveRequestId(exit(), LEG)]).toEqual(GOLDEN);
  });

  test("is the same for every try, whatever decision it came from", () => {
    const first = exit({ decisionId: "decision-1", reason: "TRAIL" });
    const retry = exit({ decisionId: "decision-2", reason: "TRAIL, second try" });
    expect(deriveRequestId(retry, LEG)).toBe(deriveRequestId(first, LEG));
  });

  test.each([["6"], ["6.0"], ["06"], ["+6.000000000"], [6], [6.0]])(
    "is the same for six shares written as %j",
    (quantity) => {
      expect(deriveRequestId(exit({ quantity }), LEG)).toBe(deriveRequestId(exit(), LEG));
    },
  );

  test.each<[string, Partial<IntentInput>]>([
    ["prices", { type: "limit", limitPrice: "75.1" }],
    ["time in force", { timeInForce: "gtc" }],
    ["extended hours", { extendedHours: true }],
  ])("does not depend on %s", (_, changes) => {
    expect(deriveRequestId(exit(changes), LEG)).toBe(deriveRequestId(exit(), LEG));
  });

  test("of an anchored open does not depend on the amount, of any other it does", () => {
    const twelve = { quantity: "12" };
    expect(deriveRequestId(entry(twelve), BAR)).toBe(deriveRequestId(entry(), BAR));
    expect(deriveRequestId(exit(twelve), LEG)).not.toBe(deriveRequestId(exit(), LEG));
    const arrival = { arrival: 1 };
    expect(deriveRequestId(entry(twelve), arrival)).not.toBe(deriveRequestId(entry(), arrival));
  });

  test("tells shares from dollars", () => {
    const dollars = { ...exit(), quantity: null, notional: decimal("6") };
    expect(deriveRequestId(dollars, LEG)).not.toBe(deriveRequestId(exit(), LEG));
  });

  test("differs with account, agent, symbol, side, effect and each part of the anchor", () => {
    const base = exit();
    const ids = [
      deriveRequestId(base, LEG),
      deriveRequestId({ ...base, account: "other" as AccountId }, LEG),
      deriveRequestId({ ...base, agent: "other" as AgentId }, LEG),
      deriveRequestId({ ...base, symbol: "SQQQ" }, LEG),
      deriveRequestId({ ...base, side: "buy" }, LEG),
      deriveRequestId({ ...base, effect: "open" }, LEG),
      deriveRequestId(base, { ...LEG, episode: 4 }),
      deriveRequestId(base, { ...LEG, leg: "half" }),
      deriveRequestId(base, { arrival: 3 }),
      deriveRequestId(base, { arrival: 4 }),
      deriveRequestId(base, BAR),
      deriveRequestId(base, { ...BAR, bar: "2026-05-21T13:43:00Z" }),
      deriveRequestId(base, { ...BAR, stage: "add1" }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("can be recomputed by anyone from the preimage that is kept", () => {
    expect(requestPreimage(entry(), BAR)).toEqual({
      v: 1,
      account: "acc",
      agent: "bot",
      symbol: "TQQQ",
      side: "buy",
      effect: "open",
      anchor: BAR,
    });
  });

  test("is the caller's own where it gives one: its request id before its client_order_id", () => {
    expect(explicitRequestId(entry())).toBeUndefined();
    expect(explicitRequestId(entry({ anchor: BAR }))).toBeUndefined();
    expect(explicitRequestId(entry({ clientOrderId: "bot-1" }))).toBe("bot-1");
    expect(explicitRequestId(entry({ clientOrderId: "bot-1", requestId: "r-1" }))).toBe("r-1");
  });
});

describe("a client_order_id", () => {
  const requestId = "r-1" as RequestId;

  test("is tl-, 32 digits of the hash of account, agent and request id, and the attempt", () => {
    const digits = hashOf('["acc","bot","r-1"]').slice(0, 32);
    expect(deriveClientOrderId(ACCOUNT, AGENT, requestId, 1)).toBe(`tl-${digits}-1`);
    expect(deriveClientOrderId(ACCOUNT, AGENT, requestId, 12)).toBe(`tl-${digits}-12`);
  });

  test("fits into 48 characters for more attempts than there will ever be", () => {
    const long = "x".repeat(256) as RequestId;
    expect(deriveClientOrderId(ACCOUNT, AGENT, long, 1)).toHaveLength(37);
    const most = deriveClientOrderId(ACCOUNT, AGENT, long, 999_999_999_999);
    expect(most.length).toBeLessThanOrEqual(48);
  });

  test("does not confuse two keys whose texts run together", () => {
    const one = deriveClientOrderId("a" as AccountId, "bc" as AgentId, requestId, 1);
    const other = deriveClientOrderId("ab" as AccountId, "c" as AgentId, requestId, 1);
    expect(one).not.toBe(other);
  });

  test("of a replacement is tl-, 32 digits of the hash of what replaces what, and r", () => {
    const written =
      '{"account":"acc","agent":"bot","replaces":"order-9","terms":{"limit_price":"74"}}';
    const order = "order-9" as BrokerOrderId;
    expect(deriveReplacementId(ACCOUNT, AGENT, order, { limit_price: "74" })).toBe(
      `tl-${hashOf(written).slice(0, 32)}-r`,
    );
  });

  test("is another one for the same request id of another agent", () => {
    const other = deriveClientOrderId(ACCOUNT, "other" as AgentId, requestId, 1);
    expect(other).not.toBe(deriveClientOrderId(ACCOUNT, AGENT, requestId, 1));
  });
});

/** Computed outside of this project with `printf … | sha256sum`. */
const GOLDEN = [
  "b8a041bd588b145a502ed5ac886199f7f3c773c579c453e066da05387dfa3a75",
  "c9840dc2ffd2c41e4d0216ad19291bc742fe4be9421545c183000c2469f0ad9c",
];
