/**
 * A signed word about the whole log up to an event: how many events there are of every account, and
 * the hash of the last one, in which all before it are. Pure.
 *
 * The signature is Ed25519 over the canonical JSON of the checkpoint without its signature, as an
 * event's hash is over the event without its hash.
 */
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import type { ChainEnd } from "./chain-verifier.ts";

export interface Checkpoint extends ChainEnd {
  readonly type: "checkpoint";
  readonly version: 1;
  readonly at: EpochMs;
  /** Of an export of one account: `sequence` and `accounts` are about that one alone. */
  readonly account?: AccountId | undefined;
  readonly algorithm: "Ed25519";
  /** The 32 bytes of the key, in hex. */
  readonly publicKey: string;
  /** 64 bytes in hex. */
  readonly signature: string;
}

/** A public key, or a signature, in lower-case hex. */
export const KEY_TEXT = /^[0-9a-f]{64}$/;
const SIGNATURE_TEXT = /^[0-9a-f]{128}$/;
/** What precedes the 32 bytes of an Ed25519 key in its usual DER form (RFC 8410). */
const DER_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

const count = z.number().int().nonnegative();
const accountId = z.string().transform((text) => text as AccountId);
const hash = z.string().regex(KEY_TEXT);

const checkpointSchema = z.strictObject({
  type: z.literal("checkpoint"),
  version: z.literal(1),
  at: z.number().int(),
  account: accountId.optional(),
  sequence: count,
  accounts: z.array(z.strictObject({ account: accountId, events: count, sequence: count, hash })),
  algorithm: z.literal("Ed25519"),
  publicKey: hash,
  signature: z.string().regex(SIGNATURE_TEXT),
});

export function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const der = publicKey.export({ type: "spki", format: "der" });
  return der.subarray(DER_PREFIX.length).toString("hex");
}

/** `account`: where the chain is that of one account alone. */
export function signCheckpoint(
  end: ChainEnd,
  at: EpochMs,
  privateKey: KeyObject,
  account?: AccountId,
): Checkpoint {
  const { sequence, accounts } = end;
  const unsigned = {
    ...({ type: "checkpoint", version: 1, at, sequence, accounts } as const),
    ...(account === undefined ? {} : { account }),
    ...({ algorithm: "Ed25519", publicKey: publicKeyText(privateKey) } as const),
  };
  const signature = sign(null, Buffer.from(canonicalJson(unsigned)), privateKey).toString("hex");
  return { ...unsigned, signature };
}

/** Whether the key that the checkpoint names has signed it. */
export function isSigned(checkpoint: Checkpoint): boolean {
  const { signature, ...unsigned } = checkpoint;
  const der = Buffer.concat([DER_PREFIX, Buffer.from(checkpoint.publicKey, "hex")]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(canonicalJson(unsigned)), key, Buffer.from(signature, "hex"));
}

/** Whether the checkpoint is about a chain that ends so. */
export function saysTheSame({ sequence, accounts }: Checkpoint, end: ChainEnd): boolean {
  const said = canonicalJson({ sequence, accounts });
  return said === canonicalJson({ sequence: end.sequence, accounts: end.accounts });
}

/** Of a log that ends at event `last`, and that a checkpoint says has had more events. */
export function cutOffText(last: number, { sequence }: Pick<Checkpoint, "sequence">): string {
  return `event ${last + 1} is missing: ${sequence} events were signed`;
}

/** The checkpoint that a value from outside is; undefined where it is none. */
export function readCheckpoint(value: unknown): Checkpoint | undefined {
  const parsed = checkpointSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
