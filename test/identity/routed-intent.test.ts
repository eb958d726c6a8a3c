import fc from "fast-check";
import { expect, test } from "vitest";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import { firstDifference } from "../../src/identity/fingerprint.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { type IntentInput, parseIntent } from "../../src/identity/intent-schema.ts";
import { deriveRequestId } from "../../src/identity/request-id.ts";
import { type RoutingAdapter, routedIntent } from "../../src/identity/routed-intent.ts";

interface Route {
  readonly id: string;
  readonly venue: string;
}

const ADAPTER: RoutingAdapter<Route> = { idOf: ({ id }) => id, reasonOf: ({ venue }) => venue };
const ANCHOR = { episode: 3, leg: "exit" };
const EXIT = {
  ...{ symbol: "SQQQ", side: "sell", effect: "close", quantity: "12", anchor: ANCHOR },
} as const satisfies IntentInput;

function parsed(input: IntentInput): Intent {
  const draft = parseIntent(input, "account" as AccountId, "agent" as AgentId);
  return { ...draft, side: EXIT.side, effect: EXIT.effect };
}

test("whatever a router decides, the action's identity and terms are those of the action", () => {
  const text = fc.string({ minLength: 1, maxLength: 256, unit: "grapheme-ascii" });
  fc.assert(
    fc.property(text, text, (id, venue) => {
      const plain = parsed(EXIT);
      const routed = parsed(routedIntent(ADAPTER, { id, venue }, EXIT));
      expect(deriveRequestId(routed, ANCHOR)).toBe(deriveRequestId(plain, ANCHOR));
      expect(firstDifference(plain, routed)).toBeUndefined();
      expect(routed).toEqual({ ...plain, decisionId: id, reason: venue });
    }),
  );
});

test("what a router decided is on record, and an adapter may leave the reason out", () => {
  const adapter = { idOf: ({ id }: Route) => id };
  const routed = routedIntent(adapter, { id: "route-2", venue: "b" }, { ...EXIT, reason: "stop" });
  expect(routed).toEqual({ ...EXIT, reason: "stop", decisionId: "route-2" });
});
