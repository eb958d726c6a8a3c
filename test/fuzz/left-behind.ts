/** What a process has left: its heap after a collection, and its open sockets. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Finalizers free what the next collection takes. */
const COLLECTIONS = 4;
/** Turns of the event loop after which a socket that was told to close has closed. */
const CLOSING_TURNS = 2_000;
const SOCKETS = new Set(["TCPSocketWrap", "TCPServerWrap", "TCPWRAP"]);

export async function heapBytes(): Promise<number> {
  for (let round = 0; round < COLLECTIONS; round += 1) {
    await turn();
    collect();
  }
  return process.memoryUsage().heapUsed;
}

export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => SOCKETS.has(kind)).length;
}

/** The number of open sockets, once it is no more than `wanted` or does not fall any further. */
export async function socketsLeft(wanted: number): Promise<number> {
  for (let turns = 0; turns < CLOSING_TURNS && openSockets() > wanted; turns += 1) await turn();
  return openSockets();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
