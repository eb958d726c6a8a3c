import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { diskLayerTrouble } from "../disk/disk-layer.ts";
import { LedgerProcess } from "../ledger/ledger-process.ts";
import { CrashWorld, IDENTITIES, type PlacedOrder } from "./crash-world.ts";
import { DiskWorld, expectNothingLost } from "./disk-world.ts";
import type { Answer, KillableProgram } from "./killable-program.ts";
import { STORE_FAULTS } from "./store-faults.ts";

/** A step that is never reached is to be told soon. */
const LIMIT_MS = 30_000;
const SLOW_SYNC_MS = 2_000;
/** Beyond the send deadline of these programs. */
const TOO_SLOW_SYNC_MS = 2_200;
const USUAL_DEADLINES: readonly string[] = [];
const ORDERS_IN_THE_STORM = 6;
/** How long another process has the write lock, and leaves it, by turns. */
const HELD_MS = 20;
const FREE_MS = 2;

describe.skipIf(diskLayerTrouble() !== undefined).each(["entry", "exit"] as const)(
  "with an %s, a sidecar whose store",
  { timeout: LIMIT_MS },
  (kind) => {
    let power: DiskWorld;
    let program: KillableProgram;
    let orders = 0;
    beforeAll(async () => {
      power = await DiskWorld.open(kind);
      program = await power.world.start();
      // A claim that was taken before is there after every fault.
      await expectTaken(nextOrder());
    });
    afterAll(() => power.close());

    function nextOrder(): PlacedOrder {
      orders += 1;
      return power.world.order(IDENTITIES[orders % IDENTITIES.length] ?? "no id");
    }

    function expectNotTaken(order: PlacedOrder, answer: Answer | "cut", code: string): void {
      expect(answer).toMatchObject({ status: 409, body: { tradelatch: { error: code } } });
      expect(answer).toMatchObject({ body: { message: expect.stringContaining("sent no order") } });
      expect(power.world.posts(order)).toEqual([]);
    }

    async function expectTaken(order: PlacedOrder): Promise<void> {
      const answer = await power.world.insist(program, order);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      expect(power.world.ordersOf(order).map(({ id }) => id)).toEqual([answer.body.id]);
      expect(power.world.posts(order)).toHaveLength(1);
      await power.world.expectAgreement(program);
    }

    const rows = STORE_FAULTS.map((fault) => [fault.name, fault.code, fault] as const);
    test.each(rows)("%s sends nothing, says %s, and goes on", async (_, code, fault) => {
      const order = nextOrder();
      const mend = fault.strike(power.world.store, power.disk);
      try {
        expectNotTaken(order, await program.send(order), code);
      } finally {
        mend();
      }
      await expectTaken(order);
    });

    test("may not grow by the system's own limit sends nothing, and goes on", async () => {
      // The journal of the disk layer would be a file that may not grow either.
      const world = await CrashWorld.open(kind);
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
      const storm = await LedgerProcess.start();
      const file = power.world.store;
      await storm.ask("storm", { file, heldMs: HELD_MS, freeMs: FREE_MS });
      const many = Array.from({ length: ORDERS_IN_THE_STORM }, nextOrder);
      const answers = await Promise.all(many.map((order) => program.send(order)));
      await storm.ask("calm", undefined);
      many.forEach((order, index) => {
        const answer = answers[index];
        const isTaken = answer !== undefined && answer !== "cut" && answer.status === 200;
        if (!isTaken) expect(answer).toMatchObject({ status: 409 });
        expect(power.world.posts(order).length).toBeLessThanOrEqual(1);
      });
      for (const order of many) await expectTaken(order);
    });

    test("is full between POST and answer gives the order, and books it later", async () => {
      const order = nextOrder();
      power.world.fault({ kind: "slow", delayMs: 1 });
      const sent = program.send(order);
      await power.world.until(() => power.world.ordersOf(order).length === 1);
      power.disk.failWrites("ENOSPC");
      power.world.keepTime();
      const [placed] = power.world.ordersOf(order);
      expect(await sent).toMatchObject({ status: 200, body: { id: placed?.id } });
      power.disk.mend();
      await expectTaken(order);
    });

    test("takes two seconds to sync sends nothing before, and answers everybody after", async () => {
      const slow = await DiskWorld.open(kind, USUAL_DEADLINES);
      onTestFinished(() => slow.close());
      const { world, disk } = slow;
      const sidecar = await world.start();
      const order = world.order("no id");
      const before = disk.syncs().begun;
      disk.delaySyncs(SLOW_SYNC_MS);
      const sent = sidecar.send(order);
      await world.until(() => disk.syncs().begun > before);
      const others = ["/healthz", "/latch/v1/claims?limit=1"].map((path) => sidecar.page(path));
      await world.until(() => {
        const { begun, ended } = disk.syncs();
        if (begun > ended) expect(world.posts(order)).toEqual([]);
        return begun === ended;
      });
      disk.mend();
      expect(await sent).toMatchObject({ status: 200 });
      expect(await Promise.all(others)).toHaveLength(2);
      expect(world.posts(order)).toHaveLength(1);
      await world.expectAgreement(sidecar);
    });

    test("syncs only after the send deadline sends nothing, and says so", async () => {
      const order = nextOrder();
      power.disk.delaySyncs(TOO_SLOW_SYNC_MS);
      const answer = await program.send(order);
      power.disk.mend();
      expect(answer).toMatchObject({ status: 409, body: { tradelatch: { error: "not_sent" } } });
      expect(power.world.posts(order)).toEqual([]);
      await expectTaken(order);
    });

    test("failed to sync has everything on disk that it took afterwards", async () => {
      // What the tests before did to the files themselves is in no journal.
      await program.kill();
      program = await power.world.start();
      const order = nextOrder();
      power.disk.failSyncs("EIO");
      expectNotTaken(order, await program.send(order), "store_failed");
      power.disk.mend();
      await expectTaken(nextOrder());
      const life = await power.failPower(program);
      await expectNothingLost(life.keptAfter(life.notes.length), power.witness);
      program = await power.world.start();
      await power.world.expectAgreement(program);
    });
  },
);
