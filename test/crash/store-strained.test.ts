import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { diskLayerTrouble } from "../disk/disk-layer.ts";
import { LedgerProcess } from "../ledger/ledger-process.ts";
import { CrashWorld } from "./crash-world.ts";
import { expectNothingLost } from "./disk-world.ts";
import { StrainedSidecar } from "./strained-sidecar.ts";

const SLOW_SYNC_MS = 2_000;
/** Beyond the send deadline of these programs, unless they have the usual ones. */
const TOO_SLOW_SYNC_MS = 1_600;
const USUAL_DEADLINES: readonly string[] = [];
const ORDERS_IN_THE_STORM = 6;
/** How long another process has the write lock, and leaves it, by turns. */
const HELD_MS = 20;
const FREE_MS = 2;

describe.skipIf(diskLayerTrouble() !== undefined)("a sidecar whose store", () => {
  let sidecar: StrainedSidecar;
  beforeAll(async () => {
    sidecar = await StrainedSidecar.open("exit");
  });
  afterAll(() => sidecar.close());

  test("may not grow by the system's own limit sends nothing, and goes on", async () => {
    // The journal of the disk layer would be a file that may not grow either.
    const world = await CrashWorld.open("exit");
    onTestFinished(() => world.close());
    const limited = await world.start();
    const order = world.order("no id");
    limited.limitFileSize(1);
    const answer = await limited.send(order);
    limited.limitFileSize(undefined);
    expect(answer).toMatchObject({ body: { tradelatch: { error: "store_failed" } } });
    expect(world.posts(order)).toEqual([]);
    expect(await world.insist(limited, order)).toMatchObject({ status: 200 });
    expect(world.posts(order)).toHaveLength(1);
  });

  test("is taken and dropped by another process all the time takes each order once", async () => {
    const { world, program } = sidecar;
    const storm = await LedgerProcess.start();
    await storm.ask("storm", { file: world.store, heldMs: HELD_MS, freeMs: FREE_MS });
    const many = Array.from({ length: ORDERS_IN_THE_STORM }, () => sidecar.nextOrder());
    const answers = await Promise.all(many.map((order) => program.send(order)));
    await storm.ask("calm", undefined);
    for (const answer of answers) {
      if (answer === "cut" || answer.status !== 200) expect(answer).toMatchObject({ status: 409 });
    }
    for (const order of many) await sidecar.expectTaken(order);
  });

  test("is full between POST and answer gives the order, and books it later", async () => {
    const { world, disk, program } = sidecar;
    const order = sidecar.nextOrder();
    world.fault({ kind: "slow", delayMs: 1 });
    const sent = program.send(order);
    await world.until(() => world.ordersOf(order).length === 1);
    disk.failWrites("ENOSPC");
    world.keepTime();
    const [placed] = world.ordersOf(order);
    expect(await sent).toMatchObject({ status: 200, body: { id: placed?.id } });
    disk.mend();
    await sidecar.expectTaken(order);
  });

  test("takes two seconds to sync sends nothing before, and answers everybody after", async () => {
    const slow = await StrainedSidecar.open("exit", USUAL_DEADLINES);
    onTestFinished(() => slow.close());
    const { world, disk, program } = slow;
    const order = slow.nextOrder();
    const before = disk.syncs().begun;
    disk.delaySyncs(SLOW_SYNC_MS);
    const sent = program.send(order);
    await world.until(() => disk.syncs().begun > before);
    const others = ["/healthz", "/latch/v1/claims?limit=1"].map((path) => program.page(path));
    await world.until(() => {
      const { begun, ended } = disk.syncs();
      if (begun > ended) expect(world.posts(order)).toEqual([]);
      return begun === ended;
    });
    disk.mend();
    expect(await sent).toMatchObject({ status: 200 });
    expect(await Promise.all(others)).toHaveLength(2);
    await slow.expectTaken(order);
  });

  test("syncs only after the send deadline sends nothing, and says so", async () => {
    const order = sidecar.nextOrder();
    sidecar.disk.delaySyncs(TOO_SLOW_SYNC_MS);
    const answer = await sidecar.program.send(order);
    sidecar.disk.mend();
    expect(answer).toMatchObject({ status: 409, body: { tradelatch: { error: "not_sent" } } });
    expect(sidecar.world.posts(order)).toEqual([]);
    await sidecar.expectTaken(order);
  });

  test("failed to sync has everything on disk that it took afterwards", async () => {
    const { diskWorld, world, disk } = sidecar;
    const order = sidecar.nextOrder();
    disk.failSyncs("EIO");
    sidecar.expectNotTaken(order, await sidecar.program.send(order), "store_failed");
    disk.mend();
    await sidecar.expectTaken(sidecar.nextOrder());
    const life = await diskWorld.failPower(sidecar.program);
    await expectNothingLost(life.keptAfter(life.notes.length), diskWorld.witness);
    sidecar.program = await world.start();
    await sidecar.expectTaken(order);
  });
});
