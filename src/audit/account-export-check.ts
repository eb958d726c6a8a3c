/**
 * Whether the lines behind the first one are the events of that account and its checkpoint, as they
 * were written. What is missing has no number that could be told: numbers have gaps where other
 * accounts' events are. So the first bad event is the one that does not follow what stands before.
 */
import type { AccountId } from "../core/ids.ts";
import { GENESIS_HASH } from "../ledger/event-chain.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import { AccountChain } from "./account-chain.ts";
import { type Checkpoint, isSigned } from "./checkpoint.ts";
import { hashOf } from "./event-hash.ts";
import type { ExportLine } from "./export-lines.ts";
import {
  checkKey,
  type ExportVerdict,
  type Faulty,
  fault,
  signatureChanged,
} from "./export-verdict.ts";

export class AccountExportCheck {
  readonly #account: AccountId;
  readonly #chain: AccountChain;
  #checkpoint: Checkpoint | undefined;
  #fault: Faulty | undefined;
  /** The hashes of the last event that was taken, and of the one before it. */
  #hash = GENESIS_HASH;
  #hashBefore = GENESIS_HASH;
  /** The first line that does not fit is the last one, and ends in its middle. */
  #isBrokenOff = false;
  /** Lines since the first that does not fit, that one included. */
  #behind = 0;

  constructor(account: AccountId) {
    this.#account = account;
    this.#chain = new AccountChain(account);
  }

  take(line: ExportLine): void {
    if (this.#fault === undefined) this.#fault = this.#faultIn(line);
    else if (this.#fault.reason === "removed") this.#lookAt(line, this.#fault);
    if (this.#fault !== undefined) this.#behind += 1;
    const isFirstBad = this.#behind === 1 && this.#checkpoint === undefined;
    this.#isBrokenOff = isFirstBad && line.kind === "unreadable" && !line.hasEnd;
  }

  verdict(key: string | undefined): ExportVerdict {
    const { sequence } = this.#chain;
    if (this.#isBrokenOff) {
      return fault(sequence, "cut_off", `the file breaks off behind event ${sequence}`);
    }
    if (this.#fault !== undefined) return this.#fault;
    if (this.#checkpoint === undefined) {
      const message = `the file ends behind event ${sequence}, without its checkpoint`;
      return fault(sequence, "cut_off", message);
    }
    const wrong = this.#checkEnd(this.#checkpoint) ?? checkKey(this.#checkpoint, key);
    return wrong ?? { ok: true, checkpoint: this.#checkpoint };
  }

  #faultIn(line: ExportLine): Faulty | undefined {
    const { sequence } = this.#chain;
    if (this.#checkpoint !== undefined) {
      const message = "something stands behind the checkpoint, which is the end";
      return fault(sequence, "inserted", message);
    }
    if (line.kind === "checkpoint") {
      this.#checkpoint = line.checkpoint;
      return undefined;
    }
    if (line.kind === "event") return this.#faultOf(line.event);
    const because = line.kind === "account" ? "names an account" : line.because;
    return fault(
      sequence,
      "changed",
      `the line behind event ${sequence} was changed: it ${because}`,
    );
  }

  #faultOf(event: StoredEvent): Faulty | undefined {
    const last = this.#chain.sequence;
    const broken = this.#chain.next(event);
    if (broken === undefined) {
      [this.#hashBefore, this.#hash] = [this.#hash, event.hash];
      return undefined;
    }
    const { reason, message } = broken;
    if (reason === "changed") return fault(event.sequence, "changed", message);
    if (reason !== "unlinked") return fault(event.sequence, "inserted", message);
    if (event.previousHash === this.#hashBefore && last > 0) {
      return fault(last, "inserted", `event ${last} was inserted in front of ${event.sequence}`);
    }
    const missing = `an event is missing in front of event ${event.sequence}`;
    return fault(event.sequence, "removed", missing);
  }

  /** Whether what seemed to be missing comes later. */
  #lookAt(line: ExportLine, { event }: Faulty): void {
    if (line.kind !== "event" || line.event.previousHash !== this.#hash) return;
    if (line.event.hash !== hashOf(line.event)) return;
    const message = `event ${line.event.sequence} belongs in front of event ${event}`;
    this.#fault = fault(event, "reordered", message);
  }

  #checkEnd(checkpoint: Checkpoint): Faulty | undefined {
    if (!isSigned(checkpoint)) return signatureChanged();
    const { sequence, accounts } = this.#chain.end();
    const [head] = accounts;
    const [said, ...others] = checkpoint.accounts;
    const events = head?.events ?? 0;
    if (checkpoint.account !== this.#account || others.length > 0) {
      const message = `the checkpoint is not of the account ${JSON.stringify(this.#account)}`;
      return fault(null, "not_the_signed_chain", message);
    }
    if ((said?.events ?? 0) > events) {
      const message = `${said?.events} events were signed, and the last one here is ${sequence}`;
      return fault(sequence, "cut_off", message);
    }
    if ((said?.events ?? 0) < events) {
      return fault(sequence, "inserted", `event ${sequence} came after the checkpoint was signed`);
    }
    if (said?.hash === head?.hash && checkpoint.sequence === sequence) return undefined;
    const message = `event ${sequence} is not the one that was signed: the chain was made anew`;
    return fault(sequence, "not_the_signed_chain", message);
  }
}
