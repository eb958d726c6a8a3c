/** A hostile request as it goes over the wire: its framing may lie about it. */
import type { Framing, HostileRequest } from "./hostile-request.ts";
import { spelledOut } from "./hostile-text.ts";

/** The body as it is sent. */
export function bodyBytes({ body, encoding }: HostileRequest): Buffer {
  return Buffer.from(spelledOut(body), encoding);
}

/** Whether its client ends its side: what it announced will never come. */
export function endsEarly({ framing }: HostileRequest): boolean {
  return framing === "half_closed" || framing === "cut_short";
}

/** Its bytes; one connection carries it alone. */
export function wireBytes(request: HostileRequest, port: number, orderId: string): Buffer {
  const { method, target, framing } = request;
  const version = framing === "http_1_0" ? "HTTP/1.0" : "HTTP/1.1";
  const keepsOn = framing === "pipelined" || framing === "h2c";
  const lines = [
    `${method} ${target.replaceAll("{order}", orderId)} ${version}`,
    request.host,
    ...(keepsOn ? [] : ["Connection: close"]),
    ...request.key.lines,
    ...request.headers,
    ...framingLines(framing, bodyBytes(request).length),
  ];
  const head = spelledOut(`${lines.join("\r\n")}\r\n\r\n`).replaceAll("PORT", String(port));
  return Buffer.concat([Buffer.from(head, "latin1"), framedBody(request), tail(request, port)]);
}

function framingLines(framing: Framing, length: number): readonly string[] {
  switch (framing) {
    case "chunked":
      return ["Transfer-Encoding: chunked"];
    case "trailers":
      return ["Transfer-Encoding: chunked", "Trailer: Idempotency-Key"];
    case "cut_short":
      return [`Content-Length: ${length + 10}`];
    case "overlong":
      return [`Content-Length: ${Math.max(0, length - 3)}`];
    case "both":
      return [`Content-Length: ${length}`, "Transfer-Encoding: chunked"];
    case "no_length":
      return [];
    case "odd_length":
      return ["Content-Length: 0x1f"];
    case "continue":
      return [`Content-Length: ${length}`, "Expect: 100-continue"];
    case "odd_expect":
      return [`Content-Length: ${length}`, "Expect: 200-ok"];
    case "h2c":
      return [`Content-Length: ${length}`, "Connection: Upgrade", "Upgrade: h2c"];
    default:
      return [`Content-Length: ${length}`];
  }
}

function framedBody(request: HostileRequest): Buffer {
  const bytes = bodyBytes(request);
  const { framing } = request;
  if (framing !== "chunked" && framing !== "trailers") return bytes;
  const chunk = [Buffer.from(`${bytes.length.toString(16)};x=y\r\n`), bytes, Buffer.from("\r\n")];
  const end = framing === "trailers" ? "0\r\nIdempotency-Key: late\r\n\r\n" : "0\r\n\r\n";
  return Buffer.concat([...(bytes.length === 0 ? [] : chunk), Buffer.from(end)]);
}

/** A second request behind the first one. */
function tail({ framing }: HostileRequest, port: number): Buffer {
  if (framing !== "pipelined") return Buffer.alloc(0);
  const second = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
  return Buffer.from(second);
}
