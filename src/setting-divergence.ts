/**
 * The setting that says what is done about a position that differs from the book: one word for all
 * kinds of difference, `kind=word` for one of them, or both. Their order means nothing, so nothing
 * may be said twice: of two policies for one kind, one would silently have no effect.
 */
import { z } from "zod";
import {
  DEFAULT_CLAIM_POLICY,
  DIVERGENCE_KINDS,
  DIVERGENCE_POLICIES,
  type DivergencePolicies,
} from "./claim/policy.ts";

/** What the word for all kinds is kept under. */
const ALL = "";
const EXPECTED =
  `expected ${DIVERGENCE_POLICIES.join(", ")}, or that by kind ` +
  `(${DIVERGENCE_KINDS.join(", ")}), such as orphan=flatten`;

export const divergence = z.string().transform((text, context): DivergencePolicies => {
  const fail = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  const said = new Map<string, string>();
  for (const part of text.split(",")) {
    const [policy = "", kind = ALL, ...others] = part
      .split("=")
      .map((word) => word.trim())
      .reverse();
    const isOfAll = !part.includes("=");
    if (others.length > 0 || !isPolicy(policy) || !(isOfAll || isKind(kind))) return fail(EXPECTED);
    if (said.has(kind)) return fail(`expected one policy for ${kind === ALL ? "all kinds" : kind}`);
    said.set(kind, policy);
  }
  const rest = said.get(ALL);
  const policies = DIVERGENCE_KINDS.map((kind) => [kind, said.get(kind) ?? rest] as const);
  const chosen = Object.fromEntries(policies.filter(([, policy]) => policy !== undefined));
  return { ...DEFAULT_CLAIM_POLICY.divergence, ...chosen };
});

function isKind(word: string): boolean {
  return DIVERGENCE_KINDS.some((one) => one === word);
}

function isPolicy(word: string): boolean {
  return DIVERGENCE_POLICIES.some((one) => one === word);
}
