import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { ERRORS, type ErrorCode } from "../../src/core/errors.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { run } from "../cli/program.ts";
import { DiskLayer, diskLayerTrouble } from "../disk/disk-layer.ts";
import { Database } from "../sqlite-database.ts";
import { damage } from "./store-faults.ts";

interface Refusal {
  readonly name: string;
  readonly code: ErrorCode;
  readonly prepare: (store: string, disk: DiskLayer) => void | Promise<void>;
}

async function makeLedger(store: string): Promise<void> {
  await openSqliteLedger(store, systemClock).close();
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "has damaged pages",
    code: "store_corrupt",
    prepare: async (store) => {
      await makeLedger(store);
      damage(store);
    },
  },
  {
    name: "is a text",
    code: "store_not_a_database",
    prepare: (store) => writeFileSync(store, "Remember the milk.\n".repeat(400)),
  },
  {
    name: "was written by a newer program",
    code: "store_newer",
    prepare: async (store) => {
      await makeLedger(store);
      const database = new Database(store);
      database.pragma("user_version = 1000");
      database.close();
    },
  },
  {
    name: "may only be read",
    code: "store_unwritable",
    prepare: async (store, disk) => {
      await makeLedger(store);
      disk.failOpens("EACCES");
    },
  },
  {
    name: "is to be made on a file system that may only be read",
    code: "store_unwritable",
    prepare: (_, disk) => disk.failOpens("EROFS"),
  },
  {
    name: "is to be made on a full disk",
    code: "store_full",
    prepare: (_, disk) => disk.failWrites("ENOSPC"),
  },
  {
    name: "is to be made on a disk that cannot sync",
    code: "store_failed",
    prepare: (_, disk) => disk.failSyncs("EIO"),
  },
];

describe.skipIf(diskLayerTrouble() !== undefined)("a sidecar whose store", () => {
  let broker: Simulator;
  let folder: string;
  const disk = new DiskLayer();
  beforeAll(async () => {
    broker = await startSimulator();
    folder = mkdtempSync(join(tmpdir(), "tradelatch-refused-"));
  });
  afterAll(async () => {
    await broker.close();
    disk.close();
    rmSync(folder, { recursive: true });
  });

  const rows = REFUSALS.map((refusal) => [refusal.name, refusal.code, refusal] as const);
  test.each(rows)("%s ends at its start, and says what mends %s", async (name, code, refusal) => {
    const store = join(folder, `${name.replaceAll(" ", "-")}.db`);
    await refusal.prepare(store, disk);
    const keys = { APCA_API_KEY_ID: "id", APCA_API_SECRET_KEY: "secret" };
    const env = { ...keys, APCA_API_BASE_URL: broker.url, ...disk.environmentFor(store) };
    const ended = await run(["serve", "--port", "0", "--store", store], { env });
    disk.mend();
    expect(ended).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(ERRORS[code].hint),
    });
    expect(ended.stderr).toContain(store);
    expect(broker.requests().filter(({ method }) => method === "POST")).toEqual([]);
  });
});
