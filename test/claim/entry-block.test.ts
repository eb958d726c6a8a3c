/** Which incidents keep entries out (I9): none, unless a policy says so. */
import { describe, expect, test } from "vitest";
import { emptyBook } from "../../src/book/book.ts";
import { decideClaim } from "../../src/claim/decide-claim.ts";
import { blocksEntries } from "../../src/claim/entry-block.ts";
import { DIVERGENCE_KINDS, type DivergencePolicy } from "../../src/claim/policy.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { RequestId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  evolveIncident,
  INCIDENT_KINDS,
  type Incident,
  type IncidentKind,
} from "../../src/incident/incident.ts";
import {
  ACCOUNT,
  AGENT,
  buy,
  OWNER,
  POLICY,
  proceeded,
  START,
  sell,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

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

function decided(intent: Intent, blocking: Incident | undefined) {
  const book = { ...emptyBook(ACCOUNT, "TQQQ"), net: decimal("6") };
  const command = { intent, owner: OWNER, now: START, brokerTime: null, policy: POLICY };
  return decideClaim({ book, existing: undefined, equals: [], blocking }, command).decision;
}

describe("an incident that blocks entries", () => {
  const causes = ["entry", "half", "exit"].map((id) => ({
    ...{ account: ACCOUNT, agent: AGENT, requestId: id as RequestId },
  }));

  test("refuses an entry, and names itself and the last of its causes (I8)", () => {
    expect(decided(buy("6"), { ...open("phantom"), id: 9, summary: "s", causes })).toEqual({
      kind: "blocked",
      claim: null,
      block: {
        ...{ code: "entry_blocked", message: "incident 9 blocks entries: s", cause: causes[2] },
        ...{ difference: null, availableQuantity: null },
      },
    });
    expect(decided(buy("6"), open("phantom"))).toMatchObject({ block: { cause: null } });
  });

  test("refuses an entry that would be opened again, too", () => {
    const ledger = new MemoryLedger();
    const existing = ledger.conclude(proceeded(ledger.claim(buy("6", underRequestId("entry")))));
    const intent = buy("6", underRequestId("entry"));
    const command = { intent, owner: OWNER, now: START, brokerTime: null, policy: POLICY };
    const snapshot = { book: ledger.book(), existing, equals: [] };
    const told = (blocking: Incident | undefined) =>
      decideClaim({ ...snapshot, blocking }, command).decision;
    expect(told(open("phantom"))).toMatchObject({ block: { code: "entry_blocked" } });
    expect(told(undefined)).toMatchObject({ kind: "proceed", reopened: true });
  });

  test("lets exits go, and entries once it is over", () => {
    expect(decided(sell("6"), open("phantom")).kind).toBe("proceed");
    expect(decided(buy("6"), undefined).kind).toBe("proceed");
  });
});

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
