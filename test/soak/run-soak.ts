/**
 * `npm run soak`: two hours of a market at twenty orders a second. Ends with 1 where anything grows
 * with the history. SOAK_MINUTES makes it shorter.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { remoteMarket } from "./remote-market.ts";
import { openSoakLatch } from "./soak-latch.ts";
import { SoakMarket } from "./soak-market.ts";
import { type Sample, Sampler, verdictsOn } from "./soak-samples.ts";

const MINUTES = Number(process.env.SOAK_MINUTES ?? 120);
const SAMPLE_MINUTES = MINUTES / 24;
const WARM_UP_SAMPLES = 2;
const MS_PER_MINUTE = 60_000;

const child = fork(new URL("./soak-broker.js", import.meta.url));
const [{ url, now }] = (await once(child, "message")) as [{ url: string; now: number }];
const directory = mkdtempSync(join(tmpdir(), "tradelatch-soak-"));
const store = join(directory, "latch.db");
const clock = new ManualClock(now);
const soak = await openSoakLatch(store, url, clock);
const market = new SoakMarket(remoteMarket(url), soak, clock);
const sampler = new Sampler(store);

say("minute", "orders", "heap MB", "rss MB", "handles", "bytes/order", "ms/order", "rounds/order");
for (let minute = SAMPLE_MINUTES; minute <= MINUTES; minute += SAMPLE_MINUTES) {
  await market.run(SAMPLE_MINUTES * MS_PER_MINUTE, () => sampler.pace());
  show(await sampler.take(minute, market.calls));
}
await market.drain();
const verdicts = verdictsOn(sampler.samples, WARM_UP_SAMPLES);
const differences = await differencesOfBooks();
await soak.latch.close();
child.disconnect();
rmSync(directory, { recursive: true, force: true });

const problems = [...differences, ...market.faults, ...soak.failures];
say();
for (const { measure, mean, rise, allowed, isFlat } of verdicts) {
  const found = isFlat ? "flat" : "GROWS";
  say(measure, found, `mean ${mean.toFixed(2)}, rise ${rise.toFixed(2)} of ${allowed.toFixed(2)}`);
}
for (const [name, count] of [...market.answers].sort()) say(String(count), name);
say(differences.length === 0 ? "the books are the broker's positions" : "THE BOOKS DIFFER");
for (const problem of problems.slice(0, 10)) say("PROBLEM", problem.slice(0, 500));
if (problems.length > 0 || verdicts.some(({ isFlat }) => !isFlat)) process.exitCode = 1;

async function differencesOfBooks(): Promise<readonly string[]> {
  const answer = await fetch(`${url}/sim/positions`);
  const positions = (await answer.json()) as readonly { symbol: string; qty: string }[];
  const held = new Map(positions.map(({ symbol, qty }) => [symbol, qty]));
  const books = await soak.latch.books();
  return books
    .filter(({ symbol, net }) => (held.get(symbol) ?? "0") !== net)
    .map(({ symbol, net }) => `the book has ${net} ${symbol}, the broker ${held.get(symbol)}`);
}

function show(sample: Sample): void {
  const { minute, orders, heapMb, rssMb, handles, bytesPerOrder } = sample;
  const { msPerOrder, roundsPerOrder } = sample;
  const figures = [heapMb.toFixed(1), rssMb.toFixed(0), handles, bytesPerOrder.toFixed(0)];
  say(
    Number(minute.toFixed(2)),
    orders,
    ...figures,
    msPerOrder.toFixed(2),
    roundsPerOrder.toFixed(2),
  );
}

function say(...cells: readonly (string | number)[]): void {
  console.log(cells.map((cell) => String(cell).padStart(12)).join(" "));
}
