import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  classifyOrderLookup,
  classifyPositions,
  classifySubmit,
} from "../../src/broker/alpaca/classify.ts";
import type { HttpAnswer } from "../../src/broker/alpaca/http-answer.ts";
import { readFillsBody } from "../../src/broker/alpaca/wire-activity.ts";
import { readCalendarBody } from "../../src/broker/alpaca/wire-calendar.ts";
import { readOrderBody, readOrdersBody } from "../../src/broker/alpaca/wire-order.ts";
import { readAccountBody, readPositionBody } from "../../src/broker/alpaca/wire-position.ts";
import type { ClientOrderId } from "../../src/core/ids.ts";
import { anyBreak, broken } from "./broken-answers.ts";
import { brokenJson, oddJson, spelledOut } from "./hostile-text.ts";

const RUNS = Math.ceil(Number(process.env.FUZZ_REQUESTS ?? 3_000) / 3);
const ID = "bot-1" as ClientOrderId;
const ORDER = {
  ...{ id: "904837e3", client_order_id: ID, status: "filled", symbol: "TQQQ", side: "buy" },
  ...{ qty: "6", notional: null, filled_qty: "6", filled_avg_price: "75.3", type: "limit" },
  ...{ time_in_force: "day", limit_price: "76", submitted_at: "2026-05-21T14:00:00Z" },
};
const POSITION = {
  ...{ symbol: "TQQQ", side: "long", qty: "6", qty_available: "6", avg_entry_price: "75.3" },
};
/** Fields without which, or with another shape of which, nothing is known of the order. */
const NEEDED = ["id", "client_order_id", "status", "symbol", "side", "filled_qty", "type"];
/** Not the price: an order that filled something without one is a row of its own. */
const NEEDED_OF_POSITION = ["symbol", "side", "qty", "qty_available", "avg_entry_price"];

const answer = (httpStatus: number, body: string): HttpAnswer => ({
  httpStatus,
  headers: {},
  body,
});

/** The list as far as it can be read; undefined where nothing of it can. */
function readPositions(body: string) {
  const reading = classifyPositions(answer(200, body));
  const known = reading.kind === "read" ? reading.value : (reading.readable ?? []);
  return known.length === 0 ? undefined : { kind: reading.kind, known };
}

/** What a list of orders tells, if that is any order. */
function readOrders(body: string) {
  const page = readOrdersBody(body);
  return page?.orders.length ? page : undefined;
}

describe("an answer of the broker's with something wrong in it", () => {
  test("is no order, whichever field it is", () => {
    const body = JSON.stringify(ORDER);
    fc.assert(
      fc.property(anyBreak, (one) => {
        const text = broken(body, NEEDED, one);
        const read = readOrderBody(text);
        // A word may be another one; an amount may not.
        if (read !== undefined) expect(read).toMatchObject({ filledQuantity: "6", side: "buy" });
        const page = readOrdersBody(`[${body},${text}]`);
        if (page !== undefined) expect(page.orders.length + page.unread).toBe(2);
        expect(page?.orders[0]).toEqual(page && readOrderBody(body));
        const context = { endpoint: "submit", side: "buy", clientOrderId: ID, now: 0 } as const;
        const outcome = classifySubmit(answer(200, text), context);
        expect(outcome.kind).toBe(read?.clientOrderId === ID ? "accepted" : "ambiguous");
        const isIt = (order: { readonly clientOrderId: string }) => order.clientOrderId === ID;
        const lookup = classifyOrderLookup(answer(200, text), isIt);
        expect(lookup.kind).toBe(read?.clientOrderId === ID ? "found" : "unknown");
      }),
      { numRuns: RUNS },
    );
  });

  test("shows no fill without its price", () => {
    fc.assert(
      fc.property(anyBreak, (one) => {
        const text = broken(JSON.stringify(ORDER), ["filled_avg_price"], one);
        expect(readOrderBody(text)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });

  test("is no position, and the list that it stands in is not all of them", () => {
    const body = JSON.stringify(POSITION);
    fc.assert(
      fc.property(anyBreak, (one) => {
        const text = broken(body, NEEDED_OF_POSITION, one);
        const read = readPositionBody(text);
        if (read !== undefined) expect(read).toMatchObject({ quantity: "6" });
        const list = readPositions(`[${body},${text}]`);
        const [known, kind] = read === undefined ? [1, "unknown"] : [2, "read"];
        if (list !== undefined) expect([list.known.length, list.kind]).toEqual([known, kind]);
      }),
      { numRuns: RUNS },
    );
  });

  const readers = [
    ...[readOrderBody, readOrders, readPositionBody, readPositions],
    ...[readAccountBody, readFillsBody, readCalendarBody],
  ];
  const statuses = fc.constantFrom(200, 201, 207, 400, 401, 403, 404, 422, 429, 500, 503);

  test("that is something else altogether is read as nothing, and refuses nothing", () => {
    const context = { endpoint: "submit", side: "sell", clientOrderId: ID, now: 0 } as const;
    fc.assert(
      fc.property(statuses, fc.oneof(brokenJson, oddJson), (status, token) => {
        const body = spelledOut(token);
        const isEmptyList = /^\s*\[\s*\]\s*$/.test(body);
        for (const read of readers) if (!isEmptyList) expect(read(body)).toBeUndefined();
        const { kind } = classifySubmit(answer(status, body), context);
        expect(kind).toBe("ambiguous");
        expect(classifyOrderLookup(answer(status, body), () => true).kind).toBe("unknown");
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });

  test("never fits two meanings, however its error is put together", () => {
    const words = [
      ...["insufficient qty available for order", "position does not exist", "order not found"],
      ...["client_order_id must be unique", "too many requests.", "forbidden.", "unauthorized."],
      ...["potential wash trade detected", "insufficient buying power", "position intent mismatch"],
      ...["qty must be integer", "sub-penny increment does not fulfill minimum pricing criteria"],
    ];
    const codes = [40010001, 40310000, 40410000, 42210000, 42210000, 42910000, 50010000];
    fc.assert(
      fc.property(
        statuses,
        fc.constantFrom(...codes, null, "40310000", -1, 1.5),
        fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }),
        fc.constantFrom("submit" as const, "replace" as const),
        fc.constantFrom("buy" as const, "sell" as const),
        (status, code, message, endpoint, side) => {
          const body = JSON.stringify({ code, message: message.join(" ") });
          const context = { endpoint, side, clientOrderId: ID, now: 0 };
          const { kind } = classifySubmit(answer(status, body), context);
          expect(["refused", "id_taken", "rate_limited", "ambiguous"]).toContain(kind);
          if (status >= 500 || status < 300) expect(kind).toBe("ambiguous");
        },
      ),
      { numRuns: RUNS },
    );
  });
});
