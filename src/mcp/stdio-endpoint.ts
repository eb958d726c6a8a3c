/** The tools over standard input and output, for the one program that started this one. */
import type { Readable, Writable } from "node:stream";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { DEFAULT_SERVER_BOUNDS as BOUNDS } from "../sidecar/server-bounds.ts";
import { KeptDigits } from "./kept-digits.ts";
import type { ToolPorts } from "./tool-ports.ts";
import { createToolServer } from "./tool-server.ts";

export interface StdioEndpoint {
  /** Resolves when whoever started this program has closed its end. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export async function serveStdio(
  input: Readable,
  output: Writable,
  ports: ToolPorts,
): Promise<StdioEndpoint> {
  const tools = createToolServer(ports);
  const lines = new KeptDigits(BOUNDS.bodyBytes);
  const ended = new Promise<void>((resolve) => {
    for (const event of ["end", "close"]) lines.once(event, resolve);
    tools.server.onclose = resolve;
  });
  tools.server.onerror = (error) => {
    const fault = lineFault(error);
    if (fault === undefined) ports.onFailure(error);
    else ports.onUnreadable(fault);
  };
  // What has ended is still to be read; what broke off ends here.
  input.once("error", (error) => lines.destroy(error));
  input.once("close", () => input.readableEnded || lines.destroy());
  const limits = { maxBufferSize: BOUNDS.bodyBytes };
  await tools.connect(new StdioServerTransport(input.pipe(lines), output, limits));
  const close = async () => {
    input.unpipe(lines);
    input.pause();
    await tools.close();
  };
  return { ended, close };
}

/** What is wrong with a line that the client wrote; undefined where something else failed. */
function lineFault(error: Error): string | undefined {
  if (error instanceof SyntaxError) return `it is not JSON: ${error.message}`;
  return error.name === "ZodError" ? "it is no message of JSON-RPC 2.0" : undefined;
}
