/**
 * Kill -9 in front of every single system call of the order path, one after the other, from the
 * client's request to the booked fill: `CRASH_POINTS=all npx vitest run test/crash/every-call`.
 * It takes some minutes; order-path-steps.ts has the steps that every run checks.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CrashWorld, IDENTITIES } from "./crash-world.ts";
import type { KillableProgram } from "./killable-program.ts";

/** In the order of what they mean most: files, locks, sockets, and the loop that waits for them. */
const CALLS = [
  ...["pwrite64", "fsync,fdatasync", "fcntl", "pread64", "statx", "ftruncate,truncate"],
  ...["writev", "write", "read", "accept4", "epoll_pwait", "epoll_ctl"],
];
const TIME_LIMIT_MS = 20 * 60_000;
const COMMITTED = /F_UNLCK.*l_start=120/;
/** The claim, the broker's answer and the fill. */
const COMMITS = 3;

describe.skipIf(process.env.CRASH_POINTS !== "all")("kill -9", () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await CrashWorld.open();
  });
  afterAll(() => world.close());

  /** Resolves when the program is dead, or when the order's fill is in the book. */
  async function untilItIsOver(program: KillableProgram): Promise<void> {
    const settled = program.untilTraced(COMMITTED, COMMITS);
    await Promise.race([settled.catch(() => undefined), program.ended]);
  }

  /** Where the `nth` call killed the program; undefined where the order needs fewer of them. */
  async function strike(calls: string, nth: number): Promise<string | undefined> {
    const program = await world.programAtRest();
    const order = world.order(IDENTITIES[nth % IDENTITIES.length] ?? "no id");
    await program.killAt({ calls, nth });
    const sent = program.send(order);
    await untilItIsOver(program);
    const hasSurvived = !program.isGone;
    await program.kill();
    const first = await sent;
    const remains = await world.claimLeftOf(order);
    const answer = await world.insist(await world.program(), order);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(world.ordersOf(order).map(({ id }) => id)).toEqual([answer.body.id]);
    expect(world.posts(order).filter(isAccepted)).toHaveLength(1);
    if (first !== "cut") expect(first.body.id).toBe(answer.body.id);
    if (hasSurvived) return undefined;
    return `${remains?.status ?? "no claim"}, ${first === "cut" ? "cut" : "answered"}`;
  }

  test.each(CALLS)(
    "in front of every %s: no second order, and the repeat gets the one that exists",
    async (calls) => {
      const struck = new Map<string, number>();
      for (let nth = 1; ; nth += 1) {
        const where = await strike(calls, nth);
        if (where === undefined) break;
        struck.set(where, (struck.get(where) ?? 0) + 1);
      }
      console.info(calls, Object.fromEntries(struck));
    },
    TIME_LIMIT_MS,
  );

  test("has cost nothing in the end: store and broker agree to the last share", () =>
    world.verify());
});

function isAccepted({ answered }: { readonly answered: unknown }): boolean {
  return typeof answered === "object" && JSON.stringify(answered).startsWith('{"status":200');
}
