// A provider delivers an event again until somebody answers 2xx; here the first answer gets lost.
import { createHmac } from "node:crypto";
import Fastify from "fastify";
import { fastifyWebhook, openGuard, stripeSignature, webhook } from "tradelatch";

const shipped = [];
const guard = await openGuard({ store: process.env.STORE ?? "actions.db", agent: "shop" });
const handle = webhook((event) => ({ parcel: shipped.push(event.id) }), {
  guard,
  signature: stripeSignature({ secrets: "not a secret" }),
  source: "shop",
  id: (event) => event.id,
});
const app = Fastify();
await app.register(fastifyWebhook, { url: "/stripe", webhook: handle });
const url = `${await app.listen({ host: "127.0.0.1", port: 0 })}/stripe`;

const body = JSON.stringify({ id: "evt_1", type: "invoice.paid" });
const time = Math.floor(Date.now() / 1000);
const sign = (secret) => createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
const deliver = (secret = "not a secret") => {
  const headers = { "stripe-signature": `t=${time},v1=${sign(secret)}` };
  return fetch(url, { method: "POST", body, headers });
};

await deliver(); // Its answer is lost on the way, so the provider delivers again, twice at once.
const again = await Promise.all([deliver(), deliver()]);
console.log("again:", ...again.map(({ status }) => status), (await again[0].json()).message);
console.log("forged:", (await deliver("a guess")).status, "parcels:", shipped.length);
await Promise.all([app.close(), guard.close()]);
