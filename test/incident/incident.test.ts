/** An incident from opening to resolution: what each event adds, and what none may do. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvariantError } from "../../src/core/errors.ts";
import type { AgentId, ClaimKey, RequestId } from "../../src/core/ids.ts";
import {
  evolveIncident,
  type Incident,
  type IncidentEvent,
  subjectOfClaim,
  subjectOfGuard,
  subjectOfPosition,
} from "../../src/incident/incident.ts";
import { nameOf } from "../../src/page/model/claim-line.ts";
import { ACCOUNT, AGENT, START } from "../claim/builders.ts";
import { cases } from "../property-cases.ts";

const ABOUT = { account: ACCOUNT, symbol: "TQQQ" };
const CAUSE: ClaimKey = { account: ACCOUNT, agent: AGENT, requestId: "exit-1" as RequestId };

const OPENED: IncidentEvent = {
  ...{ type: "incident_opened", incident: 7, kind: "refused_exit" },
  ...{ subject: subjectOfClaim(CAUSE), causes: [CAUSE] },
  ...{ summary: "the broker refused to sell 6 TQQQ", next: "the broker's records are read" },
};
const RESOLVED: IncidentEvent = {
  ...{ type: "incident_resolved", incident: 7, verdict: "already_flat", provenance: "inferred" },
  reason: "gone already",
};

function heard(text: string, next: string | null = null): IncidentEvent {
  return { type: "incident_evidence", incident: 7, text, next };
}

function incidentAfter(...events: readonly IncidentEvent[]): Incident | undefined {
  return events.reduce<Incident | undefined>(
    (incident, event, nth) => evolveIncident(incident, ABOUT, event, START + nth),
    undefined,
  );
}

describe("an incident", () => {
  test("begins with what is wrong, what happens next, and the claims that led to it", () => {
    expect(incidentAfter(OPENED)).toEqual({
      ...{ id: 7, account: ACCOUNT, symbol: "TQQQ", kind: "refused_exit" },
      ...{ subject: "claim momentum/exit-1", causes: [CAUSE], openedAt: START, version: 1 },
      ...{ summary: "the broker refused to sell 6 TQQQ", next: "the broker's records are read" },
      ...{ evidence: [], resolution: null },
    });
  });

  test("gathers evidence in the order in which it came, with its time", () => {
    expect(incidentAfter(OPENED, heard("one"), heard("two"))).toMatchObject({
      version: 3,
      evidence: [
        { at: START + 1, text: "one" },
        { at: START + 2, text: "two" },
      ],
    });
  });

  test("keeps the latest twenty pieces of evidence: the event log has all", () => {
    const pieces = Array.from({ length: 22 }, (_, nth) => heard(`piece ${nth}`));
    const kept = incidentAfter(OPENED, ...pieces)?.evidence.map(({ text }) => text) ?? [];
    expect(kept).toHaveLength(20);
    expect(kept.at(0)).toBe("piece 2");
    expect(kept.at(-1)).toBe("piece 21");
  });

  test("says what happens next until evidence says otherwise", () => {
    expect(incidentAfter(OPENED, heard("one"))).toMatchObject({
      next: "the broker's records are read",
    });
    const waiting = incidentAfter(OPENED, heard("one", "wait for order 5"), heard("two"));
    expect(waiting).toMatchObject({ next: "wait for order 5" });
  });

  test("ends with how, by whom and when, and keeps its evidence", () => {
    expect(incidentAfter(OPENED, heard("one"), RESOLVED)).toMatchObject({
      ...{ version: 3, evidence: [{ text: "one" }] },
      resolution: {
        ...{ at: START + 2, verdict: "already_flat", provenance: "inferred" },
        reason: "gone already",
      },
    });
  });
});

describe("an incident refuses", () => {
  test.each<[string, readonly IncidentEvent[], string]>([
    ["to be opened twice", [OPENED, OPENED], "incident 7 opened twice"],
    [
      "evidence before it is open",
      [heard("one")],
      "incident_evidence for incident 7, which is not open",
    ],
    ["to end before it is open", [RESOLVED], "incident_resolved for incident 7, which is not open"],
    [
      "evidence after its end",
      [OPENED, RESOLVED, heard("one")],
      "incident_evidence for incident 7, which is not open",
    ],
    [
      "to end twice",
      [OPENED, RESOLVED, RESOLVED],
      "incident_resolved for incident 7, which is not open",
    ],
  ])("%s", (_, events, message) => {
    expect(() => incidentAfter(...events)).toThrow(new InvariantError(message));
  });
});

describe("the subject of an incident", () => {
  test("is a claim within its agent, or the position in a symbol", () => {
    expect(subjectOfClaim(CAUSE)).toBe("claim momentum/exit-1");
    expect(subjectOfPosition("TQQQ")).toBe("position TQQQ");
  });
});

/** A text that an agent and an id make up, and where the one ends and the other begins. */
const pieces = fc.array(fc.constantFrom("a", "%", "2F", "", "%2F"), { minLength: 3, maxLength: 5 });
const cut = fc.integer({ min: 1, max: 2 });

function keyIn(texts: readonly string[], at: number): ClaimKey {
  const [agent, requestId] = [texts.slice(0, at).join("/"), texts.slice(at).join("/")];
  return { account: ACCOUNT, agent: agent as AgentId, requestId: requestId as RequestId };
}

const key = fc
  .tuple(pieces, cut)
  .map(([texts, at]) => keyIn(texts, at))
  .filter(({ agent }) => agent !== "");

describe("what an incident is about", () => {
  test("is the same for the same claim only, whatever its agent and its id are made of", () => {
    const isTold = (one: ClaimKey, other: ClaimKey) => {
      const isSame = one.agent === other.agent && one.requestId === other.requestId;
      expect(subjectOfClaim(one) === subjectOfClaim(other)).toBe(isSame);
      expect(subjectOfGuard(one) === subjectOfGuard(other)).toBe(isSame);
    };
    fc.assert(fc.property(key, key, isTold), { numRuns: cases(2_000) });
    const named = pieces.filter(([first]) => first !== "");
    fc.assert(
      fc.property(named, cut, cut, (texts, a, b) => isTold(keyIn(texts, a), keyIn(texts, b))),
      { numRuns: cases(500) },
    );
  });

  test("has agent and id as they are, where the agent has no slash", () => {
    const named = (agent: string, requestId: string) =>
      subjectOfClaim({ agent: agent as AgentId, requestId: requestId as RequestId });
    expect(named("50% bot", "exit/1%")).toBe("claim 50% bot/exit/1%");
    expect(named("50%/bot", "exit/1%")).toBe("claim /50%25%2Fbot/exit/1%");
  });

  test("is what the page knows the claim by", () => {
    fc.assert(
      fc.property(key, (one) => {
        expect(subjectOfClaim(one)).toBe(`claim ${nameOf(one)}`);
      }),
      { numRuns: cases(200) },
    );
  });
});
