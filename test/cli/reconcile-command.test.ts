import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { REASONS } from "../../src/comparison/finding.ts";
import { order as brokerOrder, item } from "../comparison/records.ts";
import { latchError } from "../ledger/open-ledger.ts";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { BUY, openNative } from "../sidecar/native-bench.ts";
import { openOrderWorld } from "../sidecar/orders-world.ts";
import { BROKER_ID, BROKER_SECRET } from "../sidecar/sidecar-bench.ts";
import { runHere } from "./in-process.ts";
import type { Ended } from "./program.ts";

const KEYS = { "APCA-API-KEY-ID": BROKER_ID, "APCA-API-SECRET-KEY": BROKER_SECRET };

function written(name: string, content: unknown): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const reconcile = (...words: readonly string[]) => runHere(["reconcile", ...words]);

interface Document {
  readonly toBeLookedAt: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly sizes: unknown;
  readonly findings: readonly { readonly kind: string; readonly reasons: readonly string[] }[];
}

const documentOf = ({ stdout }: Ended) => JSON.parse(stdout) as Document;

/** A ledger after an entry, its exit, a bracket and a refused order, and what the broker shows. */
async function tradedDay() {
  const bench = await openNative();
  const { latch, broker, clock, store } = bench;
  await latch.submit(BUY);
  await latch.submit(BUY);
  await latch.tick();
  await latch.submit({ ...BUY, side: "sell", effect: "close", requestId: "r-2" });
  await latch.submit({ ...BUY, symbol: "SQQQ", type: "limit", limitPrice: "1", requestId: "r-3" });
  await latch.submit({ ...BUY, quantity: "1000000", requestId: "r-4" });
  clock.advanceTo(clock.now() + 60_000);
  await latch.tick();
  const answer = await fetch(`${broker.url}/v2/orders?status=all&nested=true`, { headers: KEYS });
  return { bench, store, orders: await answer.text() };
}

