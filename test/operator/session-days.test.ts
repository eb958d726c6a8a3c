import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { SessionDays } from "../../src/operator/session-days.ts";
import { claimOf, doubt, KEY, settle } from "../claim/guard-commands.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  START,
} from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
/** START is on Thursday, 21 May 2026, 09:40 in New York. */
const SUNDAY = START + 3 * DAY_MS;

interface World {
  readonly ledger: Ledger;
  readonly clock: ManualClock;
  readonly days: SessionDays;
  /** An order, and its fill at once. */
  trade(requestId: string, quantity: string): Promise<void>;
}

function worldOfTest(): World {
  const clock = new ManualClock(START);
  const ledger = openLedger(temporaryFile("latch.db"), clock);
  const days = new SessionDays({ account: ACCOUNT, ledger, clock });
  const trade = async (requestId: string, quantity: string) => {
    const now = clock.now();
    const claim = await claimed(ledger, claimCommand({ requestId, quantity }, { now }));
    await ledger.record(claim.key, orderRead(filledOrder(claim, quantity), now));
  };
  return { ledger, clock, days, trade };
}

const shown = (marks: readonly { kind: string; net: string | null }[]) =>
  marks.map(({ kind, net }) => `${kind} ${net}`);

describe("the session that is shown", () => {
  test("is today, and of a Sunday the last one that had anything", async () => {
    const { clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    expect(await days.read(undefined, true)).toMatchObject({
      ...{ date: "2026-05-21", today: "2026-05-21", earlier: null, later: null },
    });
    clock.advanceTo(SUNDAY);
    const onSunday = await days.read(undefined, false);
    expect(onSunday).toMatchObject({ date: "2026-05-21", today: "2026-05-24" });
    expect(shown(onSunday.marks)).toEqual(["entry 0", "fill 6"]);
  });

  test("is today from the open on, also before the first order", async () => {
    const { clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    clock.advanceTo(START + DAY_MS);
    const view = await days.read(undefined, true);
    expect(view).toMatchObject({ date: "2026-05-22", earlier: "2026-05-21", marks: [] });
  });

  test("is today where nothing ever happened", async () => {
    const { days } = worldOfTest();
    const view = await days.read(undefined, false);
    expect(view).toMatchObject({ date: "2026-05-21", earlier: null, later: null, marks: [] });
  });

  test("is any day that is asked for, with the positions of then and the days beside it", async () => {
    const { clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    clock.advanceTo(START + DAY_MS);
    await trade("r-2", "4");
    clock.advanceTo(START + 4 * DAY_MS);
    await trade("r-3", "2");
    const friday = await days.read("2026-05-22", true);
    expect(friday).toMatchObject({ earlier: "2026-05-21", later: "2026-05-25" });
    expect(friday.totals.ordersSent).toBe(1);
    expect(shown(friday.marks)).toEqual(["entry 6", "fill 10"]);
    const thursday = await days.read("2026-05-21", true);
    expect(shown(thursday.marks)).toEqual(["entry 0", "fill 6"]);
    expect(await days.read("2026-05-23", true)).toMatchObject({
      ...{ earlier: "2026-05-22", later: "2026-05-25", marks: [] },
    });
  });

  test("says nothing of positions once too much has happened since", async () => {
    const { ledger, clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    clock.advanceTo(START + DAY_MS);
    const now = clock.now();
    const many = Array.from({ length: 2_600 }, (_, index) =>
      claimed(
        ledger,
        claimCommand({ requestId: `m-${index}`, symbol: "SPY", quantity: `${index + 1}` }, { now }),
      ),
    );
    for (const claim of await Promise.all(many)) {
      await ledger.record(
        claim.key,
        orderRead(filledOrder(claim, claim.intent.quantity ?? "0"), now),
      );
    }
    const view = await days.read("2026-05-21", true);
    expect(shown(view.marks)).toEqual(["entry null", "fill null"]);
    expect(view.totals.ordersSent).toBe(1);
  });

  test("says whether its numbers are of the whole day, also where there are more marks", async () => {
    const { ledger, clock, days } = worldOfTest();
    const claim = await claimed(ledger, claimCommand({ requestId: "r-1" }, { now: clock.now() }));
    const repeat = async (times: number) => {
      for (let nth = 0; nth < times; nth += 1) ledger.note(pendingNote(claim), clock.now());
      await ledger.lastSequence();
    };
    await repeat(2_100);
    expect(await days.read(undefined, true)).toMatchObject({
      ...{ isCut: true, areTotalsCut: false, totals: { duplicatesBlocked: 2_100 } },
    });
    await repeat(18_000);
    expect(await days.read(undefined, true)).toMatchObject({ isCut: true, areTotalsCut: true });
  });

  test("goes on with the log, also one of a day that is over", async () => {
    const { clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    await days.read("2026-05-21", true);
    clock.advanceTo(START + DAY_MS);
    await trade("r-2", "4");
    const view = await days.read("2026-05-21", true);
    expect(view.later).toBe("2026-05-22");
    expect(shown(view.marks)).toEqual(["entry 0", "fill 6"]);
  });

  test("has the incidents about actions that are no orders, and where only they were, that day", async () => {
    const { ledger, clock, days, trade } = worldOfTest();
    await trade("r-1", "6");
    await days.read(undefined, true);
    await ledger.guard(KEY, claimOf({ now: clock.now() }));
    await ledger.guard(KEY, { ...doubt(), now: clock.now() });
    const thursday = await days.read(undefined, true);
    expect(thursday.totals).toMatchObject({ incidentsOpened: 1, incidentsResolved: 0 });
    expect(thursday.marks.at(-1)).toMatchObject({ kind: "incident", incident: 1, symbol: "" });
    clock.advanceTo(SUNDAY);
    await ledger.guard(KEY, { ...settle(), now: clock.now() });
    const sunday = await days.read(undefined, false);
    expect(sunday).toMatchObject({ date: "2026-05-24", earlier: "2026-05-21" });
    expect(sunday.totals).toMatchObject({ incidentsOpened: 0, incidentsResolved: 1 });
    clock.advanceTo(SUNDAY + DAY_MS);
    expect(await days.read(undefined, false)).toMatchObject({ date: "2026-05-24" });
    expect(await days.read("2026-05-21", false)).toMatchObject({ later: "2026-05-24" });
  });
});
