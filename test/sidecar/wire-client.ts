/** Speaks HTTP by hand over a socket: sends exactly the bytes it is given, keeps those it gets. */
import { connect, type Socket } from "node:net";

export interface WireAnswer {
  readonly statusLine: string;
  readonly status: number;
  /** In the order and spelling of the wire. */
  readonly headers: readonly (readonly [string, string])[];
  /** Without chunk framing. */
  readonly body: Buffer;
  /** Whether the body ended as its framing said it would. */
  readonly whole: boolean;
}

const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** Sends `text` (latin1) and reads until the other side closes. */
export function sendRaw(port: number, text: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // A server that cuts us off in the middle of our sending resets the connection.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") return;
      reject(error);
    });
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}

/** One request on a connection of its own. `lines` are header lines; Host and close are added. */
export async function exchange(
  port: number,
  method: string,
  target: string,
  lines: readonly string[] = [],
  body = "",
): Promise<WireAnswer> {
  const hasHost = lines.some((line) => /^host:/i.test(line));
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...(hasHost ? [] : [`Host: 127.0.0.1:${port}`]),
    "Connection: close",
    ...lines,
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body, "latin1")}`]),
  ];
  return parseAnswer(await sendRaw(port, `${head.join("\r\n")}\r\n\r\n${body}`), method);
}

export function parseAnswer(bytes: Buffer, method: string): WireAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) throw new Error(`no answer: ${JSON.stringify(bytes.toString("latin1"))}`);
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  if (status === 100) return parseAnswer(bytes.subarray(end + 4), method);
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const find = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const rest = bytes.subarray(end + 4);
  if (find("transfer-encoding") === "chunked") {
    return { statusLine, status, headers, ...unchunked(rest) };
  }
  const length = find("content-length");
  const bodiless = method === "HEAD" || status === 204 || status === 304;
  const whole = bodiless
    ? rest.length === 0
    : length === undefined || Number(length) === rest.length;
  return { statusLine, status, headers, body: rest, whole };
}

/** The headers that have to be the same on both sides of a proxy. */
export function endToEnd(answer: WireAnswer): readonly (readonly [string, string])[] {
  return answer.headers.filter(([name]) => {
    const key = name.toLowerCase();
    return key !== "date" && !HOP_BY_HOP.has(key);
  });
}

export function jsonOf(answer: WireAnswer) {
  return JSON.parse(answer.body.toString("utf8"));
}

function unchunked(bytes: Buffer): { readonly body: Buffer; readonly whole: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return { body: Buffer.concat(parts), whole: false };
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (size === 0) return { body: Buffer.concat(parts), whole: true };
    const chunk = bytes.subarray(lineEnd + 2, lineEnd + 2 + size);
    parts.push(chunk);
    if (chunk.length < size) return { body: Buffer.concat(parts), whole: false };
    at = lineEnd + 2 + size + 2;
  }
}

/** A connection that is kept: for what happens while an answer is still coming. */
export class WireConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #wake: () => void = () => {};
  #closed = false;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  write(text: string): void {
    this.#socket.write(text, "latin1");
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get text(): string {
    return this.#received.toString("latin1");
  }

  /** Resolves with everything so far as soon as it holds `part`. */
  async until(part: string): Promise<string> {
    await this.#when(() => this.text.includes(part), `waiting for ${JSON.stringify(part)}`);
    return this.text;
  }

  async untilClosed(): Promise<string> {
    await this.#when(() => this.#closed, "waiting for the end");
    return this.text;
  }

  async #when(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      if (this.#closed) throw new Error(`closed while ${what}: ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
