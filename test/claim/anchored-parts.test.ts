/** Closes of a part of the position under an anchor: one action on whichever side that is. */
import { expect, test } from "vitest";
import { identify, idOnOtherSide } from "../../src/claim/decide-claim.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { POLICY, sell } from "./builders.ts";

const anchor = { episode: 1, leg: "stop" };
const all = sell("6", { portion: "all", anchor });
const idOf = (intent: Intent) => identify(intent, POLICY).requestId;

test("such a close has on the other side the id that it would have there", () => {
  const other = { ...all, side: "buy" } as const;
  expect(idOnOtherSide(all)).toBe(idOf(other));
  expect(idOnOtherSide(other)).toBe(idOf(all));
  expect(idOf(all)).not.toBe(idOf(other));
});

test("shares by number, and what has no anchor, have no other side", () => {
  expect(idOnOtherSide(sell("6", { anchor }))).toBeUndefined();
  expect(idOnOtherSide(sell("6", { portion: "all" }))).toBeUndefined();
});
