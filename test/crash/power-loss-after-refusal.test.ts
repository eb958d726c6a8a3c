import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diskLayerTrouble } from "../disk/disk-layer.ts";
import { DiskWorld } from "./disk-world.ts";

describe.skipIf(diskLayerTrouble() !== undefined)(
  "a power failure after the client was told that its order was refused",
  () => {
    let power: DiskWorld;
    beforeAll(async () => {
      power = await DiskWorld.open("exit");
    });
    afterAll(() => power.close());

    test("leaves an exit latched: it is not sent again before a verdict", async () => {
      const { world } = power;
      const order = world.order("no id");
      const first = await world.program();
      const asked = first.send(order);
      await world.whileNothingIsHeld(() => world.posts(order).length === 1);
      expect(await asked).toMatchObject({ status: 422, body: { code: 42210000 } });
      await power.failPower(first);
      const next = await world.start();
      expect(await world.insist(next, order)).toMatchObject({
        status: 403,
        body: { tradelatch: { error: "exit_duplicate_after_422" } },
      });
      expect(world.posts(order)).toHaveLength(1);
      await world.untilSettled(next);
      expect(await world.insist(next, order)).toMatchObject({ status: 200 });
      expect(world.posts(order)).toHaveLength(2);
      await world.expectAgreement(next);
    });
  },
);
