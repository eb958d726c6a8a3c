/**
 * A port of the loopback address where nobody listens. It is none of those that the system gives to
 * whoever asks for any, be it to listen or for a connection: so it stays unused until it is taken,
 * whatever else runs beside, and can be taken again after a while.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below what Linux (32768), macOS and Windows (49152) give by themselves. */
const [FIRST, BEHIND_LAST] = [16_384, 32_768];

export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, BEHIND_LAST);
    if (await isUnused(port)) return port;
  }
}

function isUnused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
