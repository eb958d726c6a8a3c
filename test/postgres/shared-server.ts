/**
 * The server that tests share: the one of TEST_DATABASE_URL, or one of the test run's own, which
 * its global set-up starts. Every test has a database of its own while it runs. A new one takes the
 * server most of a second, so one that is given back is emptied and given to the next test; the
 * global set-up drops those of its run, which it knows by their prefix.
 */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject, onTestFinished } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    readonly databaseUrl: string;
    readonly databasePrefix: string;
  }
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Empty, and in nobody's use. */
const free: string[] = [];

export async function newDatabase(): Promise<TestDatabase> {
  const url = free.pop() ?? (await made());
  const drop = async () => {
    await onServer(url, `${CUT_OTHERS}; DROP SCHEMA IF EXISTS tradelatch CASCADE`);
    free.push(url);
  };
  return { url, drop };
}

/** The URL of one that is given back when the test is over. */
export async function databaseOfTest(): Promise<string> {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  return url;
}

async function made(): Promise<string> {
  const server = inject("databaseUrl");
  const name = `${inject("databasePrefix")}${randomUUID().replaceAll("-", "")}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function onServer(url: string, command: string): Promise<void> {
  await rowsOf(url, command);
}

export async function rowsOf<Row>(url: string, command: string): Promise<readonly Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe(command))] as unknown as readonly Row[];
  } finally {
    await sql.end();
  }
}

/** Waits until they are gone: what they hold would be waited for. */
const CUT_OTHERS = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;
const OURS = "datname = current_database() AND application_name = 'tradelatch'";

/** Cuts every connection of the product to the database that this is said to. */
export const CUT_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`;

export async function connectionsTo(url: string): Promise<number> {
  const sql = `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE ${OURS}`;
  const [row] = await rowsOf<{ readonly count: number }>(url, sql);
  return row?.count ?? 0;
}
