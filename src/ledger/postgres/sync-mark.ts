/** The row that is written where nothing else is, so that a commit has to be on disk. */
import type { Session } from "./dedicated-connection.ts";
import { refuseNewer } from "./schema-version.ts";

const MARK_SYNC = `UPDATE tradelatch.sync_mark SET sequence = $1, times = times + 1
  RETURNING (SELECT schema_version FROM tradelatch.head) AS version`;

/** Throws LatchError `store_newer` where a newer program was here. */
export async function markSync(session: Session, sequence: number): Promise<void> {
  const [mark] = await session.ask<{ version: number }>(MARK_SYNC, [sequence]);
  if (mark !== undefined) refuseNewer(mark.version, session.place);
}
