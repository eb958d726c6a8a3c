/**
 * The operator page as the build left it: one document and files whose names carry the hash of what
 * they hold. Read once, and kept in memory with its compressed form; nothing else can be asked for.
 */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

export interface PageFile {
  readonly contentType: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

export interface PageFiles {
  readonly document: PageFile;
  /** By name, such as `page-1a2b3c4d.js`. */
  readonly files: ReadonlyMap<string, PageFile>;
}

/** The same folder from the source and from the build. */
const BUILT_PAGE = new URL("../../dist/page/", import.meta.url);
const DOCUMENT = "index.html";
const BEST = 9;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Undefined where the page was not built: the sidecar works without it. */
export function readPageFiles(folder: URL = BUILT_PAGE): PageFiles | undefined {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const found = new Map<string, PageFile>();
  for (const name of names) {
    const contentType = CONTENT_TYPES[name.split(".").at(-1) ?? ""];
    if (contentType === undefined) continue;
    const plain = readFileSync(new URL(name, folder));
    found.set(name, { contentType, plain, gzipped: gzipSync(plain, { level: BEST }) });
  }
  const document = found.get(DOCUMENT);
  found.delete(DOCUMENT);
  return document === undefined ? undefined : { document, files: found };
}
