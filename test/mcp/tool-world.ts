/**
 * A simulated broker, a ledger's file, and tools on them: in this process, or in programs of their
 * own that a test kills. Clients are the SDK's.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { resolveServeConfig, type ServeSettings } from "../../src/config.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { McpProgram } from "../../src/mcp/mcp-program.ts";
import { createToolServer } from "../../src/mcp/tool-server.ts";
import {
  type Fault,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../src/simulator/index.ts";
import { startProgram } from "../cli/program.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
export const KEY_ID = "the-brokers-key-id";
export const SECRET = "brokerSecretThatMustNeverLeaveTheProcess";
const KEYS = { APCA_API_KEY_ID: KEY_ID, APCA_API_SECRET_KEY: SECRET };
const VERSION = "0.0.0-test";

/** What a tool gave, as a model gets it. */
export interface Told {
  readonly text: string;
  readonly isError: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: structured content, asserted on by the test
  readonly data: any;
}

export async function openToolWorld(options: SimulatorOptions = {}): Promise<ToolWorld> {
  const startAt = systemClock.now();
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(startAt);
  const calendar = { [day]: { open: "00:00", close: "23:59" } };
  const prices = { TQQQ: "75.33", SQQQ: "40.90" };
  const simulator = await startSimulator({ startAt, calendar, prices, ...options });
  const world = new ToolWorld(simulator);
  onTestFinished(() => world.close());
  return world;
}

export class ToolWorld {
  readonly simulator: Simulator;
  readonly directory = mkdtempSync(join(tmpdir(), "tradelatch-mcp-"));
  readonly store = join(this.directory, "latch.db");
  readonly log: string[] = [];
  readonly #ends: (() => Promise<unknown>)[] = [];
  #isClosed = false;

  constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  /** In this process; nothing runs by itself. */
  program(
    settings: ServeSettings = {},
    allowed: { allowsOrders?: boolean; allowsLiveOrders?: boolean } = {},
  ): McpProgram {
    const place = { store: this.store, baseUrl: this.simulator.url, port: 0 };
    const keys = { keyId: KEY_ID, secret: SECRET };
    const program = new McpProgram({
      serve: resolveServeConfig({ ...place, ...keys, ...settings }, {}),
      logger: pino({ level: "trace" }, { write: (line: string) => void this.log.push(line) }),
      version: VERSION,
      ...{ allowsOrders: true, allowsLiveOrders: false, schedule: false, ...allowed },
    });
    this.#ends.push(() => program.close());
    return program;
  }

  /** A client of the tools in this process. */
  async clientOf(program: McpProgram, group = "default"): Promise<Client> {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const ports = program.portsFor({ id: "test", group: group as AgentId });
    await createToolServer(ports).connect(far);
    return this.#connected(near);
  }

  /** A program of its own that the SDK's client has started. */
  async stdio(words: readonly string[] = ["--allow-orders"]) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [PROGRAM, "mcp", "--store", this.store, ...words],
      env: { ...this.#environment(), PATH: process.env.PATH ?? "" },
      stderr: "ignore",
    });
    const client = await this.#connected(transport);
    return { client, kill: () => kill(transport.pid) };
  }

  /** A program of its own that listens, and a client of it. */
  async http(words: readonly string[] = ["--allow-orders"]) {
    const all = ["mcp", "--http", "--port", "0", "--json", "--store", this.store, ...words];
    const { child, ended } = startProgram(all, { env: this.#environment() });
    this.#ends.push(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    const [line] = await once(child.stdout as Readable, "data");
    const { url } = JSON.parse(String(line)) as { url: string };
    return { client: await this.httpClient(url), url, kill: () => kill(child.pid) };
  }

  httpClient(url: string, secret = SECRET): Promise<Client> {
    const requestInit = { headers: { Authorization: `Bearer ${secret}` } };
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
    return this.#connected(transport as Transport);
  }

  fault(fault: Fault): void {
    this.simulator.addFaults([{ match: { method: "POST", path: "/v2/orders" }, fault }]);
  }

  posts() {
    return this.simulator
      .requests()
      .filter(({ method, path }) => method === "POST" && path === "/v2/orders");
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#isClosed) throw new Error("the world was closed before it came to that");
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#ends.reverse()) await end().catch(() => undefined);
    await this.simulator.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #environment() {
    const quiet = { TRADELATCH_LOG_LEVEL: "silent" };
    return { ...KEYS, APCA_API_BASE_URL: this.simulator.url, ...quiet };
  }

  async #connected(transport: Transport): Promise<Client> {
    const client = new Client({ name: "a-test", version: VERSION });
    await client.connect(transport);
    // From here on the client checks every answer against the schema that the tool has for it.
    await client.listTools();
    this.#ends.push(() => client.close());
    return client;
  }
}

export async function call(
  client: Client,
  name: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<Told> {
  const result = await client.callTool({ name, arguments: { ...input } });
  const [content] = result.content as { type: string; text: string }[];
  const { structuredContent: data, isError = false } = result;
  return { text: content?.text ?? "", isError: isError === true, data };
}

function kill(pid: number | null | undefined): void {
  if (pid !== null && pid !== undefined) process.kill(pid, "SIGKILL");
}
