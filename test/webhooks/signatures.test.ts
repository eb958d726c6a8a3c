import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { githubSignature } from "../../src/webhooks/github-signature.ts";
import { hmacSignature } from "../../src/webhooks/hmac-signature.ts";
import type { Delivery, SignatureScheme } from "../../src/webhooks/signature.ts";
import { standardSignature } from "../../src/webhooks/standard-signature.ts";
import { stripeSignature } from "../../src/webhooks/stripe-signature.ts";

const SECRET = "a shared secret";
const OTHER = "an older secret";
const SECONDS = 1_779_370_920;
const NOW = SECONDS * 1_000;
const MINUTES = 60_000;
const BODY: Buffer = Buffer.from('{"id": "evt_1",  "amount": 5000, "text": "é"}');

function hmac(content: string | Uint8Array, secret = SECRET, algorithm = "sha256"): Buffer {
  return createHmac(algorithm, secret).update(content).digest();
}

function timed(body: Uint8Array, secret = SECRET, seconds = SECONDS): string {
  return hmac(Buffer.concat([Buffer.from(`${seconds}.`), body]), secret).toString("hex");
}

function stripeDelivery(signature = `t=${SECONDS},v1=${timed(BODY)}`, rawBody = BODY): Delivery {
  return { rawBody, headers: { "stripe-signature": signature } };
}

function githubDelivery(value: string | string[] | undefined, rawBody = BODY): Delivery {
  return { rawBody, headers: { "x-hub-signature-256": value } };
}

const GITHUB_HEADER = `sha256=${hmac(BODY).toString("hex")}`;
const TIMED_HMAC = hmacSignature({ secrets: SECRET, header: "X-Signature", timeHeader: "X-Time" });

function timedDelivery(rawBody = BODY, time = String(SECONDS)): Delivery {
  return { rawBody, headers: { "x-signature": timed(BODY), "x-time": time } };
}

const [KEY, OLD_KEY] = [SECRET, OTHER].map((text) => Buffer.from(text).toString("base64"));
const STANDARD = standardSignature({ secrets: [String(KEY), `whsec_${OLD_KEY}`] });
const EVENT_ID = "evt-1";

function standardSigned(secret = SECRET, id = EVENT_ID, seconds: number | string = SECONDS) {
  const content = Buffer.concat([Buffer.from(`${id}.${seconds}.`), BODY]);
  return `v1,${hmac(content, secret).toString("base64")}`;
}

function standardDelivery(signature = standardSigned(), rawBody = BODY, more = {}): Delivery {
  const named = { "webhook-id": EVENT_ID, "webhook-timestamp": String(SECONDS) };
  return { rawBody, headers: { ...named, "webhook-signature": signature, ...more } };
}

const SCHEMES: readonly (readonly [string, SignatureScheme, (body?: Buffer) => Delivery])[] = [
  ["Stripe", stripeSignature({ secrets: SECRET }), (body) => stripeDelivery(undefined, body)],
  ["GitHub", githubSignature({ secrets: SECRET }), (body) => githubDelivery(GITHUB_HEADER, body)],
  ["a timed HMAC", TIMED_HMAC, (body) => timedDelivery(body)],
  ["standard webhooks", STANDARD, (body) => standardDelivery(undefined, body)],
];

describe.each(SCHEMES)("a delivery signed as %s signs", (_, scheme, delivery) => {
  test("is valid as it came", () => {
    expect(scheme.check(delivery(), NOW)).toEqual({ kind: "valid" });
  });

  test("is refused when any one byte of its body is another", () => {
    fc.assert(
      fc.property(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const body = Buffer.from(BODY);
        body[at] = (body[at] ?? 0) ^ change;
        expect(scheme.check(delivery(body), NOW)).toEqual({ kind: "refused", problem: "wrong" });
      }),
    );
  });

  test("is refused when the same JSON was written anew", () => {
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(BODY.toString())));
    expect(scheme.check(delivery(rewritten), NOW)).toMatchObject({ problem: "wrong" });
  });

  test("is refused without its header, and when the header came twice", () => {
    const { rawBody, headers } = delivery();
    expect(scheme.check({ rawBody, headers: {} }, NOW)).toMatchObject({ problem: "missing" });
    const twice = Object.entries(headers).map(([name, value]) => [name, [value, value]]);
    expect(scheme.check({ rawBody, headers: Object.fromEntries(twice) }, NOW)).toMatchObject({
      problem: "missing",
    });
  });
});

