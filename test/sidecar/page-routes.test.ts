import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readPageFiles } from "../../src/sidecar/page-files.ts";
import { addPageRoutes } from "../../src/sidecar/page-routes.ts";
import { openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange } from "./wire-client.ts";

const GZIP = "Accept-Encoding: br, gzip";
const LARGEST_BYTES = 150 * 1_024;

async function open(read?: typeof readPageFiles) {
  const upstream = await openUpstream((_request, response) => response.end("upstream"));
  const bench = await openSidecar(upstream.url, { own: (app) => addPageRoutes(app, read) });
  const get = async (path: string, ...lines: string[]) => {
    const answer = await exchange(bench.port, "GET", path, lines);
    const headers = new Headers(answer.headers.map(([name, value]) => [name, value]));
    return { status: answer.status, headers, body: answer.body };
  };
  return { ...bench, get };
}

/** The files that the document names. */
function filesIn(document: string): readonly string[] {
  return [...document.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
}

describe("the operator page", () => {
  test("is served without a key, and so is each file that it names, and no other", async () => {
    const { get } = await open();
    const { status, headers, body } = await get("/");
    expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(headers.get("cache-control")).toBe("no-cache");
    const files = filesIn(body.toString());
    expect(files).toHaveLength(3);
    for (const path of files) {
      expect(path).toMatch(/^\/page\/\w+-[0-9a-f]{12}\.(?:js|css|svg)$/);
      const file = await get(path);
      expect(file.status).toBe(200);
      expect(file.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
    for (const path of ["/page/index.html", "/page/..%2fpackage.json", "/page/", "/page/a/b"]) {
      expect([path, (await get(path)).status]).not.toEqual([path, 200]);
    }
  });

  test("lets nothing run or load from elsewhere, and is framed by nobody", async () => {
    const { get } = await open();
    const { headers, body } = await get("/");
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(body.toString()).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|https?:\/\//);
  });

  test("is compressed for who takes that, and smaller than 150 KiB in all", async () => {
    const { get } = await open();
    const plain = await get("/");
    const packed = await get("/", GZIP);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(packed.body)).toEqual(plain.body);
    expect((await get("/", "Accept-Encoding: gzip;q=0")).headers.get("content-encoding")).toBe(
      null,
    );
    const files = await Promise.all(filesIn(plain.body.toString()).map((path) => get(path, GZIP)));
    const bytes = [packed, ...files].reduce((sum, { body }) => sum + body.length, 0);
    expect(bytes).toBeLessThan(LARGEST_BYTES);
  });

  test("is told to be missing where it was not built, and to strangers by name", async () => {
    const { get } = await open(() => undefined);
    expect((await get("/")).status).toBe(404);
    expect(readPageFiles(new URL("file:///nowhere/"))).toBe(undefined);
    const other = await open();
    expect((await other.get("/", "Origin: http://evil.example")).status).toBe(403);
    const posted = await exchange(other.port, "POST", "/", []);
    expect(posted.status).toBe(401);
  });
});
