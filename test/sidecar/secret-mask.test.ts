import { expect, test } from "vitest";
import { SecretMask } from "../../src/sidecar/secret-mask.ts";

const SECRET = 'a"b\\c/d e';

test.each([
  ["as it is", SECRET],
  ["as a URL has it", `/v2/orders/${encodeURIComponent(SECRET)}`],
  ["as JSON has it", JSON.stringify({ symbol: SECRET })],
  ["as JSON has a message that quotes JSON", JSON.stringify({ message: JSON.stringify(SECRET) })],
])("a secret is masked %s", (_, text) => {
  const masked = new SecretMask([SECRET]).mask(text);
  expect(masked).toContain("[redacted]");
  expect(masked).not.toMatch(/a.{1,4}b/);
});

test("the longer secret goes first where one begins with another", () => {
  expect(new SecretMask(["key", "keyring"]).mask("my keyring")).toBe("my [redacted]");
});

test("what is quoted is masked before it is cut: half a secret would not be recognized", () => {
  const quoted = new SecretMask([SECRET]).quote(`${"x".repeat(295)}${SECRET}`);
  expect(quoted).toBe(`${"x".repeat(295)}[reda…`);
});