describe("a Stripe-shaped signature", () => {
  const scheme = stripeSignature({ secrets: [SECRET, OTHER] });

  test("is taken from either secret while they are exchanged, among several", () => {
    const both = `t=${SECONDS},v1=${timed(BODY, "unknown")},v1=${timed(BODY, OTHER)},v0=00`;
    expect(scheme.check(stripeDelivery(both), NOW)).toEqual({ kind: "valid" });
    const unknown = `t=${SECONDS},v1=${timed(BODY, "unknown")}`;
    expect(scheme.check(stripeDelivery(unknown), NOW)).toMatchObject({ problem: "wrong" });
  });

  test.each([
    [5 * MINUTES, undefined],
    [5 * MINUTES + 1, "too_old"],
    [-5 * MINUTES, undefined],
    [-5 * MINUTES - 1, "from_the_future"],
  ])("is bound to its time: %d ms later it is %s", (laterMs, problem) => {
    const check = scheme.check(stripeDelivery(), NOW + laterMs);
    expect(check).toEqual(problem === undefined ? { kind: "valid" } : { kind: "refused", problem });
  });

  test("cannot be given another time: the time is signed", () => {
    const moved = `t=${SECONDS + 1},v1=${timed(BODY)}`;
    expect(scheme.check(stripeDelivery(moved), NOW)).toMatchObject({ problem: "wrong" });
  });

  test.each([
    `v1=${timed(BODY)}`,
    `t=${SECONDS}`,
    `t=${SECONDS},t=${SECONDS},v1=${timed(BODY)}`,
    `t=${SECONDS},v1=${timed(BODY).slice(2)}`,
    `t=${SECONDS},v1=zz${timed(BODY).slice(2)}`,
    "nonsense",
  ])("is malformed as %s", (header) => {
    expect(scheme.check(stripeDelivery(header), NOW)).toMatchObject({ problem: "malformed" });
  });

  test("with a time that is no number is malformed, however well it is signed", () => {
    const signature = hmac(`1e9.${BODY}`).toString("hex");
    const check = scheme.check(stripeDelivery(`t=1e9,v1=${signature}`), NOW);
    expect(check).toMatchObject({ problem: "malformed" });
  });
});

describe("a GitHub-shaped signature", () => {
  const scheme = githubSignature({ secrets: SECRET });

  test.each([
    hmac(BODY).toString("hex"),
    `sha1=${hmac(BODY).toString("hex")}`,
    "sha256=",
    `sha256=${hmac(BODY).toString("base64")}`,
  ])("is malformed as %s", (header) => {
    expect(scheme.check(githubDelivery(header), NOW)).toMatchObject({ problem: "malformed" });
  });
});

