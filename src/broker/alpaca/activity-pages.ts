/**
 * The account's fills over as many pages as it takes. Alpaca gives at most 100 at a time and goes
 * on behind the last one's id; what cannot be read to its end is unknown, never a shorter list.
 */
import type { ActivitiesQuery, FillActivity, Reading } from "../broker.ts";

export const ACTIVITIES_PAGE_SIZE = 100;
/** 5,000 fills; more than a day of any bot that 200 requests a minute allow. */
const MAX_ACTIVITY_PAGES = 50;

/** One page, as the SDK asks for it. */
export interface ActivitiesPage {
  readonly activityType: "FILL";
  readonly after: Date;
  readonly direction: "asc";
  readonly pageSize: number;
  readonly pageToken?: string;
}

export async function readEveryActivity(
  { orderIds, after }: ActivitiesQuery,
  readPage: (page: ActivitiesPage) => Promise<Reading<readonly FillActivity[]>>,
): Promise<Reading<readonly FillActivity[]>> {
  const wanted = orderIds && new Set(orderIds);
  const found = new Map<string, FillActivity>();
  let pageToken: string | undefined;
  for (let pages = 1; pages <= MAX_ACTIVITY_PAGES; pages += 1) {
    const page = await readPage({
      ...{ activityType: "FILL", direction: "asc", pageSize: ACTIVITIES_PAGE_SIZE },
      after: new Date(after),
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    if (page.kind === "unknown") return page;
    const before = found.size;
    for (const fill of page.value) found.set(fill.activityId, fill);
    if (page.value.length < ACTIVITIES_PAGE_SIZE) {
      const fills = [...found.values()];
      return {
        kind: "read",
        value: fills.filter((fill) => wanted?.has(fill.brokerOrderId) ?? true),
      };
    }
    if (found.size === before) {
      return { kind: "unknown", reason: `page ${pages} of the fills brought nothing new` };
    }
    pageToken = page.value.at(-1)?.activityId;
  }
  return { kind: "unknown", reason: `the fills did not end within ${MAX_ACTIVITY_PAGES} pages` };
}
