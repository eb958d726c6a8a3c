/** Whether the sidecar could listen where it is to listen, and who listens there if not. */
import { get } from "node:http";
import { portFault } from "../core/port-fault.ts";
import { type Finding, failed, ok, warning } from "./check.ts";

const LOOKUP_MS = 2_000;

export async function checkPort(host: string, port: number): Promise<Finding> {
  if (port === 0) return ok("any free port will be taken");
  const fault = await portFault(host, port);
  const place = `${host}:${port}`;
  if (fault === undefined) return ok(`${place} is free`);
  const problem = fault.code ?? fault.message;
  if (problem === "EADDRINUSE" && (await isSidecar(host, port))) {
    const remedy = "End it before another one is started, or choose another port with --port.";
    return warning(`a sidecar listens on ${place} already`, remedy);
  }
  const remedy = "Choose another port with --port, or end the program that holds it.";
  return failed(`${place} cannot be listened on: ${problem}`, remedy);
}

/** The one page that needs no key answers as ours does. */
function isSidecar(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: "/healthz", timeout: LOOKUP_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.once("end", () => resolve(body === '{"status":"ok"}'));
      response.once("error", () => resolve(false));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}
