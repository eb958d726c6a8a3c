import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import {
  type Agreement,
  agreementOf,
  majority,
  type SettlementPolicy,
  type Signal,
  singleSource,
  unanimous,
} from "../../src/settlement/policy.ts";

const JUDGES = ["referee", "oracle", "camera"];
const THRESHOLD = decimal("0.9");

function signal(source: string, outcome: string, confidence = "0.95"): Signal {
  return { source, outcome, confidence: decimal(confidence) };
}

function agreement(policy: SettlementPolicy, ...signals: readonly Signal[]): Agreement {
  return agreementOf(policy, THRESHOLD, signals);
}

describe("a majority", () => {
  const policy = majority(JUDGES);

  test("is more than half of the sources that it names, not of those that have spoken", () => {
    expect(agreement(policy)).toEqual({ kind: "open" });
    expect(agreement(policy, signal("referee", "alice"))).toEqual({ kind: "open" });
    const two = [signal("referee", "alice"), signal("oracle", "alice")];
    expect(agreement(policy, ...two)).toEqual({ kind: "agreed", outcome: "alice" });
    expect(agreement(majority([...JUDGES, "crowd"]), ...two)).toEqual({ kind: "open" });
  });

  test("holds while two contradict one another, and says how they stand", () => {
    const split = [signal("referee", "alice"), signal("oracle", "bob")];
    expect(agreement(policy, ...split)).toEqual({
      kind: "held",
      reason: "1 for alice, 1 for bob, of 3 sources",
    });
    const third = signal("camera", "bob");
    expect(agreement(policy, ...split, third)).toEqual({ kind: "agreed", outcome: "bob" });
  });

  test("does not count whoever it does not name", () => {
    const crowd = ["x", "y", "z"].map((source) => signal(source, "bob"));
    expect(agreement(policy, ...crowd)).toEqual({ kind: "open" });
  });
});

describe("a unanimous policy", () => {
  const policy = unanimous(JUDGES);

  test("waits for the last source, and holds at the first contradiction", () => {
    const two = [signal("referee", "alice"), signal("oracle", "alice")];
    expect(agreement(policy, ...two)).toEqual({ kind: "open" });
    expect(agreement(policy, ...two, signal("camera", "alice"))).toMatchObject({ kind: "agreed" });
    expect(agreement(policy, ...two, signal("camera", "bob"))).toMatchObject({ kind: "held" });
  });
});

describe("a single source", () => {
  const policy = singleSource("oracle");

  test("decides alone, and only that one", () => {
    expect(agreement(policy, signal("referee", "bob"))).toEqual({ kind: "open" });
    const both = [signal("referee", "bob"), signal("oracle", "alice")];
    expect(agreement(policy, ...both)).toEqual({ kind: "agreed", outcome: "alice" });
  });
});

describe("a threshold", () => {
  test.each([
    ["0.9", "agreed"],
    ["0.90", "agreed"],
    ["1", "agreed"],
    ["0.8999999999999999999", "held"],
    ["0", "held"],
  ])("of 0.9 takes a confidence of %s as %s", (confidence, kind) => {
    expect(agreement(singleSource("oracle"), signal("oracle", "alice", confidence)).kind).toBe(
      kind,
    );
  });

  test("names who is unsure, and of what", () => {
    expect(agreement(majority(JUDGES), signal("camera", "bob", "0.4"))).toEqual({
      kind: "held",
      reason: "camera says bob with 0.4, under the threshold of 0.9",
    });
  });

  test("leaves the unsure aside once the others agree", () => {
    const signals = [
      signal("camera", "bob", "0.4"),
      signal("referee", "alice"),
      signal("oracle", "alice"),
    ];
    expect(agreement(majority(JUDGES), ...signals)).toEqual({ kind: "agreed", outcome: "alice" });
  });
});

describe("what was agreed", () => {
  const anySignals = fc
    .shuffledSubarray(JUDGES)
    .chain((sources) =>
      fc.tuple(
        ...sources.map((source) =>
          fc
            .tuple(fc.constantFrom("alice", "bob", "draw"), fc.constantFrom("0.2", "0.9", "1"))
            .map(([outcome, confidence]) => signal(source, outcome, confidence)),
        ),
      ),
    );

  test.each([majority(JUDGES), unanimous(JUDGES), singleSource("oracle")])(
    "is the same after every later signal, and in whatever order they came: $name",
    (policy) => {
      fc.assert(
        fc.property(anySignals, (signals) => {
          let agreed: Agreement | undefined;
          for (let count = 0; count <= signals.length; count++) {
            const now = agreement(policy, ...signals.slice(0, count));
            if (agreed !== undefined) expect(now).toEqual(agreed);
            if (now.kind === "agreed") agreed = now;
          }
          const last = agreement(policy, ...signals);
          const reversed = agreement(policy, ...[...signals].reverse());
          expect(reversed.kind).toBe(last.kind);
          if (last.kind === "agreed") expect(reversed).toEqual(last);
        }),
      );
    },
  );
});
