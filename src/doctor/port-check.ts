/** Whether the sidecar could listen where it is to listen, and who listens there if not. */
import { get } from "node:http";
import { LatchError } from "../core/errors.ts";
import { portFault } from "../core/port-fault.ts";
import { type Finding, failed, ok, warning } from "./check.ts";

const LOOKUP_MS = 2_000;

export async function checkPort(host: string, port: number): Promise<Finding> {
  const fault = await portFault(host, port);
  const place = `${host}:${port}`;
  if (fault === undefined)
    return ok(port === 0 ? "any free port will be taken" : `${place} is free`);
  const problem = fault.code ?? fault.message;
  if (problem === "EADDRINUSE" && (await isSidecar(host, port))) {
    const remedy = "End it before another one is started, or choose another port with --port.";
    return warning(`a sidecar listens on ${place} already`, remedy);
  }
  const { hint } = new LatchError("port_unavailable", problem);
  return failed(`${place} cannot be listened on: ${problem}`, hint);
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
