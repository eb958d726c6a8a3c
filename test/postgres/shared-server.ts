/**
 * The server that tests share: the one of TEST_DATABASE_URL, or one of the test run's own, which
 * its global set-up starts. Every test has a database of its own.
 */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    readonly databaseUrl: string;
  }
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function newDatabase(): Promise<TestDatabase> {
  const server = inject("databaseUrl");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(server);
  await onServer(server, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`) };
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

const OURS = "datname = current_database() AND application_name = 'tradelatch'";

/** Cuts every connection of the product to the database that this is said to. */
export const CUT_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`;

export async function connectionsTo(url: string): Promise<number> {
  const sql = `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE ${OURS}`;
  const [row] = await rowsOf<{ readonly count: number }>(url, sql);
  return row?.count ?? 0;
}