describe("tradelatch reconcile", () => {
  test("finds a ledger and its broker in agreement, and says what it compared", async () => {
    const { store, orders } = await tradedDay();
    const words = ["--orders", written("orders.json", orders), "--store", store];
    const ended = await reconcile(...words, "--json");
    expect(ended).toMatchObject({ stderr: "", exitCode: 0 });
    expect(documentOf(ended)).toMatchObject({
      toBeLookedAt: 0,
      counts: { confirmed: 3, refused: 1 },
      sizes: { claims: { records: 4, distinct: 4 }, orders: { records: 3, distinct: 3 } },
    });
    const { stdout } = await reconcile(...words);
    expect(stdout).toContain("Compared 4 claims with 3 orders");
    expect(stdout).toContain("Everything agrees.");
  });

  test("finds a ledger whose spreads were credited in agreement with its broker", async () => {
    const [low, high] = ["SPY270115C00500000", "SPY270115C00510000"];
    const world = await openOrderWorld({ prices: { SPY: "500", [low]: "12.50", [high]: "7.50" } });
    const sidecar = await world.open();
    const terms = { order_class: "mleg", qty: "1", type: "market", time_in_force: "day" };
    const leg = (symbol: string, side: string) => ({ symbol, ratio_qty: "1", side });
    await world.send(sidecar, { ...terms, legs: [leg(low, "sell"), leg(high, "buy")] });
    await world.advance(5_000);
    expect((await sidecar.started.latch.book(low)).net).toBe("-1");
    const { text } = await world.send(sidecar, undefined, {
      ...{ method: "GET", path: "/v2/orders?status=all&nested=true" },
    });
    await world.shut(sidecar);
    const ended = await reconcile("--orders", written("orders.json", text), "--store", world.store);
    expect(ended).toMatchObject({ stderr: "", exitCode: 0 });
    expect(ended.stdout).toContain("Everything agrees.");
  });

  test("finds an order that went past the latch, and one that the broker has lost", async () => {
    const { bench, store, orders } = await tradedDay();
    const body = { symbol: "TQQQ", side: "buy", qty: "6", type: "market", time_in_force: "day" };
    const stray = await fetch(`${bench.broker.url}/v2/orders`, {
      ...{ method: "POST", headers: KEYS, body: JSON.stringify(body) },
    });
    const known = JSON.parse(orders) as { filled_qty: string }[];
    const lost = known.filter(({ filled_qty }) => filled_qty === "0");
    const shown = [...known.filter(({ filled_qty }) => filled_qty !== "0"), await stray.json()];
    expect(lost).toHaveLength(1);
    const lines = shown.map((one) => JSON.stringify(one)).join("\n");
    const ended = await reconcile("--orders", written("orders.jsonl", lines), "--store", store);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toBe(
      "tradelatch: 2 of 5 findings are to be looked at. " +
        "Look at each finding; docs/RECONCILE.md says what its reasons mean.\n",
    );
    for (const part of ["missing_at_broker", "no_such_order", "unknown_to_us", "no_such_claim"]) {
      expect(ended.stdout).toContain(part);
    }
  });

  test("reads several files, and another guard's export, within 80 columns", async () => {
    const [first, second] = [brokerOrder(), brokerOrder({ id: "order-2", client_order_id: "x" })];
    const skipped = item({ request_id: "r-2", result: "SKIP", scope: null });
    const ended = await reconcile(
      ...["--orders", written("a.json", [first]), written("b.json", { orders: [second] })],
      ...["--claims", written("guard.json", { items: [item(), skipped] }), "--all"],
    );
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    for (const part of ["looks_like_a_duplicate", "skip_taken_for_success", "bot r-1"]) {
      expect(ended.stdout).toContain(part);
    }
  });

  test("refuses a record that it cannot use by file and place, with exit code 2", async () => {
    const [orders, claims] = [written("orders.json", []), written("c.json", [item(), { a: 1 }])];
    const ended = await reconcile("--orders", orders, "--claims", claims);
    expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
    expect(ended.stderr).toContain("c.json[1] has no id");
  });

  test("says of an empty file how it comes about, and how no orders are written", async () => {
    const empty = written("empty.json", "");
    const ended = await reconcile("--orders", empty, "--claims", written("c.json", []));
    expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
    expect(ended.stderr).toContain("is empty, as a failed download leaves it");
    expect(ended.stderr).toContain("behind jq -c '.[]' of an empty list, it has to be []");
  });

  test.each([
    ["no orders", [], "--orders"],
    ["two sources of claims", ["--orders", "x", "--claims", "y", "--store", "z"], "one of them"],
    ["an account of files", ["--orders", "x", "--claims", "y", "--account", "a"], "--account"],
    ["a file that is not there", ["--orders", "gone.json"], '"gone.json": ENOENT'],
  ])("refuses %s", async (_, words, part) => {
    const ended = await reconcile(...words);
    expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
    expect(ended.stderr).toContain(part);
  });

  test("does not say that all agrees where there is nothing", async () => {
    const [orders, claims] = [written("orders.json", []), written("claims.json", [])];
    const ended = await reconcile("--orders", orders, "--claims", claims);
    expect(ended).toMatchObject({ stderr: "", exitCode: 0 });
    expect(ended.stdout).toContain("Compared 0 claims with 0 orders");
    expect(ended.stdout).toContain("There was nothing to compare.");
    expect(ended.stdout).not.toContain("agrees");
  });

  test("compares no file with itself", async () => {
    const orders = written("orders.json", [brokerOrder()]);
    const link = join(temporaryFolder(), "claims.json");
    symlinkSync(orders, link);
    for (const claims of [orders, link]) {
      const ended = await reconcile("--orders", orders, "--claims", claims);
      expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
      expect(ended.stderr).toContain(`${claims} is among --orders and among --claims`);
    }
  });

  test("makes no ledger where there is none", async () => {
    const store = join(temporaryFolder(), "gone.db");
    const ended = await reconcile("--orders", written("orders.json", []), "--store", store);
    expect([ended.exitCode, existsSync(store)]).toEqual([2, false]);
  });
});

test("docs/RECONCILE.md has every reason, as the code has it", () => {
  const text = readFileSync(new URL("../../docs/RECONCILE.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, said]) => [
    code,
    said,
  ]);
  const codes = Object.entries(REASONS);
  expect(rows.filter(([code]) => code !== undefined && code in REASONS)).toEqual(codes);
});

test("a file that is too long is refused by its size", async () => {
  // Sparse: it takes no room.
  const file = written("long.json", "");
  const { truncateSync } = await import("node:fs");
  truncateSync(file, 500_000_001);
  const { reconcile: act } = await import("../../src/cli/reconcile-actions.ts");
  const { systemClock: clock } = await import("../../src/core/clock.ts");
  const output = { line: () => undefined, columns: 80, color: false, logsAreRead: false };
  const error = await latchError(() =>
    act({ orders: [file], claims: [] }, { output, environment: {}, clock }),
  );
  expect(error.message).toContain("more than 500000000");
});
