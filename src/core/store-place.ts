/** Where a ledger is: a file, or a server. Whatever is said of it names no password. */

import { LatchError } from "./errors.ts";

const SERVER = /^postgres(ql)?:\/\//i;

/** Whether `store` is the address of a server, and not a file's path. */
export function isServerStore(store: string): boolean {
  return SERVER.test(store);
}

/**
 * Such an address would be taken for a file's name, and its password would be in every message.
 * `name` is what gave it. Throws LatchError `invalid_option`.
 */
export function refuseOtherServers(store: string, name: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*:\/\/|postgres(ql)?:\/?)/i.exec(store)?.[0];
  if (scheme === undefined || isServerStore(store)) return;
  const wanted = "a path to a file, or postgres://, is needed";
  throw new LatchError("invalid_option", `${name} begins with ${scheme}: ${wanted}`);
}

/** `store` as somebody may give it again, with all but its password. */
export function storeWithoutPassword(store: string): string {
  if (!isServerStore(store) || !URL.canParse(store)) return placeOfStore(store);
  return `${placeOfStore(store)}${new URL(store).search}`;
}

/** `store` as people may see it. */
export function placeOfStore(store: string): string {
  if (!isServerStore(store)) return store;
  if (!URL.canParse(store)) return "postgres://";
  const { username, host, pathname } = new URL(store);
  return `postgres://${username === "" ? "" : `${username}@`}${host}${pathname}`;
}
