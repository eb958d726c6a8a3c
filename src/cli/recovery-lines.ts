/** What a start found and did about it, in few lines of at most 80 characters each. */
import { isCombo } from "../identity/combo.ts";
import { symbolInWords } from "../identity/order-in-words.ts";
import type { RecoveredClaim, Recovery } from "../latch.ts";

const BECAME = ["settled", "working", "unknown"] as const;
const COLUMNS = 80;
const ID_CHARACTERS = 8;

export function recoveryLines({ claims }: Recovery): readonly string[] {
  const groups = BECAME.map((became) => claims.filter((claim) => claim.became === became));
  const [settled, working, unknown] = groups.map(({ length }) => length);
  const counts = `${settled} settled now, ${working} working, ${unknown} unknown`;
  const lines = groups.flatMap((group, index) =>
    group.length === 0 ? [] : [groupLine(`  ${BECAME[index]}: `, group.map(claimText))],
  );
  return [`Claims picked up: ${claims.length} (${counts})`, ...lines];
}

/** As many of `texts` as fit, and how many more there are. */
function groupLine(heading: string, texts: readonly string[]): string {
  for (let shown = texts.length; shown > 1; shown -= 1) {
    const line = heading + withRest(texts, shown);
    if (line.length <= COLUMNS) return line;
  }
  return heading + withRest(texts, 1);
}

function withRest(texts: readonly string[], shown: number): string {
  const rest = texts.length - shown;
  return [...texts.slice(0, shown), ...(rest === 0 ? [] : [`and ${rest} more`])].join("; ");
}

function claimText({ claim, became }: RecoveredClaim): string {
  const { intent, key } = claim;
  const amount = intent.quantity ?? `${intent.notional} USD`;
  // The legs of a combo have no room in a line.
  const act = isCombo(intent) ? "multi-leg" : intent.side;
  const order = `${act} ${amount} ${symbolInWords(intent)}`;
  const end =
    became === "settled" ? claim.outcome : became === "working" ? claim.orderStatus : null;
  return `${order} ${key.requestId.slice(0, ID_CHARACTERS)}${end === null ? "" : ` ${end}`}`;
}
