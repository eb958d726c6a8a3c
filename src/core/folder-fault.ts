/** Whether files can be made in a folder: asked before the work whose outcome goes there. */
import { accessSync, constants, statSync } from "node:fs";
import { messageOf } from "./errors.ts";

/** Why none can be made in `folder`, in a few words; undefined where they can. */
export function folderFault(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return isMissing ? `there is no folder ${folder}` : messageOf(error);
  }
}
