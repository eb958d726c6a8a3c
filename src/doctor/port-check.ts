/** Whether the sidecar could listen where it is to listen: it is tried, and let go of. */
import { createServer, get } from "node:http";
import { type Finding, failed, ok, warning } from "./check.ts";

const LOOKUP_MS = 2_000;

export async function checkPort(host: string, port: number): Promise<Finding> {
  if (port === 0) return ok("any free port will be taken");
  const problem = await listened(host, port);
  const place = `${host}:${port}`;
  if (problem === undefined) return ok(`${place} is free`);
  if (problem === "EADDRINUSE" && (await isSidecar(host, port))) {
    const remedy = "End it before another one is started, or choose another port with --port.";
    return warning(`a sidecar listens on ${place} already`, remedy);
  }
  const remedy = "Choose another port with --port, or end the program that holds it.";
  return failed(`${place} cannot be listened on: ${problem}`, remedy);
}

/** Undefined where it could be listened on. */
function listened(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
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
