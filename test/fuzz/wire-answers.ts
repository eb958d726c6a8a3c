/** The answers that came over one connection, read by hand: nothing that a parser would forgive. */

export interface WireAnswer {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface ReadAnswers {
  readonly answers: readonly WireAnswer[];
  /** What is left behind the last whole answer. */
  readonly rest: Buffer;
  /** A head that is no HTTP, if there is one. */
  readonly fault: string | undefined;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const HEADER_LINE = /^([A-Za-z0-9-]+): ([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/;
const NOTHING: ReadAnswers = { answers: [], rest: Buffer.alloc(0), fault: undefined };

/** `isHead` of each request on the connection, in order. */
export function readAnswers(bytes: Buffer, isHead: readonly boolean[]): ReadAnswers {
  if (bytes.length === 0) return NOTHING;
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return { ...NOTHING, rest: bytes };
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(STATUS_LINE.exec(first)?.[1]);
  const pairs = lines.map((line) => HEADER_LINE.exec(line));
  if (Number.isNaN(status) || pairs.includes(null)) {
    return { ...NOTHING, rest: bytes, fault: bytes.subarray(0, end).toString("latin1") };
  }
  const headers = new Map(
    pairs.map((pair) => [pair?.[1]?.toLowerCase() ?? "", pair?.[2] ?? ""] as const),
  );
  if (headers.size !== pairs.length) {
    return { ...NOTHING, rest: bytes, fault: `a header came twice: ${lines.join(", ")}` };
  }
  const behind = bytes.subarray(end + 4);
  if (status === 100) return readAnswers(behind, isHead);
  const read = bodyOf(behind, headers, isHead[0] === true || status === 204 || status === 304);
  if (read === undefined) return { ...NOTHING, rest: bytes };
  const answer = { status, headers, body: read.body };
  const others = readAnswers(read.rest, isHead.slice(1));
  return { ...others, answers: [answer, ...others.answers] };
}

interface ReadBody {
  readonly body: Buffer;
  readonly rest: Buffer;
}

/** Undefined where it is not whole. */
function bodyOf(
  bytes: Buffer,
  headers: ReadonlyMap<string, string>,
  isBodiless: boolean,
): ReadBody | undefined {
  if (isBodiless) return { body: Buffer.alloc(0), rest: bytes };
  if (headers.get("transfer-encoding") === "chunked") return unchunked(bytes);
  const length = Number(headers.get("content-length") ?? bytes.length);
  if (bytes.length < length) return undefined;
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function unchunked(bytes: Buffer): ReadBody | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    const end = lineEnd + 2 + size + 2;
    if (!(end <= bytes.length)) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(end) };
    parts.push(bytes.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}
