/**
 * From the first claim to the last consequence of an incident, as the nodes of a picture. Pure.
 */
import type { ClaimView, IncidentView, SessionJson } from "../sidecar-answers.ts";
import { counted } from "./amount-text.ts";
import { nameOf, outcomeOf, whatOf } from "./claim-line.ts";
import { dateOf } from "./time-text.ts";

export interface ChainNode {
  readonly kind: "claim" | "suspect" | "incident" | "blocked" | "next" | "resolved";
  readonly at: string | null;
  readonly title: string;
  readonly text: string;
  /** The claim that it stands for. */
  readonly claim: { readonly agent: string; readonly requestId: string } | null;
}

const ABOUT_ACTIONS: readonly IncidentView["kind"][] = ["unknown_action", "late_settlement"];

/** Whether it is about an action that is no order: none of the orders' claims is behind it. */
export function isAboutAction({ kind }: Pick<IncidentView, "kind">): boolean {
  return ABOUT_ACTIONS.includes(kind);
}

/** A chain that is longer shows its first and its last claims. */
const CLAIMS_SHOWN = 6;

/** The session that tells which tries were turned away. */
export type Told = Pick<SessionJson, "date" | "marks" | "cut">;

export function causeChain(
  incident: IncidentView,
  claims: ReadonlyMap<string, ClaimView>,
  session: Told | null,
): readonly ChainNode[] {
  const { kind, openedAt, summary, id } = incident;
  const opened: ChainNode = {
    ...{ kind: "incident", at: openedAt, claim: null },
    ...{ title: `Incident ${id}: ${kindText(kind)}`, text: summary },
  };
  if (isAboutAction(incident)) return [opened, end(incident)];
  return [
    ...claimNodes(incident, claims),
    opened,
    ...blockedNodes(incident, session),
    end(incident),
  ];
}

export function kindText(kind: IncidentView["kind"]): string {
  return kind.replaceAll("_", " ");
}

function claimNodes(
  { causes, subject }: IncidentView,
  claims: ReadonlyMap<string, ClaimView>,
): readonly ChainNode[] {
  const nodes = causes.map((cause): ChainNode => {
    const claim = claims.get(nameOf(cause));
    const isSubject = subject === `claim ${nameOf(cause)}`;
    return {
      kind: isSubject ? "suspect" : "claim",
      at: claim?.claimedAt ?? null,
      title: claim === undefined ? `claim ${cause.requestId.slice(0, 8)}` : whatOf(claim),
      text: claim === undefined ? "is being looked up" : told(claim),
      claim: cause,
    };
  });
  if (nodes.length <= CLAIMS_SHOWN) return nodes;
  const hidden = nodes.length - CLAIMS_SHOWN;
  const gap: ChainNode = {
    ...{ kind: "claim", at: null, title: "…", claim: null },
    text: counted(hidden, "claim between them", "claims between them"),
  };
  const half = CLAIMS_SHOWN / 2;
  return [...nodes.slice(0, half), gap, ...nodes.slice(-half)];
}

function told(claim: ClaimView): string {
  const { refusal } = claim;
  return refusal === null ? outcomeOf(claim) : `refused: ${refusal.httpStatus} ${refusal.message}`;
}

/** Tries that were turned away because of it. */
function blockedNodes(
  { causes, openedAt, resolution, symbol }: IncidentView,
  session: Told | null,
): readonly ChainNode[] {
  if (session === null) return [];
  const { marks, cut, date } = session;
  const names = new Set(causes.map(nameOf));
  const until = resolution?.at ?? "9999";
  const found = marks.filter(
    (mark) =>
      mark.kind === "blocked" &&
      mark.symbol === symbol &&
      mark.at >= openedAt &&
      mark.at <= until &&
      mark.text.startsWith("BLOCKED") &&
      (mark.requestId === null ||
        names.has(nameOf({ agent: mark.agent ?? "", requestId: mark.requestId }))),
  );
  const [first] = found;
  if (first === undefined) return [];
  // Of an earlier day's incident this session has only some of them.
  const isPart = cut || dateOf(openedAt) < date;
  const some = counted(found.length, "try blocked", "tries blocked");
  const title = isPart ? `at least ${some}` : some;
  const text = [...new Set(found.map((mark) => mark.text))].join("; ");
  return [{ kind: "blocked", at: first.at, title, text, claim: null }];
}

function end({ resolution, next }: IncidentView): ChainNode {
  if (resolution === null) {
    return { kind: "next", at: null, title: "What happens next", text: next, claim: null };
  }
  const { verdict, provenance, reason, at } = resolution;
  const title = `Resolved: ${verdict.replaceAll("_", " ")} (${provenance})`;
  return { kind: "resolved", at, title, text: reason, claim: null };
}
