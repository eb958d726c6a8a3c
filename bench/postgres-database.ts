/**
 * A PostgreSQL server for a measurement: the one of TEST_DATABASE_URL, or one of its own, as tests
 * start it. Its settings are a server's defaults: every commit is on disk when it is answered.
 */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { newServer } from "../test/postgres/postgres-server.ts";

/** Gives `use` the address of an empty database, which is gone afterwards. */
export async function withDatabase<Value>(use: (url: string) => Promise<Value>): Promise<Value> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return inDatabaseOf(given, use);
  const server = await newServer();
  try {
    await server.start();
    return await inDatabaseOf(server.urlOf("postgres"), use);
  } finally {
    await server.destroy();
  }
}

async function inDatabaseOf<Value>(
  server: string,
  use: (url: string) => Promise<Value>,
): Promise<Value> {
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const sql = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(`CREATE DATABASE ${name}`);
    const value = await use(url.href);
    await sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
    return value;
  } finally {
    await sql.end();
  }
}
