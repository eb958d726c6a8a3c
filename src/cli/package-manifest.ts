/** What the package says of itself. */
import { readFileSync } from "node:fs";

export interface PackageManifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

export function packageManifest(): PackageManifest {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return JSON.parse(text) as PackageManifest;
}
