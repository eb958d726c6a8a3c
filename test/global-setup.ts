/**
 * What test files share: the build, which tests that start real processes run, and a PostgreSQL
 * server, unless TEST_DATABASE_URL names one.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { newServer, type PostgresServer } from "./postgres/postgres-server.ts";
import { onServer, rowsOf } from "./postgres/shared-server.ts";

const PREFIX = `test_${randomUUID().slice(0, 8)}_`;
let server: PostgresServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  const built = promisify(execFile)("npm", ["run", "--silent", "build"]);
  const [url] = await Promise.all([databaseUrl(), built]);
  project.provide("databaseUrl", url);
  project.provide("databasePrefix", PREFIX);
}

export async function teardown(): Promise<void> {
  if (server === undefined) await dropOurs(process.env.TEST_DATABASE_URL ?? "");
  else await server.destroy();
}

async function dropOurs(url: string): Promise<void> {
  const ours = `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${PREFIX}')`;
  for (const { name } of await rowsOf<{ readonly name: string }>(url, ours)) {
    await onServer(url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function databaseUrl(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return given;
  server = await newServer();
  await server.start();
  return server.urlOf("postgres");
}
