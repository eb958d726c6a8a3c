/** Certificates that a test makes for itself, with openssl: an authority, and a server's name. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

export interface Authority {
  /** Its certificate's file. */
  readonly file: string;
  /** A key and a certificate for a server of this name. */
  issue(name: string): { readonly key: string; readonly certificate: string };
}

/** A folder of certificates; everybody may enter it, as the server runs under another name. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), "tradelatch-certificates-"));
  #count = 0;

  constructor() {
    chmodSync(this.folder, 0o755);
  }

  newAuthority(): Authority {
    const name = `authority-${this.#next()}`;
    const [key, file] = [this.#file(`${name}.key`), this.#file(`${name}.pem`)];
    openssl(["req", "-x509", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", file]);
    return { file, issue: (server) => this.#issue(server, key, file) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #issue(server: string, authorityKey: string, authority: string) {
    const name = `server-${this.#next()}`;
    const [key, certificate] = [this.#file(`${name}.key`), this.#file(`${name}.pem`)];
    const subject = ["-subj", `/CN=${server}`, "-addext", `subjectAltName=DNS:${server}`];
    const signed = ["-CA", authority, "-CAkey", authorityKey];
    openssl(["req", "-x509", ...signed, ...KEY, ...subject, "-keyout", key, "-out", certificate]);
    return { key, certificate };
  }

  #file(name: string): string {
    return join(this.folder, name);
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }
}

function openssl(words: readonly string[]): void {
  execFileSync("openssl", words, { stdio: "pipe" });
}