describe("a standard webhook's signature", () => {
  test("is taken from either secret, among several and among those of other kinds", () => {
    const several = `v1a,AAAA ${standardSigned("unknown")} ${standardSigned(OTHER)}`;
    expect(STANDARD.check(standardDelivery(several), NOW)).toEqual({ kind: "valid" });
    expect(STANDARD.check(standardDelivery(standardSigned("unknown")), NOW)).toMatchObject({
      problem: "wrong",
    });
  });

  test("binds the id and the time: neither can be another one", () => {
    const id = standardDelivery(undefined, BODY, { "webhook-id": "evt-2" });
    expect(STANDARD.check(id, NOW)).toMatchObject({ problem: "wrong" });
    const time = standardDelivery(undefined, BODY, { "webhook-timestamp": String(SECONDS + 1) });
    expect(STANDARD.check(time, NOW)).toMatchObject({ problem: "wrong" });
    expect(STANDARD.check(standardDelivery(), NOW + 5 * MINUTES + 1)).toMatchObject({
      problem: "too_old",
    });
  });

  test("cannot be parted elsewhere by an id that holds a point", () => {
    const more = { "webhook-id": `${EVENT_ID}.${SECONDS}`, "webhook-timestamp": "1" };
    const body = Buffer.concat([Buffer.from("1."), BODY]);
    const content = Buffer.concat([Buffer.from(`${EVENT_ID}.${SECONDS}.`), body]);
    const signed = `v1,${hmac(content).toString("base64")}`;
    expect(STANDARD.check(standardDelivery(signed, body), NOW)).toEqual({ kind: "valid" });
    expect(STANDARD.check(standardDelivery(signed, BODY, more), NOW)).toMatchObject({
      problem: "malformed",
    });
  });

  test.each(["", "v1", "v1,", "v1a,AAAA", `v1,${hmac(BODY).toString("hex")}`])(
    "is not believed as %j",
    (text) => {
      expect(STANDARD.check(standardDelivery(text), NOW)).toMatchObject({ kind: "refused" });
    },
  );

  test("comes in headers of another name where the options say so", () => {
    const scheme = standardSignature({ secrets: String(KEY), headers: "svix" });
    const { rawBody, headers } = standardDelivery();
    const renamed = Object.entries(headers).map(([name, text]) => [
      name.replace("webhook", "svix"),
      text,
    ]);
    const delivery = { rawBody, headers: Object.fromEntries(renamed) };
    expect(scheme.check(delivery, NOW)).toEqual({ kind: "valid" });
    expect(scheme.check(standardDelivery(), NOW)).toMatchObject({ problem: "missing" });
  });

  test.each([
    [{ secrets: "not base64!" }, "a secret is not base64: give it as the provider shows it"],
    [{ secrets: "whsec_" }, "a secret is not base64"],
    [{ secrets: [] }, "a webhook needs 1 to 10 secrets"],
    [{ secrets: KEY, headers: "" }, "headers is empty: expected what the headers begin with"],
    [{ secrets: KEY, header: "x" }, 'unknown field "header"'],
    [{ secrets: KEY, toleranceMs: 0 }, "toleranceMs is 0"],
  ])("is refused where it is made: %j", (options, reason) => {
    const make = () => standardSignature(options as never);
    expect(make).toThrow(expect.objectContaining({ code: "invalid_option" }));
    expect(make).toThrow(reason);
  });
});

describe("a generic HMAC", () => {
  test("comes in base64, in sha512 and behind a prefix where the options say so", () => {
    const scheme = hmacSignature({
      ...{ secrets: SECRET, header: "x-sig", algorithm: "sha512" },
      ...{ encoding: "base64", prefix: "v2:" },
    });
    const header = `v2:${hmac(BODY, SECRET, "sha512").toString("base64")}`;
    expect(scheme.check({ rawBody: BODY, headers: { "x-sig": header } }, NOW)).toEqual({
      kind: "valid",
    });
    const short = `v2:${hmac(BODY).toString("base64")}`;
    expect(scheme.check({ rawBody: BODY, headers: { "x-sig": short } }, NOW)).toMatchObject({
      problem: "malformed",
    });
  });

  test("with a time header is bound to that time, and refused without it", () => {
    expect(TIMED_HMAC.check(timedDelivery(), NOW + 6 * MINUTES)).toMatchObject({
      problem: "too_old",
    });
    expect(TIMED_HMAC.check(timedDelivery(BODY, "soon"), NOW)).toMatchObject({ problem: "wrong" });
    const { rawBody, headers } = timedDelivery();
    expect(
      TIMED_HMAC.check({ rawBody, headers: { ...headers, "x-time": undefined } }, NOW),
    ).toMatchObject({ problem: "missing" });
  });
});

describe("a scheme", () => {
  test.each([[""], [[]], [["good", ""]]])("is not made of the secrets %j", (secrets) => {
    for (const make of [stripeSignature, githubSignature]) {
      expect(() => make({ secrets })).toThrow(/webhook needs 1 to 10 secrets/);
    }
  });

  test.each([0, -1, 1.5, Number.NaN])("is not made with a tolerance of %d ms", (toleranceMs) => {
    expect(() => stripeSignature({ secrets: SECRET, toleranceMs })).toThrow(
      `toleranceMs is ${toleranceMs}: expected a whole number`,
    );
  });
});
