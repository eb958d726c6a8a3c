/** What is told of an action that nobody knows the end of, and of a word that came too late. */
import { describe, expect, test } from "vitest";
import type { GuardCommand } from "../../src/claim/decide-guard.ts";
import { incidentsOfGuard } from "../../src/claim/incidents-of-guard.ts";
import { evolveIncident, type Incident } from "../../src/incident/incident.ts";
import {
  claimOf,
  doubt,
  evidence,
  GuardLife,
  KEY,
  LAPSED,
  release,
  settle,
} from "./guard-commands.ts";

const SUBJECT = "action payments/invoice-1042";
const LATE = `late ${SUBJECT}`;
const FIND_OUT =
  "Look at the provider; then settle or release the claim by what it shows, or resolve this.";
const LOOK_FOR_BOTH =
  "Look at the provider: both attempts may have acted. Undo one of them, then resolve this.";
const KEEPS_FIRST =
  "Look at the provider: the record keeps its first word, be it wrong. Tell whom it concerns, " +
  "then resolve this.";

/** The incidents after `commands`, and the events that the last of them brought about. */
function told(...commands: readonly GuardCommand[]) {
  const life = new GuardLife();
  const incidents = new Map<number, Incident>();
  let last: readonly unknown[] = [];
  for (const command of commands) {
    const before = incidents.size;
    const { events } = life.take(command);
    last = events.flatMap((event) => {
      const after = life.claim;
      if (after === undefined) throw new Error("no claim");
      const isOpen = (subject: string) => (incident: Incident) =>
        incident.subject === subject && incident.resolution === null;
      const found = incidentsOfGuard({
        ...{ after, event, command, nextIncident: () => before + 1 },
        open: (subject) => [...incidents.values()].find(isOpen(subject)),
      });
      for (const one of found) {
        const about = { account: KEY.account, symbol: "" };
        const known = incidents.get(one.incident);
        incidents.set(one.incident, evolveIncident(known, about, one, command.now));
      }
      return found;
    });
  }
  return { last, incidents: [...incidents.values()] };
}

describe("an action", () => {
  test("that is claimed, settled or released by its owner has no incident", () => {
    expect(told(claimOf(), settle()).incidents).toEqual([]);
    expect(told(claimOf(), release(), claimOf({ tokenHash: "token-2" })).incidents).toEqual([]);
  });

  test("has one while nobody knows whether it happened, with the claim behind it", () => {
    expect(told(claimOf(), doubt()).last).toEqual([
      {
        ...{ type: "incident_opened", incident: 1, kind: "unknown_action", subject: SUBJECT },
        summary: "payment.send invoice-1042: the provider did not answer",
        ...{ next: FIND_OUT, causes: [KEY] },
      },
    ]);
    const [lapsed] = told(claimOf(), { type: "lapse", now: LAPSED }).incidents;
    expect(lapsed?.summary).toContain("payment.send invoice-1042: its owner has said nothing");
  });

  test.each([
    [settle(), "inferred", "done, by its owner"],
    [release({ tokenHash: null }), "inferred", "absent: the provider has no such payment"],
    [evidence(), "venue", "done: the provider shows it"],
    [evidence({ provenance: "operator", outcome: "rejected" }), "operator", "rejected: the"],
  ])("is no longer in question once it is known: %j", (command, provenance, reason) => {
    const { last } = told(claimOf(), doubt(), command);
    expect(last).toMatchObject([
      { type: "incident_resolved", incident: 1, verdict: "outcome_known", provenance },
    ]);
    expect(last).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });
});

describe("a word of whoever held a released attempt", () => {
  const SAID =
    "payment.send invoice-1042: an attempt that was released is reported as done by its owner";

  test("is an incident of its own while nobody is at it, and no resolution ends it", () => {
    expect(told(claimOf(), release(), settle()).last).toEqual([
      {
        ...{ type: "incident_opened", incident: 1, kind: "late_settlement", subject: LATE },
        ...{ summary: SAID, next: FIND_OUT, causes: [KEY] },
      },
    ]);
    const { last, incidents } = told(claimOf(), release(), settle(), evidence());
    expect(last).toEqual([]);
    expect(incidents).toMatchObject([{ resolution: null }]);
  });

  test("says while another is at it that both may have acted, beside what is unknown", () => {
    const second = claimOf({ tokenHash: "token-2" });
    const { last, incidents } = told(claimOf(), release(), second, doubt("token-2"), settle());
    expect(last).toMatchObject([
      { type: "incident_opened", incident: 2, kind: "late_settlement", next: LOOK_FOR_BOTH },
    ]);
    expect(incidents.map(({ kind }) => kind)).toEqual(["unknown_action", "late_settlement"]);
  });

  test("by somebody who has read the provider ends the claim, and a person looks for two", () => {
    const { incidents } = told(claimOf(), doubt(), release(), evidence());
    expect(incidents).toMatchObject([
      {
        kind: "unknown_action",
        resolution: { reason: "absent: the provider has no such payment" },
      },
      { kind: "late_settlement", resolution: null },
    ]);
    expect(incidents[1]).toMatchObject({
      summary: SAID.replace("owner", "verifier"),
      next: expect.stringContaining("whether it was done once"),
    });
  });

  test("names who has read the provider, and nobody when it is heard at last", () => {
    const second = claimOf({ tokenHash: "token-2" });
    const read = [claimOf(), release(), second, evidence({ fencing: 1 })];
    expect(told(...read).last).toMatchObject([
      { kind: "late_settlement", summary: SAID.replace("owner", "verifier"), next: LOOK_FOR_BOTH },
    ]);
    const { last } = told(...read, release({ tokenHash: "token-2" }));
    const [heard] = SAID.split(" by ");
    expect(last).toEqual([{ type: "incident_evidence", incident: 1, text: heard, next: FIND_OUT }]);
    const absent = evidence({ outcome: "absent", result: null, now: LAPSED });
    expect(told(...read, absent).last).toEqual(last);
  });

  test("names its owner too where that does not know what became of it", () => {
    const unknown = SAID.replace("as done", "as unknown");
    expect(told(claimOf(), release(), doubt()).last).toMatchObject([
      { kind: "late_settlement", summary: unknown, next: FIND_OUT },
    ]);
  });

  test("is another one's where the attempt was not released: the record has it otherwise", () => {
    const { last } = told(claimOf(), evidence({ outcome: "rejected" }), settle());
    const onRecord = "it is on record as rejected by its verifier, and is reported as done";
    expect(last).toMatchObject([
      {
        ...{ type: "incident_opened", incident: 1, kind: "late_settlement", subject: LATE },
        summary: `payment.send invoice-1042: ${onRecord}`,
        next: KEEPS_FIRST,
      },
    ]);
  });

  test("that is said again is evidence on the same incident", () => {
    const second = claimOf({ tokenHash: "token-2" });
    const { last } = told(claimOf(), release(), second, settle(), settle());
    expect(last).toEqual([
      { type: "incident_evidence", incident: 1, text: SAID, next: LOOK_FOR_BOTH },
    ]);
  });
});
