import { describe, expect, test } from "vitest";
import { BLOCK_CODES, type BlockCode } from "../../src/claim/answer.ts";
import { ERRORS, type ErrorCode, LatchError } from "../../src/core/errors.ts";
import type {
  AccountId,
  AgentId,
  BrokerOrderId,
  ClientOrderId,
  RequestId,
} from "../../src/core/ids.ts";
import type { BlockedAnswer, PendingAnswer } from "../../src/gateway/order-answer.ts";
import { failureReply, orderOf, orderReply } from "../../src/sidecar/order-reply.ts";

const CODES = Object.keys(BLOCK_CODES) as BlockCode[];
const CAUSE = {
  account: "account" as AccountId,
  agent: "momentum" as AgentId,
  requestId: "cause-1" as RequestId,
};

function blocked(code: BlockCode): BlockedAnswer {
  return {
    status: "BLOCKED",
    requestId: "bot-1" as RequestId,
    code,
    message: "a sentence for people",
    hint: BLOCK_CODES[code],
    cause: CAUSE,
    difference: null,
    availableQuantity: null,
    refusal: null,
  };
}

function pending(brokerOrderId: BrokerOrderId | null): PendingAnswer {
  return {
    status: "PENDING",
    requestId: "bot-1" as RequestId,
    clientOrderId: "bot-1" as ClientOrderId,
    brokerOrderId,
    phase: "unknown",
    because: "HTTP 502 (html)",
  };
}

describe("a block", () => {
  test.each(CODES)("is never an answer that a client resends on by itself: %s", (code) => {
    const { status, headers, body } = orderReply(blocked(code), undefined);
    expect([403, 409, 422]).toContain(status);
    const isToBeRepeated = headers["retry-after"] !== undefined;
    expect(isToBeRepeated).toBe(code === "not_sent");
    expect(isToBeRepeated).toBe(status === 409);
    const { tradelatch, message, code: number } = JSON.parse(body);
    expect(message).not.toBe("");
    expect(String(number).startsWith(String(status)) || number === 40010001).toBe(true);
    expect(tradelatch).toMatchObject({ cause: CAUSE, status: "BLOCKED" });
    expect(headers["tradelatch-claim"]).toBe("bot-1");
  });

  test("by the broker has the broker's status and words, and no code where it gave none", () => {
    const refusal = {
      ...{ reason: "other", httpStatus: 403, brokerCode: null, message: "forbidden." },
      ...{ relatedOrders: [], existingOrderId: null, availableQuantity: null },
    } as unknown as NonNullable<BlockedAnswer["refusal"]>;
    const reply = orderReply({ ...blocked("refused_by_broker"), refusal }, undefined);
    expect(reply.status).toBe(403);
    const body = JSON.parse(reply.body);
    expect(body.message).toBe("forbidden.");
    expect(body).not.toHaveProperty("code");
  });

  test("for want of shares keeps Alpaca's sentence to the letter, and ours beside it", () => {
    const sentence = "insufficient qty available for order (requested: 6, available: 2)";
    const message = `${sentence}; other closes hold 4 of 6 TQQQ`;
    const answer = { ...blocked("insufficient_quantity"), message, availableQuantity: "2" };
    const body = JSON.parse(orderReply(answer, undefined).body);
    expect(body).toMatchObject({ code: 40310000, message: sentence });
    expect(body.tradelatch).toMatchObject({ message, available: "2" });
  });
});

describe("a pending order", () => {
  test("that the broker has is shown as it is", () => {
    const answer = pending("order-1" as BrokerOrderId);
    expect(orderOf(answer)).toBe("order-1");
    expect(orderReply(answer, '{"id":"order-1"}')).toMatchObject({
      status: 200,
      headers: { "idempotent-replayed": "true", "tradelatch-status": "PENDING" },
      body: '{"id":"order-1"}',
    });
  });

  test.each([null, "order-1" as BrokerOrderId])("that was not read (%s) is a 409", (id) => {
    const { status, headers, body } = orderReply(pending(id), undefined);
    expect(status).toBe(409);
    expect(Number(headers["retry-after"])).toBeLessThan(22);
    expect(JSON.parse(body).tradelatch.evidence).toBe("HTTP 502 (html)");
  });
});

describe("a failure", () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])(
    "of ours is never told with 429 or a 5xx, for an earlier try may be at the broker: %s",
    (code) => {
      const reply = failureReply(new LatchError(code, "what happened"));
      expect([409, 422]).toContain(reply?.status);
      expect(reply?.headers["retry-after"] === undefined).toBe(code === "invalid_intent");
      expect(JSON.parse(reply?.body ?? "").tradelatch.error).toBe(code);
      expect(reply?.body).toContain("what happened");
    },
  );

  test("that is not ours to explain is left to the caller", () => {
    expect(failureReply(new Error("a bug"))).toBeUndefined();
  });
});
