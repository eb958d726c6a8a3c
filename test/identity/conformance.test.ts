import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { actionRef, claimIdWithoutTime } from "../../src/identity/action-ref.ts";
import { canonicalHash, canonicalJson, sha256Hex } from "../../src/identity/canonical-json.ts";

interface Block {
  readonly preimage: Readonly<Record<string, string>>;
  readonly canonical_hex: string;
  readonly sha256: string;
}

const FIXTURE = new URL("../../fixtures/identity/identity.json", import.meta.url);
const facts = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly action_ref: Block;
  readonly attestation_binding: Block;
  readonly claim_id_without_time: Block;
};
const BLOCKS = Object.entries(facts).filter(([, block]) => typeof block === "object");

describe("the published facts of request identity", () => {
  test("are the three that are known", () => {
    const names = BLOCKS.map(([name]) => name);
    expect(names).toEqual(["action_ref", "attestation_binding", "claim_id_without_time"]);
  });

  test.each(BLOCKS)("%s has the same canonical bytes and the same hash", (_, block) => {
    const bytes = Buffer.from(canonicalJson(block.preimage), "utf8");
    expect(bytes.toString("hex")).toBe(block.canonical_hex);
    expect(canonicalHash(block.preimage)).toBe(block.sha256);
    expect(sha256Hex(Buffer.from(block.canonical_hex, "hex").toString("utf8"))).toBe(block.sha256);
  });
});

describe("the reference of an action", () => {
  const preimage = {
    agent_id: "safeagent-prod",
    action_type: "payment.send",
    scope: "trade:execute:authorized",
    timestamp: "2026-06-08T20:00:00.000Z",
  };

  test("is the published one, in whatever order its fields come", () => {
    const { timestamp, scope, action_type, agent_id } = preimage;
    expect(actionRef(preimage)).toBe(facts.action_ref.sha256);
    expect(actionRef({ timestamp, scope, action_type, agent_id })).toBe(facts.action_ref.sha256);
  });

  test("changes with each of its four fields and with nothing else", () => {
    const changed = Object.keys(preimage).map((field) => actionRef({ ...preimage, [field]: "x" }));
    expect(new Set([actionRef(preimage), ...changed]).size).toBe(5);
    expect(actionRef({ ...preimage, retry: 2 } as typeof preimage)).toBe(actionRef(preimage));
  });

  test("without the time is the same on every retry", () => {
    const id = claimIdWithoutTime(preimage);
    expect(id).toBe(facts.claim_id_without_time.sha256);
    const later = { ...preimage, timestamp: "2026-06-08T20:00:03.000Z" };
    expect(claimIdWithoutTime(later)).toBe(id);
    expect(actionRef(later)).not.toBe(actionRef(preimage));
  });
});
