import { describe, expect, test } from "vitest";
import type { BookEvent } from "../../src/claim/claim-event.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import { incidentRows } from "../../src/replay/incident-rows.ts";
import { incidentsOf, reportedIncident } from "../../src/replay/ledger-incidents.ts";
import { guarded, sessionOfRows, turnedAway, unguarded } from "./made-up-worlds.ts";
import { order } from "./session-file.ts";

const WANTED = {
  kind: "entries_wanted",
  from: "11:33:00",
  until: "14:00:00",
  everyMinutes: 1,
  instance: "a",
  symbol: "TQQQ",
  mark: "stated",
};
const SESSION = sessionOfRows(order({ id: "first", time: "09:42:00" }), WANTED);
const BLOCKED = unguarded({ blockedMinutes: new Map([[1, 147]]) });

/** Told at 10:00 and, per step, a minute later. */
function told(body: BookEvent, minutes = 0): StoredEvent {
  const any = turnedAway("first");
  return { ...any, subject: "book", body, at: any.at + minutes * 60_000 } as StoredEvent;
}

function opened(incident: number, causes: readonly ClaimKey[] = []): BookEvent {
  const words = { summary: "it differs", next: "it is read again" };
  const subject = `position ${incident}`;
  return { type: "incident_opened", incident, kind: "orphan", subject, ...words, causes };
}

const RESOLVED: BookEvent = {
  type: "incident_resolved",
  incident: 1,
  verdict: "adopted",
  provenance: "inferred",
  reason: "the book took it over",
};

describe("the incidents of a ledger", () => {
  test("have their end where there is one, and null where there is none", () => {
    const incidents = incidentsOf([told(opened(1)), told(opened(2), 1), told(RESOLVED, 2)]);
    const open = { resolvedAt: null, verdict: null, provenance: null };
    expect(incidents.map((incident) => reportedIncident(SESSION, incident))).toMatchObject([
      { kind: "orphan", openedAt: "10:00:00", resolvedAt: "10:02:00", verdict: "adopted" },
      { openedAt: "10:01:00", ...open, causes: [] },
    ]);
  });
});

describe("the lines of the incidents", () => {
  const linesOf = (events: readonly StoredEvent[], without = BLOCKED) =>
    incidentRows(SESSION, without, guarded(events)).map(
      ({ time, what, outcome, unguarded: beside }) => [time, what, outcome, beside].join("|"),
    );

  test("end with the verdict, and go on with what stands beside them", () => {
    expect(linesOf([told(opened(1)), told(RESOLVED, 2)])).toEqual([
      "10:00:00|orphan TQQQ|in question|no TQQQ entry",
      "10:02:00|resolved|adopted (inferred)|11:33:00-14:00:00",
      "|||for 147 minutes",
      "|||cause: none told",
    ]);
  });

  test("say that an incident is open, and leave out a cause that the ledger does not have", () => {
    const nobody = { account: "x", agent: "y", requestId: "z" } as unknown as ClaimKey;
    expect(linesOf([told(opened(1, [nobody]))], unguarded())).toEqual([
      "10:00:00|orphan TQQQ|open to the end|",
    ]);
  });

  test("say none where only the other world has something to show, and are empty without", () => {
    expect(linesOf([])[0]).toBe("|none||no TQQQ entry");
    expect(linesOf([], unguarded())).toEqual([]);
  });
});
