/** Whether an address can be listened on: it is tried, and let go of. */
import { createServer } from "node:net";
import { LatchError } from "./errors.ts";

/** Why it cannot; undefined where it can. Port 0 is any free one. */
export function portFault(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    // Nobody is served here: whoever comes in that moment is to try again.
    const server = createServer((socket) => socket.destroy());
    server.once("error", resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** The failure of whoever could not listen there. */
export function portUnavailable(host: string, port: number, cause: unknown): LatchError {
  return new LatchError("port_unavailable", `cannot listen on ${host} port ${port}`, { cause });
}

/**
 * Asked before anything is opened that is made where it is missing: a start that is refused leaves
 * nothing behind. Throws LatchError `port_unavailable`.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const fault = await portFault(host, port);
  if (fault !== undefined) throw portUnavailable(host, port, fault);
}
