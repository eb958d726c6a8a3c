/** Which incidents keep entries out (I9): none, unless a policy says so. */
import { describe, expect, test } from "vitest";
import { blocksEntries } from "../../src/claim/entry-block.ts";
import { DIVERGENCE_KINDS, type DivergencePolicy } from "../../src/claim/policy.ts";
import {
  evolveIncident,
  INCIDENT_KINDS,
  type Incident,
  type IncidentKind,
} from "../../src/incident/incident.ts";
import { ACCOUNT, POLICY, START } from "./builders.ts";

const ABOUT = { account: ACCOUNT, symbol: "TQQQ" };

function open(kind: IncidentKind): Incident {
  const opened = { type: "incident_opened", incident: 1, kind, subject: "position TQQQ" } as const;
  const told = { ...opened, summary: "s", next: "n", causes: [] };
  return evolveIncident(undefined, ABOUT, told, START);
}

function resolved(kind: IncidentKind): Incident {
  const end = { type: "incident_resolved", incident: 1, verdict: "agrees_again" } as const;
  const said = { ...end, provenance: "venue", reason: "both hold 6 TQQQ" } as const;
  return evolveIncident(open(kind), ABOUT, said, START);
}

function policies(policy: DivergencePolicy) {
  return { divergence: { phantom: policy, orphan: policy, quantity: policy, side: policy } };
}

describe("an open incident", () => {
  test.each(INCIDENT_KINDS)("keeps no entry out by default: %s", (kind) => {
    expect(blocksEntries(open(kind), POLICY)).toBe(false);
    for (const policy of ["adopt", "flatten", "observe"] as const) {
      expect(blocksEntries(open(kind), policies(policy)), policy).toBe(false);
    }
  });

  test.each(DIVERGENCE_KINDS)("keeps entries out where its kind's policy says so: %s", (kind) => {
    const one = { divergence: { ...POLICY.divergence, [kind]: "block-entries" as const } };
    const blocking = INCIDENT_KINDS.filter((other) => blocksEntries(open(other), one));
    expect(blocking).toEqual([kind]);
    expect(blocksEntries(resolved(kind), one)).toBe(false);
  });

  test("keeps no entry out where it is about a claim or an order", () => {
    const blocking = INCIDENT_KINDS.filter((kind) =>
      blocksEntries(open(kind), policies("block-entries")),
    );
    expect(blocking).toEqual(DIVERGENCE_KINDS);
  });
});
