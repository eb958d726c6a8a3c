/** What is told as a number of incidents is the number of all of them. */
import { expect, test } from "vitest";
import type { Latch } from "../../src/latch.ts";
import { ledgerRecords } from "../../src/run/ledger-records.ts";
import { openMany } from "../incident/many-incidents.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { openNative } from "./native-bench.ts";

const MANY = 1_005;

test("state, gauges, entry check and records have every open incident, the oldest too", async () => {
  const { latch, store, clock, get } = await openNative();
  const where = { account: latch.account, symbol: "TQQQ", at: clock.now() };
  await openMany(openLedger(store, clock), where, MANY);
  expect((await get("/latch/v1/status")).body.latch).toMatchObject({ openIncidents: MANY });
  const { text } = await get("/metrics");
  expect(text).toContain('tradelatch_incidents_open{kind="refused_exit"} 1\n');
  expect(text).toContain(`tradelatch_incidents_open{kind="unknown_order"} ${MANY - 1}\n`);
  const { incidents } = await latch.entryCheck("TQQQ");
  expect(incidents.map(({ id }) => id)).toEqual(Array.from({ length: MANY }, (_, i) => MANY - i));
  expect((await ledgerRecords(latch as Latch)).incidents).toHaveLength(MANY);
});
