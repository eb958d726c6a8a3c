/**
 * Every fault of the simulated broker, for an entry and for an exit, before, during and after a
 * restart of the sidecar: whatever happened, the system returns to order by itself.
 */
import { describe, expect, test } from "vitest";
import { SIDES } from "./cell-outcome.ts";
import { CATALOGUE, knownKinds } from "./fault-catalogue.ts";
import { RESTARTS, runCell } from "./fault-cell.ts";
import type { FaultRow } from "./fault-row.ts";

const ROWS = Object.entries(CATALOGUE).flatMap(([kind, rows]) =>
  rows.map((row): readonly [string, string, FaultRow] => [kind, row.name, row]),
);

/** A fault that another row comes to as well is left out where the world would be the same. */
function cellsOf({ onlyDuring }: FaultRow) {
  const places = onlyDuring ? (["during"] as const) : RESTARTS;
  return SIDES.flatMap((side) => places.map((strikes) => [side, strikes] as const));
}

test("every fault that the simulator knows has its rows", () => {
  expect(Object.keys(CATALOGUE).toSorted()).toEqual(knownKinds().toSorted());
  for (const rows of Object.values(CATALOGUE)) expect(rows).not.toEqual([]);
});

describe.each(ROWS)("%s: %s", (_kind, _name, row) => {
  test.each(cellsOf(row))(
    "an %s, %s a restart: one order, and all is well again",
    async (...cell) => {
      await runCell(row, ...cell);
    },
  );
});
