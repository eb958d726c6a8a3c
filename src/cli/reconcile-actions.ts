/** What `tradelatch reconcile` does: reads records, compares them, prints what it finds. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { compareRecords } from "../comparison/compare-records.ts";
import { findingView } from "../comparison/finding-view.ts";
import { readClaim } from "../comparison/read-claims.ts";
import { readOrder } from "../comparison/read-orders.ts";
import { recordList } from "../comparison/record-list.ts";
import type { RecordedClaim } from "../comparison/recorded.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import { CLAIMS_LIMIT_MAX } from "../ledger/claims-query.ts";
import { claimView } from "../sidecar/native-claim-schema.ts";
import { widthOf } from "./page-width.ts";
import { type ReadSurroundings, type RecordsOptions, readRecords } from "./read-records.ts";
import { comparisonText } from "./reconcile-text.ts";

export interface ReconcileOptions extends RecordsOptions {
  readonly orders: readonly string[];
  readonly claims?: readonly string[];
  readonly all?: boolean;
}

/** A text that is longer does not fit into one string anyway. */
const FILE_BYTES_MAX = 500_000_000;

/** Rejects with LatchError `records_disagree` where something is to be looked at. */
export async function reconcile(
  options: ReconcileOptions,
  surroundings: ReadSurroundings,
): Promise<void> {
  const { output } = surroundings;
  refuseOwnComparison(options);
  const orders = recordsOf(options.orders).flatMap(({ record, where }) => readOrder(record, where));
  const claims =
    options.claims === undefined
      ? await claimsOfStore(options, surroundings)
      : recordsOf(options.claims).map(({ record, where }) => readClaim(record, where));
  const comparison = compareRecords(claims, orders);
  const { findings, counts, toBeLookedAt, sizes } = comparison;
  if (options.json === true) {
    const document = { toBeLookedAt, counts, sizes, findings: findings.map(findingView) };
    output.line(JSON.stringify(document, null, 2));
  } else {
    output.line(comparisonText(comparison, options.all === true, widthOf(output)));
  }
  if (toBeLookedAt === 0) return;
  const message = `${toBeLookedAt} of ${findings.length} findings are to be looked at`;
  throw new LatchError("records_disagree", message);
}

/** Records of orders have ids and states too: as claims they would confirm one another. */
function refuseOwnComparison({ orders, claims = [] }: ReconcileOptions): void {
  const files = new Set(orders.map(fileBehind));
  const both = claims.find((file) => files.has(fileBehind(file)));
  if (both === undefined) return;
  const message = `${both} is among --orders and among --claims: it would be compared with itself`;
  throw new LatchError("invalid_option", message);
}

/** Which file a name leads to; what cannot be read is said where it is read. */
function fileBehind(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** Each record with its place, such as `orders.json[3]`. */
function recordsOf(files: readonly string[]) {
  return files.flatMap((file) =>
    recordList(textOfFile(file), file).map((record, index) => ({
      record,
      where: `${file}[${index}]`,
    })),
  );
}

function textOfFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) throw new Error(`${size} bytes are more than ${FILE_BYTES_MAX}`);
    return readFileSync(file, "utf8");
  } catch (cause) {
    const message = `cannot read ${JSON.stringify(file)}: ${messageOf(cause)}`;
    throw new LatchError("file_unreadable", message, { cause });
  }
}

/** Every claim of the account, as the native surface shows it. */
async function claimsOfStore(
  options: RecordsOptions,
  surroundings: ReadSurroundings,
): Promise<readonly RecordedClaim[]> {
  const found: RecordedClaim[] = [];
  await readRecords(options, surroundings, async (records, account) => {
    if (account === undefined) return;
    let cursor: string | undefined;
    do {
      const page = await records.claims({ account, cursor, limit: CLAIMS_LIMIT_MAX });
      for (const claim of page.claims) {
        found.push(readClaim(claimView(claim), `claim ${claim.key.requestId}`));
      }
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  });
  return found;
}
