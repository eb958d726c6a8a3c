/** A bare HTTP server that a test scripts: it records what arrives and answers as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (arrived: Arrived, response: ServerResponse) => void;

export interface RawServer {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  /** Resolves once `count` requests have arrived in full. */
  arrivals(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startRawServer(answer: Answer): Promise<RawServer> {
  const arrived: Arrived[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Arrived = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    arrived.push(one);
    // The day on which a test runs is no matter of the test; one that cares says its own.
    response.sendDate = false;
    answer(one, response);
    for (const waiter of waiting) if (arrived.length >= waiter.count) waiter.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    arrivals: (count) =>
      new Promise((resolve) => {
        if (arrived.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_arrived, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}
