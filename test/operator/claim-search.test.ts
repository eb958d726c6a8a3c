import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { ClaimFilters } from "../../src/ledger/claims-query.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { SEARCHED_MAX, searchClaims } from "../../src/operator/claim-search.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  claimCommand,
  filledOrder,
  orderRead,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

function ledgerOfTest(): Ledger {
  return openLedger(temporaryFile("latch.db"));
}

async function claimsIn(ledger: Ledger, count: number): Promise<void> {
  const claims = Array.from({ length: count }, (_, index) => {
    const reason = index % 3 === 0 ? "flip V20" : "entry, base";
    const terms = { requestId: `r-${index}`, quantity: `${index + 1}`, reason };
    return claimed(ledger, claimCommand(terms, { now: START + index }));
  });
  await Promise.all(claims);
}

function search(ledger: Ledger, text: string, filters: ClaimFilters = {}) {
  return searchClaims((part) => ledger.claims({ account: ACCOUNT, ...part }), filters, text);
}

function names(claims: readonly Claim[]): readonly string[] {
  return claims.map(({ key }) => key.requestId);
}

describe("a search for claims by words", () => {
  test("finds them in any order and case, among all that a filter leaves", async () => {
    const ledger = ledgerOfTest();
    await claimsIn(ledger, 7);
    expect(names((await search(ledger, "v20 FLIP")).claims)).toEqual(["r-6", "r-3", "r-0"]);
    expect(names((await search(ledger, "buy 4 tqqq")).claims)).toEqual(["r-3"]);
    expect(names((await search(ledger, "r-5 entry open")).claims)).toEqual(["r-5"]);
    expect(names((await search(ledger, "flip", { until: START + 4 })).claims)).toEqual([
      ...["r-3", "r-0"],
    ]);
    expect((await search(ledger, "  ")).claims).toHaveLength(7);
    expect(await search(ledger, "nothing has this")).toEqual({ claims: [], next: null });
  });

  test("finds what became of it, by the code and by its words", async () => {
    const ledger = ledgerOfTest();
    const claim = await claimed(ledger, claimCommand({ requestId: "r-1" }));
    await ledger.record(claim.key, orderRead(filledOrder(claim, "6")));
    await claimed(ledger, claimCommand({ requestId: "r-2", symbol: "SPY" }));
    const shut = await claimed(ledger, claimCommand({ requestId: "r-3" }, { now: START + 60_000 }));
    await ledger.record(shut.key, refused(shut));
    expect(names((await search(ledger, "filled settled venue")).claims)).toEqual(["r-1"]);
    expect(names((await search(ledger, "spy open")).claims)).toEqual(["r-2"]);
    expect(names((await search(ledger, "insufficient qty")).claims)).toEqual(["r-3"]);
  });

  test("comes in pages without a gap or a repeat, wherever a page is cut", async () => {
    const ledger = ledgerOfTest();
    await claimsIn(ledger, 1_100);
    const all = names((await search(ledger, "flip", { limit: 500 })).claims);
    expect(all).toHaveLength(367);
    for (const limit of [1, 7, 166, 167, 366, 367]) {
      const first = await search(ledger, "flip", { limit });
      expect(names(first.claims)).toEqual(all.slice(0, limit));
      const rest =
        first.next === null ? [] : (await search(ledger, "flip", { cursor: first.next })).claims;
      expect(names(rest)).toEqual(all.slice(limit, limit + 100));
    }
  });

  test("ends after so many claims, and goes on from there", async () => {
    const asked: (string | undefined)[] = [];
    const endless = async ({ cursor }: ClaimFilters) => {
      asked.push(cursor);
      return { claims: [], next: `c-${asked.length}` };
    };
    const page = await searchClaims(endless, {}, "anything");
    expect(page).toEqual({ claims: [], next: `c-${SEARCHED_MAX / 500}` });
    expect(asked).toHaveLength(SEARCHED_MAX / 500);
  });
});
