import { checkWorld } from "./checkers/check-world.ts";
import { drawPlan } from "./draw-plan.ts";
import { runWorld } from "./world.ts";

const [from, to, verbose] = process.argv.slice(2).map(Number);
const t0 = performance.now();
for (let seed = from!; seed <= to!; seed++) {
  const t = performance.now();
  const o = await runWorld(drawPlan(seed));
  if (verbose) {
    for (const l of o.facts.history)
      console.log(
        ((l.at - 1779372000000) / 1000).toFixed(3).padStart(9),
        l.who.padEnd(10),
        l.what.slice(0, 200),
      );
    for (const c of o.facts.commits)
      for (const e of c.events)
        console.log(
          ((c.at - 1779372000000) / 1000).toFixed(3).padStart(9),
          e.sequence,
          e.subject === "claim" ? e.key.requestId.slice(0, 12) : e.symbol,
          JSON.stringify(e.body).slice(0, 220),
        );
  }
  console.log(
    seed,
    "ms",
    (performance.now() - t).toFixed(0),
    "end",
    (o.endedAt - 1779372000000) / 1000,
    "posts",
    o.facts.posts.length,
    "orders",
    o.broker.orders().length,
    "told",
    o.facts.told.length,
    "events",
    o.disk.rows.events.length,
    "reqs",
    o.broker.simulation.requests.all().length,
    "unrest",
    o.unrest,
  );
  for (const v of checkWorld(o)) console.log("  !!", seed, v.invariant, v.what.slice(0, 400));
  const errs = new Set(
    o.facts.failures.map(
      (e) =>
        (e as Error).message +
        ((e as Error).name !== "LatchError" ? (e as Error).stack?.slice(0, 400) : ""),
    ),
  );
  if (errs.size) console.log("   ", [...errs].join(" | ").slice(0, 900));
}
console.log("total", (performance.now() - t0).toFixed(0));
