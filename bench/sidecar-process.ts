/** The sidecar as it is run: the built program with its usual settings, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { KEY_HEADERS, KEYS } from "./broker-keys.ts";

/** Compiled, this file lies one folder deeper; the program is what `npm run build` has made. */
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../dist/cli/main.js" : "../../dist/cli/main.js",
    import.meta.url,
  ),
);
/** What lets its parent ask for its memory; it is run without it where time is measured. */
const TELLS_MEMORY = [
  "--expose-gc",
  "--import",
  new URL(import.meta.url.endsWith(".ts") ? "memory-told.ts" : "memory-told.js", import.meta.url)
    .href,
];
const READY_PAUSE_MS = 20;
/** A start that takes longer is a failure of the run. */
const READY_TRIES = 3_000;

export interface RunningSidecar {
  readonly url: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** Resolves when it takes orders. */
export async function startSidecar(
  store: string,
  brokerUrl: string,
  { tellsMemory = false } = {},
): Promise<RunningSidecar> {
  const serve = [PROGRAM, "serve", "--port", "0", "--store", store];
  const child = spawn(process.execPath, tellsMemory ? [...TELLS_MEMORY, ...serve] : serve, {
    stdio: ["ignore", "pipe", "ignore", ...(tellsMemory ? (["ipc"] as const) : [])],
    env: {
      PATH: process.env.PATH,
      APCA_API_BASE_URL: brokerUrl,
      APCA_API_KEY_ID: KEYS.keyId,
      APCA_API_SECRET_KEY: KEYS.secret,
      TRADELATCH_AGENT: "bench",
    },
  });
  // A run that fails leaves no sidecar behind.
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  const url = await listening(child);
  for (let tries = 1; !(await isReady(url)); tries += 1) {
    if (tries === READY_TRIES) child.kill("SIGKILL");
    if (tries === READY_TRIES) throw new Error("the sidecar takes no orders");
    await pause(READY_PAUSE_MS);
  }
  const close = async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  };
  return { url, process: child, close };
}

async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the sidecar has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^Listening on (\S+):/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return url;
  }
  throw new Error("the sidecar ended before it listened");
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`, { headers: KEY_HEADERS });
  await answer.arrayBuffer();
  return answer.status === 200;
}
