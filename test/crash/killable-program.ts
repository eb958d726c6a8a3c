/**
 * The real sidecar as a process that can be killed, or held, right in front of one system call.
 *
 * A shell starts the program and later becomes strace, so that the tracer is the program's parent:
 * that is allowed wherever anything may be traced at all. It attaches when the test says so, to the
 * main thread alone, on which both SQLite and the sockets work; calls are counted from there.
 * A call at which the signal comes is not carried out. The product needs no switch for any of this.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export const KEY_ID = "the-brokers-key-id";
const SECRET = "brokerSecretThatMustNeverLeaveTheProcess";
const KEYS = { "APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET };

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Recorded whatever is struck; `-e` of the call to strike adds to it. */
const ALWAYS_TRACED = "pwrite64,fsync,fdatasync,writev,fcntl";
const LONGER_THAN_A_TEST_US = 600_000_000;

const SCRIPT = `
"$@" 2>"$LOG" &
echo "process $!"
exec >/dev/null
read -r calls inject || { wait "$!"; exit "$?"; }
exec strace -yy -s 40 -e "trace=${ALWAYS_TRACED},$calls" -e "inject=$calls:$inject" -p "$!"
`;

/** Which call: the `nth` one of `calls` (strace's names, with commas) after attaching. */
export interface Strike {
  readonly calls: string;
  readonly nth: number;
}

export interface ProgramSettings {
  readonly store: string;
  readonly brokerUrl: string;
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The file that takes what it logs; nowhere unless it is named. */
  readonly log?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the answer of a stranger, asserted on by the test
  readonly body: any;
}

export interface Sent {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class KillableProgram {
  readonly #shell: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the program is gone and everything that it or strace wrote is read. */
  readonly ended: Promise<{ readonly exitCode: number | null }>;
  #said = "";
  #trace = "";
  #isGone = false;
  #isTraced = false;
  #isHeld = false;
  /** Tells the one who waits that there is something new. */
  #wake: () => void = () => undefined;

  constructor(settings: ProgramSettings) {
    const { store, brokerUrl, words = [], environment = {}, log = "/dev/null" } = settings;
    const serve = [PROGRAM, "serve", "--port", "0", "--store", store, ...words];
    this.#shell = spawn("sh", ["-c", SCRIPT, "sh", process.execPath, ...serve], {
      env: {
        ...process.env,
        ...environment,
        APCA_API_BASE_URL: brokerUrl,
        APCA_API_KEY_ID: KEY_ID,
        APCA_API_SECRET_KEY: SECRET,
        LOG: log,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
      this.#wake();
    });
    this.#shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#trace += text;
      this.#wake();
    });
    // Only the program holds the standard output: its end is the program's end.
    const gone = once(this.#shell.stdout, "end").then(() => {
      this.#isGone = true;
      this.#shell.stdin.end();
      this.#wake();
    });
    const closed = once(this.#shell, "close");
    this.ended = Promise.all([closed, gone]).then(([[exitCode]]) => ({ exitCode }));
  }

  /** Rejects if the program ends before. */
  untilSaid(words: RegExp): Promise<void> {
    return this.#until(() => words.test(this.#said));
  }

  get url(): string {
    return /Listening on (http:\S+):/.exec(this.#said)?.[1] ?? "";
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether it was told where to die or to stand; that is done once. */
  get isTraced(): boolean {
    return this.#isTraced;
  }

  /** Every call that strace has seen, in its words, one a line. */
  get trace(): readonly string[] {
    return this.#trace.split("\n").filter((line) => /^\w+\(/.test(line));
  }

  /** Kills it in front of a call; resolves once strace is attached. */
  killAt({ calls, nth }: Strike): Promise<void> {
    return this.#attach(`${calls} signal=SIGKILL:when=${nth}`);
  }

  /** Holds it in front of a call until {@link release}. */
  holdAt({ calls, nth }: Strike): Promise<void> {
    this.#isHeld = true;
    return this.#attach(`${calls} delay_enter=${LONGER_THAN_A_TEST_US}:when=${nth}`);
  }

  /** Strace lets go of a process that it is asked to leave, in whatever call it holds it. */
  release(): void {
    this.#shell.kill("SIGTERM");
  }

  /** Nothing happens where it is dead already, also if that was not noticed yet. */
  signal(signal: NodeJS.Signals): void {
    if (this.#isGone) return;
    try {
      process.kill(this.#processId, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** No file may grow beyond so many bytes, by the system's own limit; undefined: as they like. */
  limitFileSize(bytes: number | undefined): void {
    const limit = `--fsize=${bytes ?? "unlimited"}:`;
    execFileSync("prlimit", ["--pid", String(this.#processId), limit]);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    // Strace may miss the end of a program that it holds, and would keep it from ending.
    if (this.#isHeld) this.#shell.kill("SIGKILL");
    await this.ended;
  }

  /** Waits until strace has seen `times` calls like this; rejects if the program ends before. */
  untilTraced(call: RegExp, times = 1): Promise<void> {
    return this.#until(() => this.trace.filter((line) => call.test(line)).length >= times);
  }

  /** What the client gets: the answer, or that the connection was cut, by itself too. */
  async send({ body, headers = {} }: Sent, signal?: AbortSignal): Promise<Answer | "cut"> {
    try {
      const response = await fetch(`${this.url}/v2/orders`, {
        method: "POST",
        headers: { ...KEYS, ...headers },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    } catch {
      return "cut";
    }
  }

  /** Whether it has begun to end: reads are refused then as well. */
  async isClosing(): Promise<boolean> {
    const response = await fetch(`${this.url}/v2/clock`, { headers: KEYS });
    return (await response.text()).includes('"closing"');
  }

  /** A page of JSON of the sidecar's own surface. */
  async page(path: string): Promise<Answer["body"]> {
    const headers = { ...KEYS, accept: "application/json" };
    const response = await fetch(`${this.url}${path}`, { headers });
    if (response.status !== 200) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }

  get #processId(): number {
    return Number(/^process (\d+)$/m.exec(this.#said)?.[1]);
  }

  async #attach(order: string): Promise<void> {
    this.#isTraced = true;
    this.#shell.stdin.write(`${order}\n`);
    await this.#until(() => this.#trace.includes("attached"));
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#isGone) throw new Error(`the program ended: ${this.#said}${this.#trace}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
