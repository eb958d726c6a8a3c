import { expect, test } from "vitest";
import { tellingPeople } from "../../src/cli/serve-output.ts";

test.each([
  [true, "No orders yet: it is away; asking again until it answers"],
  // Without a broker orders are never taken.
  [false, "No claims yet: it is away; asking again until it answers"],
])("a start that waits says what is not taken yet, with a broker: %s", (hasBroker, said) => {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const output = { line, columns: undefined, color: false, logsAreRead: false };
  tellingPeople(output).away("it is away", hasBroker);
  expect(lines).toEqual([said]);
});

test.each([
  ["https://api.alpaca.markets", false, " (REAL MONEY)"],
  ["https://paper-api.alpaca.markets", false, " (paper)"],
  ["http://127.0.0.1:4599", true, " (simulated)"],
  // Whatever account is behind it.
  ["http://127.0.0.1:4599", false, ""],
])(
  "a sidecar in front of %s says whose money that is, where it is known",
  (brokerUrl, isSimulated, said) => {
    const lines: string[] = [];
    const line = (text: string) => void lines.push(text);
    const place = { url: "http://127.0.0.1:4520", key: null, store: "latch.db", hasOperator: true };
    const told = tellingPeople({ line, columns: undefined, color: false, logsAreRead: false });
    told.listening({ ...place, brokerUrl, isSimulated });
    expect(lines).toContain(`Broker: ${brokerUrl}${said}`);
  },
);
