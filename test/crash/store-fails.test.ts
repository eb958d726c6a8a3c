import { afterAll, beforeAll, describe, test } from "vitest";
import { diskLayerTrouble } from "../disk/disk-layer.ts";
import { STORE_FAULTS } from "./store-faults.ts";
import { StrainedSidecar } from "./strained-sidecar.ts";

describe.skipIf(diskLayerTrouble() !== undefined).each(["entry", "exit"] as const)(
  "with an %s, a sidecar whose store",
  (kind) => {
    let sidecar: StrainedSidecar;
    beforeAll(async () => {
      sidecar = await StrainedSidecar.open(kind);
    });
    afterAll(() => sidecar.close());

    const rows = STORE_FAULTS.map((fault) => [fault.name, fault.code, fault] as const);
    test.each(rows)("%s sends nothing, says %s, and goes on", async (_, code, fault) => {
      const order = sidecar.nextOrder();
      const mend = fault.strike(sidecar.world.store, sidecar.disk);
      try {
        sidecar.expectNotTaken(order, await sidecar.program.send(order), code);
      } finally {
        mend();
      }
      await sidecar.expectTaken(order);
    });
  },
);
