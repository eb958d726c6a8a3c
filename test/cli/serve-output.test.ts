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
