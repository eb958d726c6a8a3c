/**
 * The tools of one connection: what is there depends on what is configured, and what is not there
 * cannot be called. Which transport carries it is not known here.
 */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { addGuardTools } from "./guard-tools.ts";
import { addOrderTools } from "./order-tools.ts";
import { addReadingTools } from "./reading-tools.ts";
import type { ToolPorts } from "./tool-ports.ts";

/** More than any call has. */
const INPUT_ELEMENTS_MAX = 10_000;

export function createToolServer(ports: ToolPorts): McpServer {
  const { broker, version } = ports;
  const server = new McpServer(
    { name: "tradelatch", title: "TradeLatch", version },
    { instructions: instructionsFor(ports), maxToolInputElements: INPUT_ELEMENTS_MAX },
  );
  addGuardTools(server, ports);
  if (broker !== undefined) addReadingTools(server, ports, broker);
  if (broker?.allowsOrders) addOrderTools(server, ports, broker);
  return server;
}

function instructionsFor({ broker }: ToolPorts): string {
  const common =
    "TradeLatch keeps an action that cannot be undone from happening twice. Choose a request_id " +
    "for each decision and keep it for every retry. An answer that says that nothing was sent or " +
    "that the outcome is unknown is final until evidence changes it: never try the same action " +
    "under another request_id to get around it, unless an answer says that another try takes one.";
  const orders =
    broker === undefined || broker.allowsOrders
      ? ""
      : " Orders are off: this connection reads only.";
  return common + orders;
}
