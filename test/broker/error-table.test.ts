import { describe, expect, it } from "vitest";

import {
  classifyOrderLookup,
  classifyPositionLookup,
  classifyRefusal,
  classifySubmit,
  readErrorBody,
} from "../../src/broker/alpaca/classify.ts";
import { ERROR_ROWS, fittingRows } from "../../src/broker/alpaca/error-table.ts";
import type { Endpoint } from "../../src/broker/alpaca/http-answer.ts";
import { REFUSAL_REASONS } from "../../src/claim/evidence.ts";
import {
  ARRIVAL,
  answerOf,
  endpointOf,
  fixture,
  SENT_ID,
  WIRE_FIXTURES,
  type WireFixture,
} from "./wire-fixtures.ts";

const ENDPOINTS: readonly Endpoint[] = [
  ...(["account", "asset", "submit", "replace", "cancel", "close_position"] as const),
  ...(["order", "orders", "position", "positions"] as const),
];

const HARD_TO_BORROW = 'hard-to-borrow asset "GME"';
const ONLY_LIMIT = 'only type="limit" is allowed for extended hours orders';
const OPTIONS_BUYING_POWER = "insufficient options buying power for cash-secured put";
const SPREADS = "account not eligible to trade spreads or uncovered contracts";
const LONG_BESIDE_SHORT = "cannot open a long buy while a short sell order is open";
const ASSIGNMENT_LOCK = "active assignment lock on AAPL, cannot close all long options";
const DAY_TRADES = "trade denied due to pattern day trading protection";
const EXPIRES_SOON = 'contract "SPY260618C00500000" expires soon, unable to open new positions';

interface Proved {
  readonly kind: string;
  readonly refusal?: object;
}

/** What the pure classification makes of a fixture, a refusal's fields beside its kind. */
function classified(given: WireFixture): object {
  const proved = outcomeOf(given);
  return { ...proved, ...proved.refusal };
}

function outcomeOf(given: WireFixture): Proved {
  const answer = answerOf(given);
  const side = given.request.side ?? "sell";
  const endpoint = endpointOf(given);
  switch (endpoint) {
    case "submit":
      return classifySubmit(answer, {
        ...{ endpoint: "submit", side, clientOrderId: SENT_ID, now: ARRIVAL },
      });
    case "order":
      return classifyOrderLookup(answer, (order) => order.clientOrderId === SENT_ID);
    case "position":
      return classifyPositionLookup(answer, "AAPL");
    default: {
      const refusal = classifyRefusal(answer, endpoint, given.request.side ?? null);
      return refusal === undefined ? { kind: "ambiguous" } : { kind: "refused", refusal };
    }
  }
}

