import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ChainVerifier } from "../../src/audit/chain-verifier.ts";
import { type Checkpoint, publicKeyText, signCheckpoint } from "../../src/audit/checkpoint.ts";
import { hashOf } from "../../src/audit/event-hash.ts";
import { lineOf } from "../../src/audit/export-lines.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import { EXPORTED_AT, exportedTrail, OTHER_ACCOUNT, SIGNER, verdictOf } from "./sample-trail.ts";

let EXPORT = "";

beforeAll(async () => {
  EXPORT = await exportedTrail();
});

function lines(): string[] {
  return EXPORT.split("\n").slice(0, -1);
}

const asFile = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");

/** What is said of the export after `spoil` has had its lines. */
function verdictAfter(spoil: (texts: string[]) => readonly string[]) {
  return verdictOf(asFile(spoil(lines())));
}

describe("an export as it was written", () => {
  test("is good, and its checkpoint counts the events of every account", async () => {
    const count = lines().length - 1;
    const verdict = await verdictOf(EXPORT);
    expect(verdict).toMatchObject({
      ok: true,
      checkpoint: { sequence: count, at: EXPORTED_AT, publicKey: publicKeyText(SIGNER) },
    });
    const accounts = verdict.ok ? verdict.checkpoint.accounts : [];
    expect(accounts.map(({ account }) => account)).toEqual(["account-1", OTHER_ACCOUNT]);
    expect(accounts.reduce((sum, { events }) => sum + events, 0)).toBe(count);
  });

  test("is good with the key that signed it, and with no other", async () => {
    expect(await verdictOf(EXPORT, publicKeyText(SIGNER))).toMatchObject({ ok: true });
    const other = publicKeyText(generateKeyPairSync("ed25519").publicKey);
    expect(await verdictOf(EXPORT, other)).toMatchObject({
      ...{ ok: false, event: null, reason: "other_key" },
      message: `the checkpoint was signed by ${publicKeyText(SIGNER)}, not by ${other}`,
    });
  });

  test("of a ledger without events is its checkpoint", async () => {
    const checkpoint = signCheckpoint({ sequence: 0, accounts: [] }, EXPORTED_AT, SIGNER);
    expect(await verdictOf(lineOf(checkpoint))).toEqual({ ok: true, checkpoint });
  });
});

describe("an export of which", () => {
  test("any one byte was changed is bad at that event", async () => {
    const texts = lines();
    const bytes = Buffer.from(EXPORT);
    const starts = texts.map((_, index) => Buffer.byteLength(asFile(texts.slice(0, index))));
    const [place, change] = [fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })];
    const property = fc.asyncProperty(place, change, async (at, bits) => {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ bits;
      const verdict = await verdictOf(spoilt);
      const line = starts.filter((start) => start <= at).length;
      expect(verdict.ok).toBe(false);
      if (verdict.ok || line === texts.length) return;
      expect(verdict.event).toBe(line);
      expect(verdict.message).toContain(`event ${line}`);
    });
    await fc.assert(property, { numRuns: 400 });
  });

  test("a byte of the checkpoint was changed is bad, whatever else fits", async () => {
    const later = `"at":${EXPORTED_AT + 1}`;
    const verdict = await verdictAfter((texts) =>
      texts.map((text) => text.replace(`"at":${EXPORTED_AT}`, later)),
    );
    expect(verdict).toMatchObject({ ok: false, event: null, reason: "signature_wrong" });
  });

  test("the checkpoint was changed until it is none says so, and not that the file breaks off", async () => {
    for (const [name, other] of [
      ['"type":"checkpoint"', '"type":"checkpoinT"'],
      ['"algorithm":"Ed25519"', '"algorithm":"Ed25518"'],
      ['"version":1}', '"version":2}'],
    ] as const) {
      const verdict = await verdictAfter((texts) =>
        texts.with(-1, texts.at(-1)?.replace(name, other) ?? ""),
      );
      const event = lines().length;
      expect(verdict, name).toMatchObject({ ok: false, event, reason: "changed" });
      expect(verdict).toHaveProperty(
        "message",
        `the line where event ${event} belongs was changed: it is neither an event nor a checkpoint`,
      );
    }
  });

  test("a value was changed, or spelt in another way, is bad there", async () => {
    for (const spelling of ['"account-3"', '"\\u0061ccount-1"', ' "account-1"']) {
      const verdict = await verdictAfter((texts) =>
        texts.with(2, texts[2]?.replace('"account-1"', spelling) ?? ""),
      );
      expect(verdict, spelling).toMatchObject({ ok: false, event: 3, reason: "changed" });
    }
  });

  test("a line was removed is bad where it is missing, wherever that is", async () => {
    const count = lines().length - 1;
    for (let gone = 1; gone <= count; gone += 1) {
      const verdict = await verdictAfter((texts) => texts.toSpliced(gone - 1, 1));
      const reason = gone === count ? "cut_off" : "removed";
      expect(verdict, `without ${gone}`).toMatchObject({ ok: false, event: gone, reason });
    }
  });

  test("lines were put in another order is bad at the first of them", async () => {
    const count = lines().length - 1;
    const moves = Array.from({ length: count ** 2 }, (_, index) => ({
      from: 1 + Math.floor(index / count),
      to: 1 + (index % count),
    }));
    for (const { from, to } of moves.filter((move) => move.from !== move.to)) {
      const verdict = await verdictAfter((texts) => {
        const [moved = ""] = texts.splice(from - 1, 1);
        return texts.toSpliced(to - 1, 0, moved);
      });
      const event = Math.min(from, to);
      expect(verdict, `${from} to ${to}`).toMatchObject({ ok: false, event, reason: "reordered" });
    }
  });

  test("a line was inserted is bad where it stands, whatever it says", async () => {
    const texts = lines();
    const fourth = JSON.parse(texts[3] ?? "") as StoredEvent;
    const forged = { ...fourth, symbol: "AAPL" };
    const fitting = { ...forged, hash: hashOf(forged) };
    const foreign = ["", "{}", "no JSON", texts[0] ?? "", texts[5] ?? ""];
    for (const line of [...foreign, ...[forged, fitting].map((one) => lineOf(one).trimEnd())]) {
      const verdict = await verdictOf(asFile(texts.toSpliced(3, 0, line)));
      expect(verdict, line).toMatchObject({ ok: false, event: 4, reason: "inserted" });
    }
    const behind = await verdictAfter((all) => [...all, all[0] ?? ""]);
    expect(behind).toMatchObject({ ok: false, event: texts.length, reason: "inserted" });
  });

  test("the tail was cut off is bad at the first event that is gone", async () => {
    const texts = lines();
    for (let kept = 0; kept < texts.length; kept += 1) {
      const verdict = await verdictOf(asFile(texts.slice(0, kept)));
      expect(verdict).toMatchObject({ ok: false, event: kept + 1, reason: "cut_off" });
    }
    const inside = asFile(texts.slice(0, 2)).length + 40;
    expect(await verdictOf(EXPORT.slice(0, inside))).toMatchObject({
      ...{ ok: false, event: 3, reason: "cut_off" },
      message: "the file breaks off in the line where event 3 or the checkpoint belongs",
    });
    // The last line feed is part of the file too.
    for (const gone of [1, 2, 40]) {
      const verdict = await verdictOf(EXPORT.slice(0, -gone));
      const event = texts.length;
      expect(verdict, `${gone}`).toMatchObject({ ok: false, event, reason: "cut_off" });
    }
    const checkpoint = texts.at(-1) ?? "";
    expect(await verdictOf(asFile([...texts.slice(0, 4), checkpoint]))).toMatchObject({
      ...{ ok: false, event: 5, reason: "cut_off" },
      message: `event 5 is missing: ${texts.length - 1} events were signed`,
    });
  });
});

