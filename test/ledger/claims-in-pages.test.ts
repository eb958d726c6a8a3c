import { join } from "node:path";
import { expect, test } from "vitest";
import { ClaimListing } from "../../src/ledger/sqlite/claim-listing.ts";
import { Database } from "../sqlite-database.ts";
import { olderFile } from "./older-file.ts";
import { claimed, openLedger } from "./open-ledger.ts";
import { ACCOUNT, claimCommand, START } from "./sample-commands.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The last version of the schema that kept no claim's time by itself. */
const WITHOUT_LISTS = 2;

test("a page ends after so many claims that do not fit, and the next one goes on there", async () => {
  const file = join(temporaryFolder(), "ledger.db");
  const ledger = openLedger(file);
  for (let count = 1; count <= 9; count += 1) {
    const symbol = count === 1 ? "SPY" : "TQQQ";
    const command = claimCommand({ symbol, quantity: `${count}` }, { now: START + count });
    await claimed(ledger, command);
  }
  await ledger.close();
  const listing = new ClaimListing(new Database(file, { readonly: true }), 4);
  const found: number[] = [];
  let cursor: string | undefined;
  do {
    const page = listing.page({ account: ACCOUNT, symbol: "SPY", cursor });
    found.push(page.bodies.length);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(found).toEqual([0, 0, 1]);
  expect(listing.page({ account: ACCOUNT, limit: 9 }).bodies).toHaveLength(9);
});

test("claims of a file from before there were lists are in them", async () => {
  const file = join(temporaryFolder(), "ledger.db");
  const ledger = openLedger(join(temporaryFolder(), "other.db"));
  const claim = await claimed(ledger, claimCommand({ symbol: "SPY" }));
  const old = olderFile(file, WITHOUT_LISTS);
  old
    .prepare(
      `INSERT INTO claims (account, agent, request_id, fingerprint, episode, status, filled, body)
       VALUES (?, ?, ?, ?, 1, 'OPEN', 0, ?)`,
    )
    .run(ACCOUNT, "bot", claim.key.requestId, claim.fingerprint, JSON.stringify(claim));
  old.close();
  const page = await openLedger(file).claims({ account: ACCOUNT, symbol: "SPY", from: START });
  expect(page).toEqual({ claims: [claim], next: null });
});
