// A model calls a tool, the tool's server is killed, and the model calls it once more.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const store = process.env.STORE ?? "actions.db";
const program = new URL("cli/main.js", import.meta.resolve("tradelatch")).pathname;
async function connect() {
  const args = [program, "mcp", "--broker", "none", "--store", store, "--log-level", "silent"];
  const transport = new StdioClientTransport({ command: process.execPath, args });
  const client = new Client({ name: "an-agent", version: "1.0.0" });
  await client.connect(transport);
  const call = async (name, input) =>
    (await client.callTool({ name, arguments: input })).structuredContent;
  return { call, client, kill: () => process.kill(transport.pid, "SIGKILL") };
}

const refund = { request_id: "refund/order-88", action: "refund.issue", payload: { eur: "12.50" } };
const before = await connect();
const { status, settlement_token } = await before.call("claim", refund);
console.log("claim:", status); // PROCEED: the refund is issued now, and then the server dies.
before.kill();

const { call, client } = await connect();
console.log("claim again:", (await call("claim", refund)).status); // Somebody is at it: not again.
const result = { refund: "re_1" };
await call("settle", { request_id: refund.request_id, settlement_token, result });
const done = await call("claim", refund);
console.log("claim once more:", done.status, done.existing.result.refund);
await client.close();
