/** Starts programs of this folder beside the measuring process, and ends them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

export interface BrokerSettings {
  readonly prices?: Readonly<Record<string, string>>;
  readonly positions?: readonly {
    readonly symbol: string;
    readonly quantity: string;
    readonly averagePrice: string;
  }[];
}

/** A program that listens somewhere. */
export interface Listening {
  readonly url: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/**
 * Room for what it throws away again, in MiB: with the default it stops for 3 ms and more at every
 * hundredth order, and that is what the p99 of everything in front of it would be.
 */
const YOUNG_MIB = 128;

export function startBroker(settings: BrokerSettings = {}): Promise<Listening> {
  const room = [`--max-semi-space-size=${YOUNG_MIB}`, `--min-semi-space-size=${YOUNG_MIB}`];
  return startProgram("broker-program", JSON.stringify(settings), room);
}

/** A proxy of fastify and undici that does nothing but pass on; `delayMs` before each answer. */
export function startBareProxy(upstream: string, delayMs = 0): Promise<Listening> {
  return startProgram("bare-proxy-program", JSON.stringify({ upstream, delayMs }));
}

async function startProgram(
  name: string,
  settings: string,
  execArgv: readonly string[] = [],
): Promise<Listening> {
  // Compiled it is JavaScript; a test runs the source as it is.
  const file = new URL(
    import.meta.url.endsWith(".ts") ? `${name}.ts` : `${name}.js`,
    import.meta.url,
  );
  const child = fork(file, [settings], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [...process.execArgv, ...execArgv],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`${name} ended before it listened`);
  });
  const [{ url }] = (await Promise.race([once(child, "message"), ended])) as [{ url: string }];
  ended.catch(() => undefined);
  const close = async () => {
    if (child.exitCode !== null || !child.connected) return;
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  };
  return { url, process: child, close };
}
