/**
 * The tools over streamable HTTP, at `/mcp`. Host, Origin and key are checked as the sidecar's
 * front door checks them, before a byte of the body is read. A session has no state: a request has
 * all that it needs, so a client that calls again after a crash finds what is on record.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { withDigitsKept } from "../core/json-text.ts";
import { portUnavailable } from "../core/port-fault.ts";
import type { Access, Agent } from "../sidecar/access.ts";
import { readBody } from "../sidecar/guarded-request.ts";
import { DEFAULT_SERVER_BOUNDS as BOUNDS } from "../sidecar/server-bounds.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import type { ToolPorts } from "./tool-ports.ts";
import { createToolServer } from "./tool-server.ts";

export const MCP_PATH = "/mcp";

export interface HttpEndpointOptions {
  readonly access: Access;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  portsFor(agent: Agent): ToolPorts;
  onFailure(error: unknown): void;
}

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** JSON-RPC's own codes for what never came to be a call. */
const REFUSED = -32_000;
const NOT_JSON = -32_700;

const REFUSALS = {
  host_refused: [403, "the Host header does not name this server"],
  origin_refused: [403, "requests of other origins are not taken"],
  unauthorized: [401, "show an agent's key: Authorization: Bearer, or Alpaca's pair of headers"],
  not_found: [404, `the tools are at ${MCP_PATH}`],
  method_refused: [405, "there are no sessions here: POST each message"],
  overloaded: [503, "too many requests are under way; nothing was done"],
  too_large: [413, `a message has at most ${BOUNDS.bodyBytes} bytes`],
  not_text: [400, "the body is not UTF-8", NOT_JSON],
  not_json: [400, "the body is not JSON", NOT_JSON],
} as const satisfies Record<string, readonly [number, string, number?]>;

/** Throws LatchError `port_unavailable`. */
export async function listenForTools(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const underWay = new Set<Promise<void>>();
  const calls = new CallsUnderWay();
  const server = createServer({ maxHeaderSize: BOUNDS.headerBytes }, (request, response) => {
    const refusal = refusalOf(options, request, underWay.size);
    if (typeof refusal === "string") {
      refuse(response, refusal);
      request.resume();
      return;
    }
    const served = serve({ ...options, calls }, refusal, request, response)
      .catch((error: unknown) => {
        options.onFailure(error);
        response.destroy();
      })
      .finally(() => underWay.delete(served));
    underWay.add(served);
  });
  bound(server);
  const port = await listen(server, options);
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await Promise.allSettled(underWay);
    server.closeAllConnections();
    await closed;
  };
  return { port, close };
}

/** Why the request is not served, or whose it is. */
function refusalOf(
  { access }: HttpEndpointOptions,
  request: IncomingMessage,
  underWay: number,
): keyof typeof REFUSALS | Agent {
  const stranger = access.refuseStranger(request);
  if (stranger !== undefined) return stranger;
  const { headers } = request;
  const agent = access.authenticate(headers) ?? access.keyless(headers);
  if (agent === undefined) return "unauthorized";
  const [path] = (request.url ?? "").split("?");
  if (path !== MCP_PATH) return "not_found";
  if (request.method !== "POST") return "method_refused";
  return underWay >= BOUNDS.underWay ? "overloaded" : agent;
}

/** One request, one server: what its agent may see is all that it can call. */
async function serve(
  { portsFor, calls }: HttpEndpointOptions & { readonly calls: CallsUnderWay },
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const message = await readMessage(request);
  if (message === "gone") return;
  if (typeof message === "string") {
    refuse(response, message);
    return;
  }
  calls.take(agent.id, message.json, request, response);
  const tools = createToolServer(portsFor(agent));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  const over = new Promise<void>((resolve) => response.once("close", resolve));
  // Its optional members are declared as such that may be undefined, which ours may not.
  await tools.connect(transport as Transport);
  // Of a client that hangs up, or calls its call off, nothing more is awaited: closing tells that
  // call that it has gone.
  await Promise.race([
    transport.handleRequest(request, response, message.json).then(() => over),
    over,
  ]);
  await tools.close();
}

type Read = { readonly json: unknown } | keyof typeof REFUSALS | "gone";

/** What the client wrote; the transport's own reader would lose digits, and bytes that are none. */
async function readMessage(request: IncomingMessage): Promise<Read> {
  const read = await readBody(request, BOUNDS.bodyBytes);
  if (read.kind !== "text") return read.kind;
  try {
    // First as it stands: what is no JSON must not become so.
    return { json: withDigitsKept(read.text, JSON.parse(read.text)) };
  } catch {
    return "not_json";
  }
}

function refuse(response: ServerResponse, name: keyof typeof REFUSALS): void {
  const [status, message, code = REFUSED] = REFUSALS[name];
  const allow = name === "method_refused" ? { allow: "POST" } : {};
  response.writeHead(status, { "content-type": "application/json", ...allow });
  response.end(JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null }));
}

function bound(server: Server): void {
  server.maxConnections = BOUNDS.connections;
  server.headersTimeout = BOUNDS.headersTimeoutMs;
  server.requestTimeout = BOUNDS.requestTimeoutMs;
  server.keepAliveTimeout = BOUNDS.keepAliveMs;
}

async function listen(server: Server, { host, port }: HttpEndpointOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(portUnavailable(host, port, cause)));
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}
