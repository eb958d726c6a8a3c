/**
 * Whether a file is an export as it was written: needs the file alone and, to know who wrote it, a
 * public key obtained elsewhere. Pure but for the lines that it is given.
 *
 * 1. The first thing that is wrong is named by the number of the event that belongs in its place.
 * 2. What stands behind it is read only to tell what was done: whether the line that belongs there
 *    comes next (then another was inserted), later (moved) or not at all (removed).
 */
import { AccountExportCheck } from "./account-export-check.ts";
import { ChainVerifier } from "./chain-verifier.ts";
import { type Checkpoint, cutOffText, isSigned } from "./checkpoint.ts";
import { hashOf } from "./event-hash.ts";
import { type ExportLine, readLine } from "./export-lines.ts";
import {
  checkKey,
  type ExportFault,
  type ExportVerdict,
  type Faulty,
  fault,
  signatureChanged,
} from "./export-verdict.ts";

/** What is known of the first line that does not fit, until the rest of the file is read. */
interface Suspicion {
  readonly fault: Faulty;
  /** The later number that the line bears: what belongs here is missing or stands elsewhere. */
  readonly ahead: number | undefined;
}

/** `lines`: the bytes of each; `key`: the public key, in hex, that must have signed. */
export async function checkExport(
  lines: AsyncIterable<Buffer>,
  key: string | undefined,
): Promise<ExportVerdict> {
  let check: ExportCheck | AccountExportCheck | undefined;
  for await (const bytes of lines) {
    const line = readLine(bytes);
    if (check !== undefined) check.take(line);
    else if (line.kind === "account") check = new AccountExportCheck(line.account);
    else {
      check = new ExportCheck();
      check.take(line);
    }
  }
  return (check ?? new ExportCheck()).verdict(key);
}

class ExportCheck {
  readonly #chain = new ChainVerifier();
  #checkpoint: Checkpoint | undefined;
  #suspicion: Suspicion | undefined;
  /** Lines since the first that does not fit, that one included. */
  #behind = 0;
  /** What belongs in the place of the first line that does not fit comes right behind it. */
  #isNext = false;
  /** It comes later. */
  #isLater = false;
  /** The event that stands there comes again in its own place. */
  #isCopy = false;
  /** The first line that does not fit is the last one, and ends in its middle. */
  #isBrokenOff = false;
  #lastHash = "";

  take(line: ExportLine): void {
    if (this.#suspicion === undefined) this.#suspicion = this.#suspect(line);
    else this.#lookAt(line, this.#suspicion);
    if (this.#suspicion !== undefined) this.#behind += 1;
    const isFirstBad = this.#behind === 1 && this.#checkpoint === undefined;
    this.#isBrokenOff = isFirstBad && line.kind === "unreadable" && !line.hasEnd;
  }

  verdict(key: string | undefined): ExportVerdict {
    if (this.#suspicion !== undefined) return this.#explained(this.#suspicion);
    const next = this.#chain.sequence + 1;
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined) {
      return fault(next, "cut_off", `the file ends before event ${next}, without its checkpoint`);
    }
    return checkEnd(checkpoint, this.#chain, key) ?? { ok: true, checkpoint };
  }

  #suspect(line: ExportLine): Suspicion | undefined {
    const expected = this.#chain.sequence + 1;
    const suspect = (reason: ExportFault, message: string, ahead?: number) => {
      return { fault: fault(expected, reason, message), ahead };
    };
    if (this.#checkpoint !== undefined) {
      return suspect("inserted", "something stands behind the checkpoint, which is the end");
    }
    if (line.kind === "checkpoint") {
      this.#checkpoint = line.checkpoint;
      return undefined;
    }
    if (line.kind !== "event") {
      const because = line.kind === "account" ? "names an account" : line.because;
      const message = `the line where event ${expected} belongs was changed: it ${because}`;
      return suspect("changed", message);
    }
    const found = this.#chain.next(line.event);
    if (found === undefined) {
      this.#lastHash = line.event.hash;
      return undefined;
    }
    const reason = found.reason === "out_of_place" ? "removed" : found.reason;
    const { sequence, hash } = line.event;
    if (sequence === this.#chain.sequence && hash !== this.#lastHash) {
      const message = `two events bear the number ${sequence}: one of them was inserted`;
      return { fault: fault(sequence, "inserted", message), ahead: undefined };
    }
    return suspect(reason, found.message, sequence > expected ? sequence : undefined);
  }

  /** One of the lines behind the first that does not fit. */
  #lookAt(line: ExportLine, { ahead }: Suspicion): void {
    if (line.kind !== "event") return;
    const { event } = line;
    if (event.sequence === ahead) this.#isCopy = true;
    const belongs = this.#chain.sequence + 1;
    if (this.#behind === 1) this.#isNext = this.#chain.next(event) === undefined;
    else if (event.sequence === belongs && event.hash === hashOf(event)) this.#isLater = true;
  }

  #explained({ fault: first, ahead }: Suspicion): Faulty {
    const { event, reason, message } = first;
    if (this.#isNext && (ahead === undefined || this.#isCopy)) {
      return fault(event, "inserted", `a line was inserted in front of event ${event}`);
    }
    if ((this.#isNext || this.#isLater) && reason === "removed") {
      return fault(event, "reordered", `${message}, and event ${event} comes later`);
    }
    if (reason === "removed") return fault(event, "removed", `event ${event} is missing`);
    if (this.#isBrokenOff) {
      const place = `in the line where event ${event} or the checkpoint belongs`;
      return fault(event, "cut_off", `the file breaks off ${place}`);
    }
    return first;
  }
}

function checkEnd(
  checkpoint: Checkpoint,
  chain: ChainVerifier,
  key: string | undefined,
): Faulty | undefined {
  const { sequence, accounts } = chain.end();
  if (!isSigned(checkpoint)) return signatureChanged();
  if (checkpoint.account !== undefined) {
    return fault(1, "removed", "the first line is missing: it says whose events these are");
  }
  if (checkpoint.sequence > sequence) {
    return fault(sequence + 1, "cut_off", cutOffText(sequence, checkpoint));
  }
  if (checkpoint.sequence < sequence) {
    const message = `event ${checkpoint.sequence + 1} came after the checkpoint was signed`;
    return fault(checkpoint.sequence + 1, "inserted", message);
  }
  const other = accounts.find(({ account, events, hash, sequence: last }) => {
    const said = checkpoint.accounts.find((one) => one.account === account);
    return said?.hash !== hash || said.events !== events || said.sequence !== last;
  });
  if (other !== undefined || checkpoint.accounts.length !== accounts.length) {
    const last = other?.sequence ?? sequence;
    const message = `event ${last} is not the one that was signed: the chain was made anew`;
    return fault(last, "not_the_signed_chain", message);
  }
  return checkKey(checkpoint, key);
}
