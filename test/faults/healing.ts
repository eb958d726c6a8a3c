/**
 * What must be true again after any fault, without anyone's help: no claim of unknown outcome
 * without an open incident, books equal to the broker's positions, entries free, and every claim
 * that ended marked with who proved it. Looked at from the broker's own record and the ledger's
 * content, never from what an answer said.
 */
import { expect } from "vitest";
import { type Claim, isAccepted } from "../../src/claim/claim.ts";
import { isLive } from "../../src/claim/transitions.ts";
import { subjectOfClaim } from "../../src/incident/incident.ts";
import type { Latch } from "../../src/latch.ts";
import type { OrderWorld, StartedSidecar } from "../sidecar/orders-world.ts";

/** The time that healing may take once the fault has ended. */
export const HEALING_MS = 60_000;

/** How often a running latch compares the positions. */
export const COMPARISON_MS = 15_000;

/** For what is to be over as soon as its fault is, and need not have the whole minute. */
export const SOON = { withinMs: 20_000 } as const;

export interface HealingOptions {
  /** Kinds of incident that only an operator can end; they may stay open. */
  readonly operatorsOnly?: readonly string[];
  readonly withinMs?: number;
}

/** Ends every fault, lets time pass, and looks at the broker and the ledger. */
export async function expectHealed(
  world: OrderWorld,
  { started }: StartedSidecar,
  { operatorsOnly = [], withinMs = HEALING_MS }: HealingOptions = {},
): Promise<void> {
  world.simulator.clearFaults();
  await world.advance(withinMs);
  const { latch } = started;
  await expectNothingUntold(latch);
  await expectBooksAsTheBroker(world, latch);
  const open = await latch.incidents({ isOpen: true });
  expect(open.filter(({ kind }) => !operatorsOnly.includes(kind))).toEqual([]);
  for (const { next } of open) expect(next).not.toBe("");
  for (const { symbol } of await latch.books()) {
    expect(await latch.entryCheck(symbol)).toMatchObject({ isFree: true });
  }
}

async function expectNothingUntold(latch: Latch): Promise<void> {
  const open = new Set((await latch.incidents({ isOpen: true })).map(({ subject }) => subject));
  const { claims } = await latch.claims({ limit: 500 });
  for (const claim of claims) {
    if (isUnknown(claim)) expect(open).toContain(subjectOfClaim(claim.key));
    if (claim.status === "SETTLED") {
      expect(["venue", "inferred", "operator"]).toContain(claim.provenance);
    }
  }
}

function isUnknown(claim: Claim): boolean {
  return (isLive(claim.status) && !isAccepted(claim)) || claim.status === "FINAL";
}

async function expectBooksAsTheBroker(world: OrderWorld, latch: Latch): Promise<void> {
  const held = new Map(world.simulator.positions().map(({ symbol, qty }) => [symbol, Number(qty)]));
  const books = await latch.books();
  for (const { symbol, net } of books)
    expect([symbol, Number(net)]).toEqual([symbol, held.get(symbol) ?? 0]);
  const known = books.map(({ symbol }) => symbol);
  expect([...held.keys()].filter((symbol) => !known.includes(symbol))).toEqual([]);
}
