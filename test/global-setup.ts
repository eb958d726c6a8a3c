/**
 * What test files share: the build, which tests that start real processes run, and a PostgreSQL
 * server, unless TEST_DATABASE_URL names one.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { newServer, type PostgresServer } from "./postgres/postgres-server.ts";

let server: PostgresServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  const built = promisify(execFile)("npm", ["run", "--silent", "build"]);
  const [url] = await Promise.all([databaseUrl(), built]);
  project.provide("databaseUrl", url);
}

export async function teardown(): Promise<void> {
  await server?.destroy();
}

async function databaseUrl(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return given;
  server = await newServer();
  await server.start();
  return server.urlOf("postgres");
}
