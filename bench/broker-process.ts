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

export function startBroker(settings: BrokerSettings = {}): Promise<Listening> {
  return startProgram("broker-program", JSON.stringify(settings));
}

/** A proxy of fastify and undici that does nothing but pass on; `delayMs` before each answer. */
export function startBareProxy(upstream: string, delayMs = 0): Promise<Listening> {
  return startProgram("bare-proxy-program", JSON.stringify({ upstream, delayMs }));
}

async function startProgram(name: string, settings: string): Promise<Listening> {
  // Compiled it is JavaScript; a test runs the source as it is.
  const file = new URL(
    import.meta.url.endsWith(".ts") ? `${name}.ts` : `${name}.js`,
    import.meta.url,
  );
  const child = fork(file, [settings], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
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