describe("a forger who makes every hash anew", () => {
  /** The events with another symbol in the third, and every hash after it recomputed. */
  function madeAnew(): StoredEvent[] {
    const renamed = new Map<string, string>();
    const events = lines().slice(0, -1);
    return events.map((text, index) => {
      const event = JSON.parse(text) as StoredEvent;
      const previousHash = renamed.get(event.previousHash) ?? event.previousHash;
      const changed = { ...event, ...(index === 2 && { symbol: "AAPL" }), previousHash };
      const hash = hashOf(changed);
      renamed.set(event.hash, hash);
      return { ...changed, hash };
    });
  }

  test("is found out by the checkpoint that was signed before", async () => {
    const forged = madeAnew().map((event) => lineOf(event));
    const verdict = await verdictOf(`${forged.join("")}${lines().at(-1)}\n`);
    expect(verdict).toMatchObject({ ok: false, reason: "not_the_signed_chain" });
  });

  test("and signs with a key of his own is found out by the key obtained elsewhere", async () => {
    const events = madeAnew();
    const chain = new ChainVerifier();
    for (const event of events) expect(chain.next(event)).toBeUndefined();
    const { privateKey } = generateKeyPairSync("ed25519");
    const checkpoint: Checkpoint = signCheckpoint(chain.end(), EXPORTED_AT, privateKey);
    const file = [...events, checkpoint].map((value) => lineOf(value)).join("");
    expect(await verdictOf(file)).toMatchObject({ ok: true });
    const verdict = await verdictOf(file, publicKeyText(SIGNER));
    expect(verdict).toMatchObject({ ok: false, event: null, reason: "other_key" });
  });
});

describe("a file that is no export", () => {
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a line feed", Buffer.from("\n")],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x0a, 0x00])],
    ["a deep value", Buffer.from(`${"[".repeat(100_000)}${"]".repeat(100_000)}\n`)],
    ["an unfinished deep value", Buffer.from("[".repeat(1_000_000))],
    ["a lone surrogate", Buffer.from('"\\ud800"\n')],
    ["another document", Buffer.from('{"hello":"world"}\n')],
    ["a checkpoint of another version", Buffer.from('{"type":"checkpoint","version":2}\n')],
  ])("is refused at its first event: %s", async (_, content) => {
    expect(await verdictOf(content)).toMatchObject({ ok: false, event: 1 });
  });
});
