/**
 * What a client writes, line by line, with every fraction that a double would change as a text: the
 * protocol's own reader makes doubles of them, and two amounts would count as one.
 */
import { Transform, type TransformCallback } from "node:stream";
import { withLostFractionsAsText } from "../core/json-text.ts";

const LINE_END = 0x0a;

export class KeptDigits extends Transform {
  readonly #longest: number;
  #begun: Buffer = Buffer.alloc(0);

  /** A line of more than `longest` bytes is given on as it comes, for the reader to refuse. */
  constructor(longest: number) {
    super();
    this.#longest = longest;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#begun = Buffer.concat([this.#begun, chunk]);
    const end = this.#begun.lastIndexOf(LINE_END) + 1;
    if (end > 0) this.#giveOn(end, kept);
    if (this.#begun.length > this.#longest) this.#giveOn(this.#begun.length, (bytes) => bytes);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#giveOn(this.#begun.length, kept);
    done();
  }

  #giveOn(end: number, how: (bytes: Buffer) => Buffer): void {
    this.push(how(this.#begun.subarray(0, end)));
    this.#begun = this.#begun.subarray(end);
  }
}

/** The same bytes where nothing is to be kept. */
function kept(lines: Buffer): Buffer {
  const text = lines.toString();
  const read = withLostFractionsAsText(text);
  return read === text ? lines : Buffer.from(read);
}
