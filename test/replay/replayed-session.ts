/** Replays a session with the real program: from its file, changed as a test likes. */
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReplayReport } from "../../src/replay/report.ts";
import { inDirectory, run } from "../cli/program.ts";
import type { Fields, SessionDocument } from "./session-file.ts";

const SESSIONS = fileURLToPath(new URL("../../fixtures/sessions/", import.meta.url));

export async function sessionOf(day: string): Promise<SessionDocument> {
  return JSON.parse(await readFile(`${SESSIONS}${day}.json`, "utf8")) as SessionDocument;
}

/** The report of a document that is replayed from a file of its own. */
export function replayDocument(document: SessionDocument): Promise<ReplayReport> {
  return inDirectory(async (directory) => {
    writeFileSync(join(directory, "session.json"), JSON.stringify(document));
    const { stdout, stderr } = await run(["replay", "session.json", "--json"], {
      cwd: directory,
    });
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout) as ReplayReport;
  });
}

/** A day with these rows and no position at its opening. */
export function dayOf(...events: Fields[]): SessionDocument {
  return {
    session: "2026-05-21",
    timezone: "America/New_York",
    opensAt: "09:30:00",
    closesAt: "16:00:00",
    about: "A day made up by a test.",
    openingPositions: [],
    events,
  };
}

/** The broker does this to POSTs of orders from 09:41 on. */
export function fault(kind: string, fields: Fields = {}): Fields {
  const rule = { match: { method: "POST", path: "/v2/orders" }, fault: { kind, ...fields } };
  return { kind: "broker_fault", time: "09:41:00", mark: "inferred", rules: [rule] };
}
