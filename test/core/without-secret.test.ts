import { describe, expect, test } from "vitest";
import { withoutSecret } from "../../src/core/without-secret.ts";

describe("a secret is taken out of a text", () => {
  test.each([
    ["wherever it stands", "xk-0123456789x", "k-0123456789", "x[redacted]x"],
    [
      "where it is short and stands alone",
      'no order "k", nor k.',
      "k",
      'no order "[redacted]", nor [redacted].',
    ],
    ["where it is short and the value of JSON", '{"symbol":"k"}', "k", '{"symbol":"[redacted]"}'],
    ["whatever characters it has", "is a.b(c here", "a.b(c", "is [redacted] here"],
  ])("%s", (_, text, secret, expected) => {
    expect(withoutSecret(text, secret)).toBe(expected);
  });
});

describe("a short secret leaves our own words whole", () => {
  test.each([
    ["which have it as a part", "the message says that nothing was sent", "s"],
    ["which name an error", '{"error":"order_not_taken"}', "order"],
    ["which name a member of JSON", '{"code":40310000,"message":"a close of 60"}', "code"],
    ["also in JSON within JSON", JSON.stringify({ said: JSON.stringify({ code: 1 }) }), "code"],
    ["and numbers", '{"incident":1,"status":422}', "1"],
  ])("%s", (_, text, secret) => {
    expect(withoutSecret(text, secret)).toBe(text);
  });
});

test("a text without a secret stays as it is where there is no secret", () => {
  expect(withoutSecret("as it is", "")).toBe("as it is");
});
