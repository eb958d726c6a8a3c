/**
 * Stands between ledgers and their server as PgBouncer does. In transaction mode a client has one
 * of the server's connections for as long as a transaction takes, and any other for the next one. Nothing is taken back when it changes hands: what one client has set or
 * prepared there the next one finds. A pooler that keeps statements prepares those that its client
 * knows by name on each connection that it gets, under names of its own.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface PoolerOptions {
  /** Of its own; more clients than that wait for one another. */
  readonly connections?: number;
  readonly mode?: "transaction" | "session";
  readonly gives?: "the one last given back" | "each in turn";
  readonly keepsStatements?: boolean;
}

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** The words that a client may come with. */
const SETTINGS: ReadonlySet<string> = new Set([
  ...["user", "database", "client_encoding", "application_name"],
]);
const TLS_REQUEST = 80_877_103;
/** Of the number that says how long a message is. */
const LENGTH = 4;

export class Pooler {
  readonly #server: Server;
  readonly #target: URL;
  readonly #options: Required<PoolerOptions>;
  readonly #clients = new Set<PooledClient>();
  readonly #idle: ServerConnection[] = [];
  readonly #all = new Set<ServerConnection>();
  readonly #waiting: PooledClient[] = [];
  /** How often a client got another connection than the one that it had before. */
  changes = 0;

