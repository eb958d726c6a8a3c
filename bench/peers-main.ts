/**
 * `npm run bench:peers`: what others take to guard an order, beside the latch, in one run on one
 * machine. Their packages are no part of ours: they are installed by their own lock file into a
 * folder that is gone afterwards. Writes docs/BENCHMARKS-PEERS.md.
 */
import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { withFolder } from "./bench-folder.ts";
import { measureLatch, measurePeer, type PeerFigure } from "./measure-peers.ts";
import { peersDocument, peersTable } from "./peers-report.ts";

/** Compiled, this file lies one folder deeper than its source. */
const ROOT = new URL("../../", import.meta.url);
const SOURCES = fileURLToPath(new URL("bench/peers/", ROOT));
const DOCUMENT = fileURLToPath(new URL("docs/BENCHMARKS-PEERS.md", ROOT));
const INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

interface Options {
  readonly json: boolean;
  readonly orders: number;
  readonly write: boolean;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("Give a whole number above 0.");
  return Number(text);
}

const { json, orders, write } = new Command("bench:peers")
  .description("Measures what others take to guard an order, beside the latch.")
  .option("--json", "print one JSON document", false)
  .option("--orders <number>", "orders of each measurement", wholeNumber, 2_000)
  .option("--no-write", "do not write docs/BENCHMARKS-PEERS.md")
  .parse()
  .opts<Options>();

const figures = await withFolder(async (folder): Promise<readonly PeerFigure[]> => {
  cpSync(SOURCES, folder, { recursive: true });
  execFileSync("npm", INSTALL, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return [
    await measureLatch("sqlite", folder, orders),
    await measureLatch("postgres", folder, orders),
    await measurePeer("DBOS Transact", join(folder, "dbos.mjs"), orders),
    await measurePeer("AWS Powertools idempotency", join(folder, "powertools.mjs"), orders),
  ];
});
if (json) console.log(JSON.stringify({ orders, figures }, undefined, 2));
else console.log(peersTable(figures));
if (write) writeFileSync(DOCUMENT, peersDocument(figures, orders));
