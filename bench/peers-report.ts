/** What `npm run bench:peers` has measured, for a terminal of 80 columns and as a document. */
import { readFileSync } from "node:fs";
import { CALLERS } from "./callers.ts";
import { machineOf } from "./machine.ts";
import type { PeerFigure } from "./measure-peers.ts";

const LOCK = new URL(
  import.meta.url.endsWith(".ts") ? "peers/package.json" : "../../bench/peers/package.json",
  import.meta.url,
);

export function peersTable(figures: readonly PeerFigure[]): string {
  const head = `${"guard".padEnd(28)} ${"store".padEnd(11)} ${"p50 us".padStart(8)} a second`;
  const rows = figures.map(
    ({ name, store, p50Us, perSecond }) =>
      `${name.padEnd(28)} ${store.padEnd(11)} ${p50Us.toFixed(0).padStart(8)} ` +
      perSecond.toFixed(0).padStart(8),
  );
  return [head, ...rows].join("\n");
}

export function peersDocument(figures: readonly PeerFigure[], orders: number): string {
  const machine = machineOf(new Date());
  const { dependencies } = JSON.parse(readFileSync(LOCK, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const rows = figures.map(
    ({ name, store, p50Us, perSecond }) =>
      `| ${name} | ${store} | ${p50Us.toFixed(0)} | ${perSecond.toFixed(0)} |`,
  );
  return `# Benchmarks: peers

Made by \`npm run bench:peers\`; do not edit. What it takes to guard an order, in one run on one
machine. The order's own call answers at once, so that only the guarding is measured: a record on
disk before the call, its result kept after it. p50 is of ${orders} orders one at a time, orders a
second of ${orders} with ${CALLERS} callers. Each guard has a PostgreSQL server of its own with the
same settings, and the number of connections that it takes by itself.

- ${machine.date.slice(0, 16).replace("T", " ")} UTC, commit ${machine.commit}
- ${machine.processors} × ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}
- Node ${machine.node}, ${versions.join(", ")}

| guard | store | p50, microseconds | orders a second |
|---|---|---|---|
${rows.join("\n")}

What they do is not the same. DBOS Transact runs a workflow with one step: its start, the step's
result and the workflow's result are each committed, and a process that dies is taken up where it
was, by running the step again if that had not ended. Powertools puts a record before the call and
updates it after it; its store here is a persistence layer over PostgreSQL that does what the
package's own does in DynamoDB, and a record whose owner died is run again when its time is over.
TradeLatch keeps the claim, a hash-chained event for each thing that happened, the position and its
reservations, looks for equal orders under other ids, and sends nothing again before the broker's
records say that it may.
`;
}
