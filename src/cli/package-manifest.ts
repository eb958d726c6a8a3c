/** What the package says of itself. */
import { readFileSync } from "node:fs";

export interface PackageManifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** The least Node that will do. */
export function leastNode(): string {
  return packageManifest().engines.node.replace(/^>=/, "");
}

export function packageManifest(): PackageManifest {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return JSON.parse(text) as PackageManifest;
}
