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
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(command);
  } finally {
    await sql.end();
  }
}
