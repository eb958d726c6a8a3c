/** More incidents than one list of them has, each about something else and without a claim. */
import type { EpochMs } from "../../src/core/clock.ts";
import type { AccountId } from "../../src/core/ids.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";

/** The first of them is a refused exit, all others are orders that nobody knows; in `symbol`. */
export async function openMany(
  ledger: Pick<Ledger, "beginIncident">,
  { account, symbol, at }: { account: AccountId; symbol: string; at: EpochMs },
  count: number,
): Promise<void> {
  for (let nth = 1; nth <= count; nth += 1) {
    const kind = nth === 1 ? "refused_exit" : "unknown_order";
    const said = { summary: `the matter numbered ${nth}`, next: "somebody looks at it" };
    await ledger.beginIncident(account, symbol, { kind, subject: `matter:${nth}`, ...said }, at);
  }
}
