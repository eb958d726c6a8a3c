import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tracingTrouble } from "../ledger/system-calls.ts";
import { CrashWorld, type PlacedOrder } from "./crash-world.ts";
import type { KillableProgram, Strike } from "./killable-program.ts";

/** The POST to the broker: it has a head and a body. */
const POST: Strike = { calls: "writev", nth: 1 };

/** A step that is never reached is to be told soon. */
const LIMIT_MS = 30_000;

describe.skipIf(tracingTrouble() !== undefined)(
  "a sidecar that stands between claim and POST",
  { timeout: LIMIT_MS },
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
      await program.untilTraced(/F_UNLCK.*l_start=120/);
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
