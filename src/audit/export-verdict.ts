/** What is said of a file that is to be an export. */
import type { Checkpoint } from "./checkpoint.ts";

export type ExportFault =
  | "changed"
  | "removed"
  | "reordered"
  | "inserted"
  | "cut_off"
  | "unlinked"
  /** The chain is whole, and is not the one that was signed. */
  | "not_the_signed_chain"
  | "signature_wrong"
  | "other_key";

export type ExportVerdict = { readonly ok: true; readonly checkpoint: Checkpoint } | Faulty;

export interface Faulty {
  readonly ok: false;
  /** The number of the first event that is bad; null where every event is good. */
  readonly event: number | null;
  readonly reason: ExportFault;
  readonly message: string;
}

export function fault(event: number | null, reason: ExportFault, message: string): Faulty {
  return { ok: false, event, reason, message };
}

/** The two that are last, whatever the events are: who signed, and whether it is of this. */
export function signatureChanged(): Faulty {
  const message = "the checkpoint was changed: its signature is not of it";
  return fault(null, "signature_wrong", message);
}

export function checkKey({ publicKey }: Checkpoint, key: string | undefined): Faulty | undefined {
  if (key === undefined || key === publicKey) return undefined;
  const message = `the checkpoint was signed by ${publicKey}, not by ${key}`;
  return fault(null, "other_key", message);
}