describe("the error table", () => {
  it.each(WIRE_FIXTURES.map((given) => [given.name, given] as const))(
    "proves what the fixture %s says",
    (_name, given) => {
      expect(classified(given)).toMatchObject(given.expect);
    },
  );

  it("has a fixture for every reason of a refusal", () => {
    const shown = new Set(WIRE_FIXTURES.map((given) => given.expect.reason));
    expect(REFUSAL_REASONS.filter((reason) => !shown.has(reason))).toEqual([]);
  });

  it("never fits one answer with two rows, on whatever endpoint and side", () => {
    for (const given of WIRE_FIXTURES) {
      const { body, httpStatus } = answerOf(given);
      const error = readErrorBody(body);
      if (error === undefined) continue;
      for (const endpoint of ["submit", "order", "position", "cancel", "replace"] as const) {
        for (const side of ["buy", "sell", null] as const) {
          const rows = fittingRows(httpStatus, error, endpoint, side);
          expect(rows.length, `${given.name} at ${endpoint} ${side}`).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("is reached row by row: no row is without a fixture", () => {
    const reached = new Set(
      WIRE_FIXTURES.flatMap((given) => {
        const error = readErrorBody(answerOf(given).body);
        if (error === undefined) return [];
        const side = given.request.side ?? null;
        return fittingRows(given.response.status, error, endpointOf(given), side);
      }),
    );
    expect(ERROR_ROWS.filter((row) => !reached.has(row))).toEqual([]);
  });

  it("fits whole messages only", () => {
    for (const row of ERROR_ROWS) {
      expect(row.message.source.startsWith("^"), row.message.source).toBe(true);
      expect(row.message.source.endsWith("$"), row.message.source).toBe(true);
    }
  });

  it("fits its messages in whatever case, and with or without a full stop", () => {
    for (const given of WIRE_FIXTURES) {
      const { body, httpStatus } = answerOf(given);
      const error = readErrorBody(body);
      const side = given.request.side ?? null;
      if (error === undefined) continue;
      const rows = (message: string) =>
        fittingRows(httpStatus, { ...error, message }, endpointOf(given), side);
      const bare = error.message.replace(/\.$/, "");
      for (const message of [bare, `${bare}.`, bare.toUpperCase()]) {
        expect(rows(message), message).toEqual(rows(error.message));
      }
      const around = [`${bare} <or not>`, `it is not true that ${bare}`];
      expect(around.flatMap(rows), given.name).toEqual([]);
    }
  });

  it.each<[string, readonly Endpoint[]]>([
    ["client-order-id-used-before", ["submit", "replace"]],
    ["client-order-id-used-before-42210000", ["submit", "replace"]],
    ["insufficient-qty", ["submit", "replace", "close_position"]],
    ["insufficient-balance", ["submit"]],
    ["position-intent-mismatch", ["submit", "replace"]],
    ["fractional-sold-short", ["submit"]],
    ["shorting-off", ["submit"]],
    ["position-flat", ["submit", "close_position", "position"]],
    ["wash-trade", ["submit", "replace", "close_position"]],
    ["buying-power", ["submit", "replace"]],
    ["sub-penny", ["submit", "replace"]],
    ["not-fractionable", ["submit", "replace", "close_position"]],
    ["quantity-zero", ["submit", "replace", "close_position"]],
    ["asset-not-found", ["submit", "close_position", "asset"]],
    ["asset-not-found-42210000", ["submit", "close_position"]],
    ["options-buying-power", ["submit", "replace"]],
    ["cannot-be-sold-short", ["submit"]],
    ["crypto-for-a-day", ["submit", "replace"]],
    ["market-order-with-price", ["submit", "replace"]],
    ["below-the-least-amount", ["submit", "replace", "close_position"]],
    ["uncovered-contracts", ["submit", "replace", "close_position"]],
    ["options-outside-hours", ["submit", "replace", "close_position"]],
    ["leg-below-the-market", ["submit", "replace"]],
    ["leg-beyond-the-market", ["submit", "replace"]],
    ["cancel-a-filled-order", ["replace", "cancel"]],
    ["replace-too-early", ["replace"]],
    ["replace-unchanged", ["replace"]],
    ["unauthorized", ["account", "submit", "replace", "cancel", "close_position"]],
    ["unauthorized-40110000", ["account", "submit", "replace", "cancel", "close_position"]],
    ["forbidden", ["account", "submit", "replace", "cancel", "close_position"]],
    ["rate-limited", ENDPOINTS],
    ["rate-limited-without-code", ENDPOINTS],
    ["order-not-found", ["order"]],
  ])("knows the words of %s from these calls, and from no other", (name, endpoints) => {
    const { body, httpStatus } = answerOf(fixture(name));
    const error = readErrorBody(body);
    if (error === undefined) throw new Error(`${name} is no error`);
    const known = ENDPOINTS.filter(
      (endpoint) => fittingRows(httpStatus, error, endpoint, "sell").length > 0,
    );
    expect([...known].sort()).toEqual([...endpoints].sort());
  });

  it.each([
    [403, 40310000, "account is restricted to liquidation only", "not_allowed_now"],
    [403, 40310000, "account not eligible to trade options: AAPL", "not_allowed_now"],
    [403, 40310000, "new orders are rejected by user request", "not_allowed_now"],
    [403, 40310100, DAY_TRADES, "not_allowed_now"],
    [403, 40310000, DAY_TRADES, undefined],
    [422, 42210000, 'asset "HALT" is not tradable', "not_allowed_now"],
    [422, 42210000, "stop price must be less than current price", "not_allowed_now"],
    [422, 42210000, "bracket orders must be entry orders", "not_allowed_now"],
    [422, 42210000, "fractional orders must be simple orders", "terms_not_accepted"],
    [422, 42210000, "extended hours order must be DAY limit orders", "terms_not_accepted"],
    [422, 42210000, "extended hours order must be DAY or GTC limit orders", "terms_not_accepted"],
    [422, 42210000, "notional orders are not supported for options trading", "terms_not_accepted"],
    [422, 42210000, "complex orders not supported for options trading", "terms_not_accepted"],
    [422, 40010001, "invalid time_in_force", "terms_not_accepted"],
    [422, 40010001, "invalid order type for crypto order", "terms_not_accepted"],
    [422, 42210000, "invalid option order_type", "terms_not_accepted"],
    [422, 42210000, "invalid options time_in_force", "terms_not_accepted"],
    [422, 42210000, "invalid order type for crypto order", "terms_not_accepted"],
    [422, 42210000, "invalid order type for options trading", "terms_not_accepted"],
    [422, 42210000, "extended hours is not supported for options trading", "terms_not_accepted"],
    [422, 42210000, "qty must be integer for options trading", "terms_not_accepted"],
    [422, 42210000, "fractional orders must be DAY orders", "terms_not_accepted"],
    [422, 42210000, "notional value must be limited to 2 decimal places", "terms_not_accepted"],
    [422, 42210000, "notional amount must be >= 1.00", "terms_not_accepted"],
    [422, 42210000, `only day orders are allowed for ${HARD_TO_BORROW}`, "terms_not_accepted"],
    [422, 40010001, "invalid side", "terms_not_accepted"],
    [422, 40010001, "invalid position_intent specified", "terms_not_accepted"],
    [422, 40010001, "limit orders require a limit price", "terms_not_accepted"],
    [422, 40010001, "stop orders require a stop price", "terms_not_accepted"],
    [422, 40010001, "stop limit orders require both stop and limit price", "terms_not_accepted"],
    [422, 40010001, "qty or notional is required", "terms_not_accepted"],
    [422, 40010001, "oco orders must be limit orders", "terms_not_accepted"],
    [422, 40010001, ONLY_LIMIT, "terms_not_accepted"],
    [403, 40310000, `${OPTIONS_BUYING_POWER} (required: 5, available: 4.5)`, "buying_power"],
    [403, 40310000, "account not authorized to trade options", "not_allowed_now"],
    [403, 40310000, "account not eligible to trade long option contracts", "not_allowed_now"],
    [403, 40310000, SPREADS, "not_allowed_now"],
    [403, 40310000, "account is not authorized to trade", "not_allowed_now"],
    [403, 40310000, LONG_BESIDE_SHORT, "not_allowed_now"],
    [403, 40310000, ASSIGNMENT_LOCK, "not_allowed_now"],
    [422, 42210000, 'asset "HALT" is not active', "not_allowed_now"],
    [422, 42210000, EXPIRES_SOON, "not_allowed_now"],
    [422, 42210000, 'contract "SPY260618C00500000" is expired', "not_allowed_now"],
    [422, 42210000, 'contract "SPY260618C00500000" is not tradable', "not_allowed_now"],
    [422, 40010001, "client_order_id was seen before", undefined],
    [422, 42210000, "client_order_id was seen before", undefined],
  ] as const)("makes of %i, %i and the words %s what they say", (status, code, message, reason) => {
    const body = JSON.stringify({ code, message });
    const answer = { httpStatus: status, headers: {}, body };
    expect(classifyRefusal(answer, "submit", "sell")?.reason).toBe(reason);
  });

  it.each([
    "order already replaced",
    "order already pending replacement",
    "order chain not fully replaced",
    "order parameters are not changed",
    "qty must be > filled_qty",
    "unable to replace order, order is not open",
    "unable to replace order, order isn't sent to exchange yet",
  ])("knows that an order was not replaced by the words %s", (message) => {
    const body = JSON.stringify({ code: 42210000, message });
    const answer = { httpStatus: 422, headers: {}, body };
    expect(classifyRefusal(answer, "replace", "sell")?.reason).toBe("not_replaceable");
    expect(classifyRefusal(answer, "submit", "sell")).toBeUndefined();
  });

  it("knows an asset that was not found, whether the message names it or not", () => {
    const given = fixture("asset-not-found");
    const answer = answerOf(given);
    const unnamed = answer.body.replace(/ for \w+/, "");
    expect(unnamed).toContain('"asset not found"');
    expect(classifyRefusal({ ...answer, body: unnamed }, "submit", "buy")).toMatchObject({
      ...{ reason: "asset_not_found", message: "asset not found" },
    });
  });

  it("says of every row why its answer is certain", () => {
    expect(ERROR_ROWS.filter(({ because }) => because === "")).toEqual([]);
  });

  it("turns every one of its refusals into doubt when the body is a page", () => {
    const page = "<html><title>403 Forbidden</title></html>";
    for (const status of [200, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504]) {
      const answer = { httpStatus: status, headers: {}, body: page };
      const sent = { clientOrderId: SENT_ID, now: ARRIVAL };
      const context = { endpoint: "submit", side: "sell", ...sent } as const;
      expect(classifySubmit(answer, context).kind).toBe("ambiguous");
      expect(classifyOrderLookup(answer, () => true).kind).toBe("unknown");
      expect(classifyPositionLookup(answer, "AAPL").kind).toBe("unknown");
    }
  });
});

describe("a reason", () => {
  it("names the status, the broker's request id and what the body said", () => {
    const answer = answerOf(fixture("gateway-timeout"));
    const outcome = classifySubmit(answer, {
      ...{ endpoint: "submit", side: "buy", clientOrderId: SENT_ID, now: ARRIVAL },
    });
    expect(outcome).toEqual({
      kind: "ambiguous",
      reason: "HTTP 504 (request id 4d2c6f1e0b9a48f7): code none, gateway timeout",
    });
  });
});
