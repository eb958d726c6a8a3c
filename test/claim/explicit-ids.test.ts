/** "This is another order": when a bot's new id is believed, and when it waits for an earlier one. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimPolicy } from "../../src/claim/policy.ts";
import { deriveRequestId } from "../../src/identity/request-id.ts";
import {
  blockOf,
  buy,
  filledOrder,
  OTHER_AGENT,
  orderOf,
  proceeded,
  refusal,
  SECOND,
  START,
  sell,
  underBotId,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const ONE = buy("6", underBotId("bot-1"));
const TWO = buy("6", underBotId("bot-2"));

function withFirst(policy: Partial<ClaimPolicy> = {}): { ledger: MemoryLedger; first: Claim } {
  const ledger = new MemoryLedger(policy);
  return { ledger, first: proceeded(ledger.claim(ONE)) };
}

describe("the same explicit id", () => {
  test("is the same action for ever, and its order goes out under that id", () => {
    const { ledger, first } = withFirst();
    expect(first).toMatchObject({ identity: "explicit", clientOrderId: "bot-1", attempt: 1 });
    expect(ledger.claim(ONE)).toMatchObject({ kind: "pending", phase: "in_flight" });
    ledger.accept(first, filledOrder(first));
    const later = ledger.after(24 * 3_600 * SECOND).claim(ONE);
    expect(later).toMatchObject({ kind: "skip", receipt: { outcome: "filled" } });
  });

  test("belongs to its agent: another agent's is another action", () => {
    const { ledger, first } = withFirst();
    const other = proceeded(ledger.claim({ ...ONE, agent: OTHER_AGENT }));
    expect(other.key).toEqual({ ...first.key, agent: OTHER_AGENT });
  });

  test("of the library gives the order an id of ours", () => {
    const ledger = new MemoryLedger();
    const claim = proceeded(ledger.claim(buy("6", underRequestId("r-1"))));
    expect(claim.key.requestId).toBe("r-1");
    expect(claim.clientOrderId).toMatch(/^tl-[0-9a-f]{32}-1$/);
  });
});

describe("a name that the caller gives", () => {
  test("uses up no number of those without one", () => {
    const { ledger } = withFirst();
    expect(ledger.book().arrivals).toBe(0);
    const numbered = buy("5");
    const { key } = proceeded(ledger.claim(numbered));
    const arrival = START / SECOND;
    expect(ledger.book().arrivals).toBe(arrival);
    expect(key.requestId).toBe(deriveRequestId(numbered, { arrival }));
    // In the same second, and behind a clock that was set back.
    ledger.after(-60 * SECOND);
    proceeded(ledger.claim(buy("4")));
    expect(ledger.book().arrivals).toBe(arrival + 1);
  });

  test("by its bar waits for no equal order of another bar", () => {
    const ledger = new MemoryLedger();
    const at = (bar: string) => buy("6", { anchor: { bar, stage: "base" } });
    const first = proceeded(ledger.claim(at("09:42")));
    ledger.conclude(first);
    ledger.loseAnswer(proceeded(ledger.claim(at("09:43"))));
    expect(ledger.claim(at("09:44"))).toMatchObject({ kind: "proceed", reopened: false });
    expect(ledger.claim(at("09:42"))).toMatchObject({ kind: "proceed", reopened: true });
  });
});

describe("a new explicit id for an equal intent", () => {
  test("waits while the earlier one is not answered", () => {
    const { ledger, first } = withFirst();
    expect(ledger.claim(TWO)).toEqual({ kind: "pending", claim: first, phase: "in_flight" });
    ledger.loseAnswer(first);
    expect(ledger.after(600 * SECOND).claim(TWO)).toMatchObject({
      kind: "pending",
      claim: { key: first.key },
      phase: "unknown",
    });
    expect(ledger.claims.size).toBe(1);
  });

  test.each([
    ["working", "new", "0"],
    ["filled", "filled", "6"],
  ])("is believed once the earlier one's caller was told that it is %s", (_, status, filled) => {
    const { ledger, first } = withFirst();
    ledger.accept(first, orderOf(first, { status, filled }));
    const second = proceeded(ledger.after(1).claim(TWO));
    expect(second).toMatchObject({ key: { requestId: "bot-2" }, clientOrderId: "bot-2" });
  });

  test("is believed too where the stream told of the order before the answer came", () => {
    const { ledger, first } = withFirst();
    ledger.read(first, orderOf(first), "stream");
    ledger.accept(first, orderOf(first));
    expect(ledger.get(first.key).told).toBe("certain");
    expect(ledger.claim(TWO).kind).toBe("proceed");
  });

  test("gets the earlier order where that one's caller never heard of it", () => {
    const { ledger, first } = withFirst();
    ledger.loseAnswer(first);
    ledger.after(8 * SECOND).tell(first, "pending");
    ledger.read(first, orderOf(first), "read_back");
    expect(ledger.claim(TWO)).toMatchObject({
      kind: "pending",
      claim: { key: first.key },
      phase: "working",
    });
    expect(ledger.claims.size).toBe(1);
  });

  test("gets the earlier fill within the window, and is believed after it", () => {
    const { ledger, first } = withFirst();
    ledger.loseAnswer(first);
    ledger.after(20 * SECOND).read(first, filledOrder(first), "read_back");
    const within = ledger.after(45 * SECOND - 1).claim(TWO);
    expect(within).toMatchObject({ kind: "skip", receipt: { clientOrderId: "bot-1" } });
    expect(ledger.after(1).claim(TWO).kind).toBe("proceed");
  });

  test("gets a fill that only came to light after the earlier one was thought absent", () => {
    const { ledger, first } = withFirst();
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    ledger.after(60 * SECOND).read(first, filledOrder(first));
    expect(ledger.after(SECOND).claim(TWO)).toMatchObject({
      kind: "skip",
      receipt: { outcome: "filled", clientOrderId: "bot-1" },
    });
  });

  test("is sent once the earlier one is refused", () => {
    const { ledger, first } = withFirst();
    ledger.answer(first, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
    expect(proceeded(ledger.claim(TWO)).clientOrderId).toBe("bot-2");
  });

  test("is sent once the earlier one is not sent", () => {
    const { ledger, first } = withFirst();
    ledger.conclude(first);
    expect(ledger.claim(TWO)).toMatchObject({ kind: "proceed", reopened: false });
  });

  test("is sent once the earlier one is absent", () => {
    const { ledger, first } = withFirst();
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    expect(proceeded(ledger.claim(TWO)).clientOrderId).toBe("bot-2");
  });

  test("is sent once the earlier one was canceled without a fill, told or not", () => {
    const { ledger, first } = withFirst();
    ledger.loseAnswer(first);
    ledger.read(first, orderOf(first, { status: "canceled" }));
    expect(ledger.claim(TWO).kind).toBe("proceed");
  });

  test("is never mixed up with an intent that differs in its terms", () => {
    const { ledger } = withFirst();
    expect(ledger.claim(buy("7", underBotId("bot-2"))).kind).toBe("proceed");
  });

  test("for an exit under its latch is blocked by that exit", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const exit = proceeded(ledger.claim(sell("12", underBotId("exit-1"))));
    ledger.answer(exit, { kind: "refused", refusal: refusal() });
    const block = blockOf(ledger.claim(sell("12", underBotId("exit-2"))));
    expect(block).toMatchObject({ code: "exit_duplicate_after_422", cause: exit.key });
  });
});

describe("an older id that comes back", () => {
  test("waits for the newer one that took its place and is not answered yet", () => {
    const { ledger, first } = withFirst();
    ledger.conclude(first);
    const second = proceeded(ledger.claim(TWO));
    expect(ledger.claim(ONE)).toEqual({ kind: "pending", claim: second, phase: "in_flight" });
    expect(ledger.get(first.key).status).toBe("SETTLED");
  });

  test("gets the newer one's fill where that one's caller never heard of it", () => {
    const { ledger, first } = withFirst();
    ledger.conclude(first);
    const second = proceeded(ledger.claim(TWO));
    ledger.loseAnswer(second);
    ledger.read(second, filledOrder(second));
    expect(ledger.claim(ONE)).toMatchObject({ kind: "skip", receipt: { clientOrderId: "bot-2" } });
  });

  test("is opened again once the newer one's caller was told", () => {
    const { ledger, first } = withFirst();
    ledger.conclude(first);
    const second = proceeded(ledger.claim(TWO));
    ledger.accept(second, filledOrder(second));
    expect(ledger.claim(ONE)).toMatchObject({ kind: "proceed", reopened: true });
  });
});

describe("an agent whose client_order_ids are not identities", () => {
  const off = { clientIdIsIdentity: false };

  test("gets the same action for a new id while the first lives and within the window", () => {
    const { ledger, first } = withFirst(off);
    expect(first).toMatchObject({ identity: "arrival", clientOrderId: "bot-1" });
    expect(ledger.claim(TWO)).toMatchObject({ kind: "pending", claim: { key: first.key } });
    ledger.accept(first, filledOrder(first));
    expect(ledger.after(44 * SECOND).claim(TWO).kind).toBe("skip");
    expect(proceeded(ledger.after(SECOND).claim(TWO)).clientOrderId).toBe("bot-2");
  });

  test("is identified by its anchor where it gives one", () => {
    const ledger = new MemoryLedger(off);
    const anchor = { bar: "09:42", stage: "base" };
    const first = proceeded(ledger.claim({ ...ONE, anchor }));
    expect(first.identity).toBe("anchored");
    expect(ledger.claim({ ...TWO, anchor })).toMatchObject({ kind: "pending" });
  });

  test("is still believed in a request id, which is always the caller's own choice", () => {
    const ledger = new MemoryLedger(off);
    const first = proceeded(ledger.claim(buy("6", underRequestId("r-1"))));
    ledger.accept(first, filledOrder(first));
    expect(first.identity).toBe("explicit");
    expect(ledger.claim(buy("6", underRequestId("r-2"))).kind).toBe("proceed");
  });
});
