/** Whether an amount that was asked for would go unseen: then all would be sold. */
import { describe, expect, test } from "vitest";
import { faultInParameters } from "../../src/sidecar/position-parameters.ts";

function fault(query: string, body = "", isOfAll = false): string | undefined {
  return faultInParameters({ query: new URLSearchParams(query), body, isOfAll });
}

describe("what is asked of positions", () => {
  test.each(["qty", "percentage"])("names no part where all are meant: %s", (name) => {
    const expected = `${name} is for one position: send it to /v2/positions/{symbol}`;
    expect(fault(`${name}=5`, "", true)).toBe(expected);
    expect(fault(`${name}=5`)).toBeUndefined();
  });

  test.each(["qty=1&qty=1", "percentage=5&percentage=5", "cancel_orders=1&cancel_orders=1"])(
    "is said once: %s",
    (query) => {
      expect(fault(query)).toMatch(/^expected \w+ at most once$/);
    },
  );

  test.each(["Qty=1", "PERCENTAGE=5", "Cancel_Orders=true"])("is not %s", (query) => {
    expect(fault(query)).toContain("is to be written in small letters");
  });

  test.each([
    ['{"qty":"1"}', "qty"],
    ['{"qty":1}', "qty"],
    ['{"Percentage":5}', "percentage"],
    ["qty=1", "qty"],
    ["percentage=5", "percentage"],
    ['{"cancel_orders":true}', "cancel_orders"],
  ])("is not in the body alone: %s", (body, name) => {
    const expected = `${name} is read from the query, and not from the body`;
    expect(fault("", body)).toBe(expected);
    expect(fault(`${name}=2`, body)).toBe(expected);
    expect(fault("", body, true)).toBe(expected);
  });

  test("may be in the body as the query says it, or as nothing", () => {
    expect(fault("qty=1", '{"qty":"1"}')).toBeUndefined();
    expect(fault("cancel_orders=true", '{"cancel_orders":true}')).toBeUndefined();
    for (const body of ['{"qty":null}', '{"qty":""}', "{}", "", "[]", "other=1"]) {
      expect(fault("", body), body).toBeUndefined();
    }
  });
});
