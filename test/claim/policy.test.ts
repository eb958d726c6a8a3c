/** What a bot gets that sets nothing: the documented durations, and the careful choices. */
import { expect, test } from "vitest";
import { DEFAULT_CLAIM_POLICY, DIVERGENCE_KINDS } from "../../src/claim/policy.ts";
import { SECOND } from "./builders.ts";

test("an order is sent within 5 s, given up after 6 s, absent after 15 s, equal for 45 s", () => {
  expect(DEFAULT_CLAIM_POLICY).toMatchObject({
    ...{ sendDeadlineMs: 5 * SECOND, postDeadlineMs: 6 * SECOND },
    ...{ absenceWindowMs: 15 * SECOND, dedupeWindowMs: 45 * SECOND },
  });
});

test("no short is opened, a new id is another order, and a close says that it is one", () => {
  expect(DEFAULT_CLAIM_POLICY).toMatchObject({
    ...{ allowShort: false, clientIdIsIdentity: true, positionIntent: true },
  });
});

test.each(DIVERGENCE_KINDS)("a difference is taken over, and nothing is traded: %s", (kind) => {
  expect(DEFAULT_CLAIM_POLICY.divergence[kind]).toBe("adopt");
});
