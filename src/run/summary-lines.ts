/** A summary as pairs of a name and a value, for the terminal and for the report. Pure. */
import { decimal, multiply, toFixed } from "../core/decimal.ts";
import { usdText } from "../core/usd-text.ts";
import type { RunSummary } from "./run-summary.ts";

export type SummaryLine = readonly [name: string, value: string];

export function summaryLines(summary: RunSummary): readonly SummaryLine[] {
  const { trades, wins, hitRate, faults, faultsMet, orders, duplicateOrders } = summary;
  const hits = hitRate === null ? "-" : `${percent(hitRate)} (${wins} of ${trades})`;
  const met = faults === "none" ? "none" : `${faults}; met by ${faultsMet} requests`;
  return [
    ["Trades, flat to flat", String(trades)],
    ["Hit rate", hits],
    ["Realized profit or loss", usdText(summary.realizedProfitUsd)],
    ["Maximum drawdown", usdText(summary.maxDrawdownUsd)],
    ["Exposure", `${percent(summary.exposure)} of the time`],
    ["Faults of the broker", met],
    ["Orders at the broker", String(orders)],
    [
      "Duplicates among them",
      duplicateOrders === 0 ? "0" : `${duplicateOrders}, ${usdText(summary.duplicateNotionalUsd)}`,
    ],
    ...guardLines(summary),
    ["Final positions", positionsText(summary.finalPositions)],
  ];
}

function guardLines(summary: RunSummary): readonly SummaryLine[] {
  const { intents, duplicatesBlocked, unsettled, booksEqual, invariantsBroken } = summary;
  if (intents === null) return [["Latch", "none: the bot sent by itself"]];
  return [
    ["Duplicates blocked", String(duplicatesBlocked)],
    [
      "Intents, each ended once",
      `${intents}${unsettled === 0 ? "" : `, of these open: ${unsettled}`}`,
    ],
    ["Books equal the broker's", booksEqual === true ? "yes" : "NO"],
    [
      "Invariants broken",
      invariantsBroken?.length === 0 ? "none" : String(invariantsBroken?.length),
    ],
    ["Incidents", String(summary.incidents)],
  ];
}

function positionsText(positions: Readonly<Record<string, string>>): string {
  const held = Object.entries(positions).map(([symbol, shares]) => `${symbol} ${shares}`);
  return held.length === 0 ? "flat" : held.join(", ");
}

function percent(part: string): string {
  return `${toFixed(multiply(decimal(part), decimal("100")), 1)} %`;
}