  private constructor(target: URL, options: PoolerOptions) {
    this.#target = target;
    const gives = "the one last given back";
    this.#options = {
      ...{ connections: 8, mode: "transaction", gives, keepsStatements: true },
      ...options,
    };
    this.#server = createServer({ noDelay: true }, (socket) => {
      const client = new PooledClient(socket, this.#options.keepsStatements);
      this.#clients.add(client);
      client.onWork = () => this.#serve(client);
      client.onEnd = () => this.#end(client);
    });
  }

  /** Ends with the test that it is made for. */
  static async start(url: string, options: PoolerOptions = {}) {
    const pooler = new Pooler(new URL(url), options);
    pooler.#server.listen(0, "127.0.0.1");
    await once(pooler.#server, "listening");
    onTestFinished(() => {
      for (const client of pooler.#clients) client.socket.destroy();
      for (const connection of pooler.#all) connection.socket.destroy();
      pooler.#server.close();
    });
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String((pooler.#server.address() as AddressInfo).port);
    return { pooler, url: through.href };
  }

  #serve(client: PooledClient): void {
    if (client.connection !== undefined) {
      client.forward();
      return;
    }
    const isInTurn = this.#options.gives === "each in turn";
    const idle = isInTurn ? this.#idle.shift() : this.#idle.pop();
    const connection = idle ?? this.#opened(client);
    if (connection === undefined) {
      if (!this.#waiting.includes(client)) this.#waiting.push(client);
      return;
    }
    if (client.lastConnection !== undefined && client.lastConnection !== connection) {
      this.changes += 1;
    }
    client.take(connection);
    connection.onAnswer = (message) => {
      if (client.answer(message) && this.#options.mode === "transaction") this.#release(client);
    };
    if (connection.isReady) client.forward();
    else connection.onReady = () => client.forward();
  }

  #opened(client: PooledClient): ServerConnection | undefined {
    if (this.#all.size === this.#options.connections) return undefined;
    const connection = new ServerConnection(this.#target, client.startup);
    this.#all.add(connection);
    connection.socket.on("close", () => {
      this.#all.delete(connection);
      const index = this.#idle.indexOf(connection);
      if (index >= 0) this.#idle.splice(index, 1);
      for (const one of this.#clients) if (one.connection === connection) one.socket.destroy();
      this.#serveNext();
    });
    return connection;
  }

  #release(client: PooledClient): void {
    const { connection } = client;
    if (connection === undefined) return;
    client.connection = undefined;
    connection.onAnswer = undefined;
    this.#idle.push(connection);
    this.#serveNext();
  }

  #serveNext(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) this.#serve(next);
  }

  /** A connection whose client has gone in the midst of a transaction is closed. */
  #end(client: PooledClient): void {
    this.#clients.delete(client);
    const index = this.#waiting.indexOf(client);
    if (index >= 0) this.#waiting.splice(index, 1);
    client.connection?.socket.destroy();
  }
}

/** What was said on one socket, message by message. */
class MessageReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** `hasType`: all but the first words of a client begin with a letter. */
  *read(bytes: Buffer, hasType: () => boolean): Generator<Message> {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const head = hasType() ? 1 : 0;
      if (this.#bytes.length < head + LENGTH) return;
      const length = head + this.#bytes.readInt32BE(head);
      if (this.#bytes.length < length) return;
      const message = Buffer.from(this.#bytes.subarray(0, length));
      this.#bytes = this.#bytes.subarray(length);
      yield { type: head === 0 ? "" : String.fromCharCode(message[0] as number), bytes: message };
    }
  }
}

class ServerConnection {
  readonly socket: Socket;
  isReady = false;
  onReady: (() => void) | undefined;
  onAnswer: ((message: Message) => void) | undefined;
  /** The names of what is prepared on it. */
  readonly prepared = new Set<string>();

  constructor(target: URL, startup: Buffer) {
    this.socket = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    this.socket.on("error", () => undefined);
    this.socket.write(startup);
    const reader = new MessageReader();
    this.socket.on("data", (bytes) => {
      for (const message of reader.read(bytes, () => true)) {
        if (this.isReady) this.onAnswer?.(message);
        else if (message.type === "Z") {
          this.isReady = true;
          this.onReady?.();
        }
      }
    });
  }
}

/** What is to come from the server: the end of a parse, or of all that goes with one sync. */
type Expected = { readonly name: string; readonly isOurs: boolean } | "sync";

let clients = 0;

class PooledClient {
  readonly socket: Socket;
  readonly #keepsStatements: boolean;
  readonly #name: string;
  readonly #pending: Message[] = [];
  readonly #statements = new Map<string, Buffer>();
  #expected: Expected[] = [];
  #isSynced = true;
  startup: Buffer = Buffer.alloc(0);
  connection: ServerConnection | undefined;
  lastConnection: ServerConnection | undefined;
  onWork: () => void = () => undefined;
  onEnd: () => void = () => undefined;

  constructor(socket: Socket, keepsStatements: boolean) {
    this.socket = socket;
    this.#keepsStatements = keepsStatements;
    clients += 1;
    this.#name = `pooler_${clients}_`;
    const reader = new MessageReader();
    socket.on("error", () => undefined);
    socket.on("close", () => this.onEnd());
    socket.on("data", (bytes) => {
      const hasType = () => this.startup.length > 0;
      for (const message of reader.read(bytes, hasType)) {
        if (message.type === "") this.#greet(message.bytes);
        else if (message.type === "X") socket.destroy();
        else this.#pending.push(message);
      }
      if (this.#pending.length > 0) this.onWork();
    });
  }

  /** Whoever it is gets in, and a key of the pooler's own. */
  #greet(bytes: Buffer): void {
    if (bytes.readInt32BE(LENGTH) === TLS_REQUEST) {
      this.socket.write("N");
      return;
    }
    const words = bytes.toString("utf8", 2 * LENGTH).split("\0");
    const unknown = words.find(
      (word, index) => index % 2 === 0 && word !== "" && !SETTINGS.has(word),
    );
    if (unknown !== undefined) {
      const fields = ["SFATAL", "C08P01", `Munsupported startup parameter: ${unknown}`, ""];
      this.socket.end(said("E", ...fields.map(zeroed)));
      return;
    }
    this.startup = bytes;
    const key = Buffer.alloc(8);
    key.writeInt32BE(randomInt(1, 2 ** 31 - 1), 0);
    this.socket.write(Buffer.concat([said("R", Buffer.alloc(4)), said("K", key), READY]));
  }

  take(connection: ServerConnection): void {
    this.connection = connection;
    this.lastConnection = connection;
  }

  forward(): void {
    const { connection } = this;
    if (connection === undefined) return;
    for (const message of this.#pending.splice(0)) {
      connection.socket.write(this.#translated(message, connection));
      if (message.type === "Q" || message.type === "S") this.#expected.push("sync");
      this.#isSynced = message.type === "Q" || message.type === "S";
    }
  }

  /** Hands on what the server says; true once a transaction is over. */
  answer({ type, bytes }: Message): boolean {
    if (type === "1") {
      const parsed = this.#expected.shift();
      if (parsed === undefined || parsed === "sync") throw new Error("nothing was to be parsed");
      if (parsed.isOurs) return false;
    }
    this.socket.write(bytes);
    if (type !== "Z") return false;
    const end = this.#expected.indexOf("sync");
    // What came behind a failure was not parsed.
    for (const skipped of this.#expected.splice(0, end + 1)) {
      if (skipped !== "sync") this.connection?.prepared.delete(skipped.name);
    }
    const isOver = String.fromCharCode(bytes[5] as number) === "I";
    return isOver && this.#isSynced && !this.#expected.includes("sync");
  }

  #translated({ type, bytes }: Message, connection: ServerConnection): Buffer {
    const body = bytes.subarray(1 + LENGTH);
    if (type === "P") {
      const [name, rest] = untilZero(body);
      if (this.#keepsStatements && name !== "") this.#statements.set(name, rest);
      return this.#parse(name, rest, connection, false);
    }
    if (!this.#keepsStatements) return bytes;
    if (type === "B") {
      const [portal, behind] = untilZero(body);
      const [name, rest] = untilZero(behind);
      const bound = said(type, zeroed(portal), zeroed(this.#nameOf(name)), rest);
      return Buffer.concat([this.#known(name, connection), bound]);
    }
    if (type === "D" && body[0] === "S".charCodeAt(0)) {
      const [name] = untilZero(body.subarray(1));
      const described = said(type, Buffer.from("S"), zeroed(this.#nameOf(name)));
      return Buffer.concat([this.#known(name, connection), described]);
    }
    return bytes;
  }

  /** Prepares on `connection` what the client has prepared on another. */
  #known(name: string, connection: ServerConnection): Buffer {
    const statement = this.#statements.get(name);
    const isThere = statement === undefined || connection.prepared.has(this.#nameOf(name));
    return isThere ? Buffer.alloc(0) : this.#parse(name, statement, connection, true);
  }

  #parse(name: string, rest: Buffer, connection: ServerConnection, isOurs: boolean): Buffer {
    const given = this.#nameOf(name);
    connection.prepared.add(given);
    this.#expected.push({ name: given, isOurs });
    return said("P", zeroed(given), rest);
  }

  #nameOf(name: string): string {
    return this.#keepsStatements && name !== "" ? `${this.#name}${name}` : name;
  }
}

const READY = said("Z", Buffer.from("I"));

function said(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(1 + LENGTH);
  head.write(type, "latin1");
  head.writeInt32BE(LENGTH + body.length, 1);
  return Buffer.concat([head, body]);
}

function zeroed(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function untilZero(bytes: Buffer): readonly [text: string, rest: Buffer] {
  const end = bytes.indexOf(0);
  return [bytes.toString("utf8", 0, end), bytes.subarray(end + 1)];
}
