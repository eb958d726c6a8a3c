import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { publicKeyText } from "../../src/audit/checkpoint.ts";
import { hashOf } from "../../src/audit/event-hash.ts";
import { lineOf } from "../../src/audit/export-lines.ts";
import { accountOf } from "../../src/ledger/event-chain.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import { ACCOUNT } from "../ledger/sample-commands.ts";
import { exportedTrail, OTHER_ACCOUNT, SIGNER, verdictOf } from "./sample-trail.ts";

let EXPORT = "";
let WHOLE = "";

beforeAll(async () => {
  EXPORT = await exportedTrail(ACCOUNT);
  WHOLE = await exportedTrail();
});

const lines = () => EXPORT.split("\n").slice(0, -1);
/** The events, without the first line and the checkpoint. */
const events = () => lines().slice(1, -1);
const asFile = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");
const withEvents = (texts: readonly string[]) =>
  asFile([lines()[0] ?? "", ...texts, lines().at(-1) ?? ""]);
const numberOf = (text: string | undefined) => (JSON.parse(text ?? "") as StoredEvent).sequence;

describe("the export of one account", () => {
  test("has its events alone, as they are in the whole, and is good", async () => {
    const whole = WHOLE.split("\n").slice(0, -2);
    const own = whole.filter((text) => accountOf(JSON.parse(text)) === ACCOUNT);
    expect(own.length).toBeLessThan(whole.length);
    expect(events()).toEqual(own);
    expect(EXPORT).not.toContain(OTHER_ACCOUNT);
    const verdict = await verdictOf(EXPORT, publicKeyText(SIGNER));
    expect(verdict).toMatchObject({
      ok: true,
      checkpoint: { account: ACCOUNT, accounts: [{ account: ACCOUNT, events: own.length }] },
    });
    const other = publicKeyText(generateKeyPairSync("ed25519").publicKey);
    expect(await verdictOf(EXPORT, other)).toMatchObject({ ok: false, reason: "other_key" });
  });

  test("of an account without events is its first line and its checkpoint", async () => {
    const none = await exportedTrail("account-9" as typeof ACCOUNT);
    expect(none.trimEnd().split("\n")).toHaveLength(2);
    expect(await verdictOf(none)).toMatchObject({ ok: true, checkpoint: { sequence: 0 } });
  });

  test("of which any one byte was changed is bad", async () => {
    const bytes = Buffer.from(EXPORT);
    const [place, change] = [fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 })];
    const property = fc.asyncProperty(place, change, async (at, bits) => {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ bits;
      expect((await verdictOf(spoilt)).ok).toBe(false);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test("of which a line was removed is bad at the one that follows it", async () => {
    const texts = events();
    for (const [at] of texts.slice(0, -1).entries()) {
      const event = numberOf(texts[at + 1]);
      const verdict = await verdictOf(withEvents(texts.toSpliced(at, 1)));
      expect(verdict, `without ${at}`).toMatchObject({ ok: false, event, reason: "removed" });
    }
  });

  test("of which the tail was cut off is bad at the last that is there", async () => {
    const texts = lines();
    for (let kept = 1; kept < texts.length; kept += 1) {
      const event = kept === 1 ? 0 : numberOf(texts[kept - 1]);
      const verdict = await verdictOf(asFile(texts.slice(0, kept)));
      expect(verdict).toMatchObject({ ok: false, event, reason: "cut_off" });
      if (kept === texts.length - 1) continue;
      const signed = asFile([...texts.slice(0, kept), texts.at(-1) ?? ""]);
      expect(await verdictOf(signed)).toMatchObject({ ok: false, event, reason: "cut_off" });
    }
    const inside = asFile(texts.slice(0, 2)).length + 40;
    expect(await verdictOf(EXPORT.slice(0, inside))).toMatchObject({ reason: "cut_off" });
  });

  test("of which lines were put in another order, or inserted, is bad there", async () => {
    const [first = "", second = "", third = "", ...others] = events();
    expect(await verdictOf(withEvents([first, third, second, ...others]))).toMatchObject({
      ...{ ok: false, event: numberOf(third), reason: "reordered" },
    });
    const theirs = WHOLE.split("\n").find((text) => text.includes(OTHER_ACCOUNT)) ?? "";
    const parsed = JSON.parse(second) as StoredEvent;
    const next = { ...parsed, sequence: parsed.sequence + 1, previousHash: parsed.hash };
    const forged = lineOf({ ...next, hash: hashOf(next) }).trimEnd();
    for (const inserted of [first, second, theirs, forged]) {
      const verdict = await verdictOf(withEvents([first, second, inserted, third, ...others]));
      expect(verdict, inserted).toMatchObject({ ok: false, reason: "inserted" });
    }
  });

  test("is neither taken for a whole one, nor a whole one for it", async () => {
    const [head = ""] = lines();
    expect((await verdictOf(asFile(lines().slice(1)))).ok).toBe(false);
    expect((await verdictOf(`${head}\n${WHOLE}`)).ok).toBe(false);
    expect((await verdictOf(EXPORT.replace(ACCOUNT, "account-3"))).ok).toBe(false);
    const onlyOne = asFile(
      events()
        .slice(0, 1)
        .concat(lines().at(-1) ?? ""),
    );
    expect(await verdictOf(onlyOne)).toMatchObject({ ok: false });
  });
});
