import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { tracingTrouble } from "../ledger/system-calls.ts";
import { CrashWorld, type PlacedOrder } from "./crash-world.ts";
import type { KillableProgram, Strike } from "./killable-program.ts";

/** The POST to the broker: it has a head and a body. */
const POST: Strike = { calls: "writev", nth: 1 };

/** Others write without waiting for the disk. */
const CLAIM_SYNCED = /^f(data)?sync\(.*latch\.db-wal.*= 0/;

/** In the midst of writing a claim, with SQLite's write lock in hand. */
const CLAIM: Strike = { calls: "pwrite64", nth: 2 };

describe.skipIf(tracingTrouble() !== undefined)(
  "a sidecar that stands between claim and POST",
  () => {
    let world: CrashWorld;
    let second: KillableProgram;
    beforeAll(async () => {
      world = await CrashWorld.open();
      second = await world.start();
    });
    afterAll(() => world.close());

    async function frozenWith(order: PlacedOrder) {
      const program = await world.start();
      await program.holdAt(POST);
      const answer = program.send(order);
      await program.untilTraced(CLAIM_SYNCED);
      return { program, answer };
    }

    test("and is killed: a second one on its store sends the repeat, once", async () => {
      const order = world.order("no id");
      const { program, answer } = await frozenWith(order);
      const repeat = world.insist(second, order);
      await program.kill();
      expect(await answer).toBe("cut");
      expect((await repeat).body.id).toBe(world.ordersOf(order)[0]?.id);
      expect(world.posts(order)).toHaveLength(1);
    });

    test("and goes on after the second one has sent the repeat: there is one order", async () => {
      const order = world.order("its own id");
      const { program, answer } = await frozenWith(order);
      const repeat = await world.insist(second, order);
      expect(repeat.status, JSON.stringify(repeat.body)).toBe(200);
      // What its client was told is in the store once its events are asked for.
      await second.page("/latch/v1/events");
      program.release();
      expect(await answer).toMatchObject({ status: 200, body: { id: repeat.body.id } });
      expect(world.ordersOf(order)).toHaveLength(1);
      // The broker's rule that an id is used once is the last fence.
      expect(world.posts(order)).toMatchObject([
        { answered: { status: 200 } },
        { answered: { status: 422 } },
      ]);
    });

    test("has cost nothing: store and broker agree to the last share", () => world.verify());
  },
);

describe.skipIf(tracingTrouble() !== undefined)(
  "a sidecar that stands in the midst of writing a claim",
  () => {
    test("keeps the others from sending, who say why; when it goes on each order is sent once", async () => {
      const world = await CrashWorld.open();
      onTestFinished(() => world.close());
      const standing = await world.programAtRest();
      const other = await world.start();
      await standing.holdAt(CLAIM);
      const [first, second] = [world.order("its own id"), world.order("its own id")];
      const answer = standing.send(first);
      await standing.untilTraced(/^pwrite64\(.*latch\.db-wal/);
      const refused = await other.send(second);
      expect(refused).toMatchObject({ body: { tradelatch: { error: "store_busy" } } });
      expect([...world.posts(first), ...world.posts(second)]).toEqual([]);
      standing.release();
      await answer;
      for (const [program, order] of [[standing, first] as const, [other, second] as const]) {
        expect(await world.insist(program, order)).toMatchObject({ status: 200 });
        expect(world.ordersOf(order)).toHaveLength(1);
      }
      await world.verify();
    });
  },
);
