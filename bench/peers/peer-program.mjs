/**
 * What every peer's program does with its guard: tries that a repeat gets the first answer, warms
 * up, and says over its channel what an order takes alone, and how many a second there are with
 * many callers. The guarded order itself answers at once, so that only the guarding is measured.
 */
import { performance } from "node:perf_hooks";

const SECOND_MS = 1_000;
const MICROSECONDS = 1_000;

/** `open` is given the address of an empty database. */
export async function serve(open) {
  const { url, callers, orders } = JSON.parse(process.argv[2]);
  const { guard, close } = await open(url);
  await refuseIfNotGuarded(guard);
  await many(guard, "warm", orders, callers);
  const took = [];
  for (let index = 0; index < orders; index += 1) {
    const begun = performance.now();
    await guard(`one-${index}`);
    took.push((performance.now() - begun) * MICROSECONDS);
  }
  const begun = performance.now();
  await many(guard, "many", orders, callers);
  const perSecond = (orders * SECOND_MS) / (performance.now() - begun);
  took.sort((a, b) => a - b);
  await close();
  process.send({ p50Us: took[took.length >> 1], perSecond });
  process.disconnect();
}

async function refuseIfNotGuarded(guard) {
  const [first, second] = [await guard("same"), await guard("same")];
  if (JSON.stringify(first) !== JSON.stringify(second)) throw new Error("a repeat was not guarded");
}

async function many(guard, name, orders, callers) {
  let next = 0;
  const caller = async () => {
    while (next < orders) {
      next += 1;
      await guard(`${name}-${next}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
