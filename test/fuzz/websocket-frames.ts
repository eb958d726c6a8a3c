/** Websocket frames by hand, good and bad, and those that came back. */
import fc from "fast-check";

export interface Frame {
  readonly isFinal: boolean;
  /** 1 text, 2 binary, 0 continuation, 8 close, 9 ping, 10 pong; the others mean nothing. */
  readonly opcode: number;
  /** Of three, by which an extension would be told. */
  readonly reservedBits: number;
  readonly isMasked: boolean;
  readonly payload: Buffer;
  /** Written in the place of the payload's own; undefined where it tells the truth. */
  readonly saidLength?: number | undefined;
}

const MASK = Buffer.from([1, 2, 3, 4]);
const SHORT = 125;
const MEDIUM = 0xffff;

export function frameBytes(frame: Frame): Buffer {
  const { payload, saidLength = payload.length, isMasked } = frame;
  const first = (frame.isFinal ? 0x80 : 0) | (frame.reservedBits << 4) | frame.opcode;
  const masked = payload.map((byte, index) => byte ^ (MASK[index % 4] ?? 0));
  const maskBit = isMasked ? 0x80 : 0;
  return Buffer.concat([
    Buffer.from([first]),
    lengthBytes(saidLength, maskBit),
    ...(isMasked ? [MASK, masked] : [payload]),
  ]);
}

function lengthBytes(length: number, maskBit: number): Buffer {
  if (length <= SHORT) return Buffer.from([maskBit | length]);
  if (length <= MEDIUM) return Buffer.from([maskBit | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes[0] = maskBit | 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

export function textFrame(text: string): Frame {
  return {
    ...{ isFinal: true, opcode: 1, reservedBits: 0, isMasked: true },
    payload: Buffer.from(text),
  };
}

const CLOSE_CODES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 65_535];
const closePayload = fc
  .tuple(fc.constantFrom(...CLOSE_CODES), fc.string({ unit: "binary", maxLength: 130 }))
  .map(([code, reason]) => {
    return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
  });

/** Frames around `text`, and what no text is in. */
export function hostileFrame(text: fc.Arbitrary<string>): fc.Arbitrary<Frame> {
  const good = text.map(textFrame);
  const payload = fc.oneof(
    text.map((spoken) => Buffer.from(spoken)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    closePayload,
    fc.constantFrom(0, 126, 16_384, 16_385, 70_000).map((size) => Buffer.alloc(size, "x")),
  );
  const odd = fc.record<Frame>({
    isFinal: fc.boolean(),
    opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat({ max: 15 })),
    reservedBits: fc.constantFrom(0, 0, 0, 1, 4, 7),
    isMasked: fc.constantFrom(true, true, true, false),
    payload,
    saidLength: fc.constantFrom(undefined, undefined, undefined, 1, 2 ** 31, 2 ** 53 - 1),
  });
  return fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: odd, weight: 2 });
}

export interface ReadFrames {
  readonly texts: readonly string[];
  /** What a server may not send. */
  readonly faults: readonly string[];
}

/** What a server sent, behind the head of its answer. */
export function readFrames(bytes: Buffer): ReadFrames {
  const texts: string[] = [];
  const faults: string[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [first = 0, second = 0] = [bytes[at], bytes[at + 1]];
    const [length, headBytes] = lengthAt(bytes, at, second & 0x7f);
    const end = at + headBytes + length;
    if (end > bytes.length) break;
    const opcode = first & 0x0f;
    if ((first & 0xf0) !== 0x80 || second >= 0x80 || ![1, 2, 8, 9, 10].includes(opcode)) {
      faults.push(`a frame that begins with ${first} ${second}`);
    }
    if (opcode <= 2) texts.push(bytes.toString("utf8", at + headBytes, end));
    at = end;
  }
  return { texts, faults };
}

function lengthAt(bytes: Buffer, at: number, said: number): readonly [number, number] {
  if (said <= SHORT) return [said, 2];
  if (said === 126) return [at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : MEDIUM, 4];
  return [at + 10 <= bytes.length ? Number(bytes.readBigUInt64BE(at + 2)) : MEDIUM, 10];
}
