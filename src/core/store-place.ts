/** Where a ledger is: a file, or a server. Whatever is said of it names no password. */

const SERVER = /^postgres(ql)?:\/\//i;

/** Whether `store` is the address of a server, and not a file's path. */
export function isServerStore(store: string): boolean {
  return SERVER.test(store);
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
